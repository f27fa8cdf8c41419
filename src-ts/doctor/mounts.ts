// SPDX-License-Identifier: MIT

/** One line of mountinfo, see proc_pid_mountinfo(5). */
export interface Mount {
  /** Major and minor number of the file system's device. */
  readonly device: string;
  /** What of the file system is mounted. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  readonly readOnly: boolean;
}

/** The mounts in the text of a mountinfo. */
export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ');
    const [, , device, root, point, options] = before?.split(' ') ?? [];
    const [type, , superOptions] = after?.split(' ') ?? [];
    if (!device || !root || !point || !options || !type) return [];
    const readOnly = [options, superOptions ?? ''].some((list) => list.split(',').includes('ro'));
    return [{ device, root: unescape(root), point: unescape(point), type, readOnly }];
  });
}

/** The mount that a path is on: the last of those that go deepest, for a later one covers an earlier. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const within = path === mount.point || path.startsWith(mount.point.replace(/\/?$/, '/'));
    if (within && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  return found;
}

/** Whether the same is mounted, and so a path below it means the same, in whichever mount namespaces these are. */
export function isSamePlace(one: Mount | undefined, other: Mount | undefined): boolean {
  return one !== undefined && one.device === other?.device && one.root === other.root;
}

/** Spaces and such are octal there. */
function unescape(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
