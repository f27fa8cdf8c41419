// SPDX-License-Identifier: MIT
/** Why there is no context: libteec says "item not found" for every reason. */
import { closeSync, openSync, statSync } from 'node:fs';
import { deviceNodes, octal } from '../tee/devices.js';
import { TeeFailure } from '../tee/seam.js';

/**
 * Looks for the reason after TEEC_InitializeContext has failed; not before, for another libteec may need no device.
 * @param folder of device nodes
 * @returns 'no-device' or 'no-permission'
 */
export function contextFailure(folder = '/dev'): TeeFailure {
  const nodes = deviceNodes(folder);
  const attempts = nodes.map(attempt);
  const denied = attempts.find(({ code }) => code === 'EACCES' || code === 'EPERM');
  if (denied !== undefined) return new TeeFailure('no-permission', describe(denied));
  const present = attempts.filter(({ code }) => code !== 'ENOENT');
  if (present.length > 0) {
    const tried = present.map(describe).join(', ');
    return new TeeFailure('no-device', `libteec accepts none of the devices there are: ${tried}`);
  }
  const range = `${nodes[0] ?? ''} to ${nodes.at(-1) ?? ''}`;
  return new TeeFailure('no-device', `none of ${range} exists: the kernel has no TEE driver for it`);
}

interface Attempt {
  readonly path: string;
  /** Of the error; undefined if the device could be opened. */
  readonly code: string | undefined;
}

/** Opening is what libteec does; access(2) would ask for the real user id instead of the effective one. */
function attempt(path: string): Attempt {
  try {
    closeSync(openSync(path, 'r+'));
    return { path, code: undefined };
  } catch (error) {
    return { path, code: (error as NodeJS.ErrnoException).code };
  }
}

function describe({ path, code }: Attempt): string {
  return `${path} (${code ?? 'can be opened'}${ownership(path)})`;
}

function ownership(path: string): string {
  try {
    const { uid, gid, mode } = statSync(path);
    return `, mode ${octal(mode)}, owner ${String(uid)}, group ${String(gid)}`;
  } catch {
    return '';
  }
}
