// SPDX-License-Identifier: MIT
/** The device nodes of Linux's TEE driver. */

/** As many as OP-TEE's libteec tries. */
const COUNT = 10;

/** The paths that a client library tries, in its order. @param folder of device nodes */
export function deviceNodes(folder = '/dev'): string[] {
  return Array.from({ length: COUNT }, (_, number) => `${folder}/tee${String(number)}`);
}

/** The permission bits of a file, as ls shows them in numbers. */
export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** The owning group of a device node. */
export interface Ownership {
  readonly id: number;
  readonly name: string;
  /** Whether its members may read and write. */
  readonly mayOpen: boolean;
}

/**
 * @param status of the node, as stat(2) has it
 * @param nameOf a group
 */
export function ownershipOf(
  { gid, mode }: { readonly gid: number; readonly mode: number },
  nameOf: (group: number) => string | null,
): Ownership {
  return { id: gid, name: nameOf(gid) ?? String(gid), mayOpen: (mode & 0o060) === 0o060 };
}
