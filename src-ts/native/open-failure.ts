// SPDX-License-Identifier: MIT
/** Why there is no context: libteec says "item not found" for every reason. */
import { closeSync, openSync, statSync } from 'node:fs';
import { TeeFailure } from '../tee/seam.js';

/** As many as OP-TEE's libteec tries. */
const DEVICES = 10;

/**
 * Looks for the reason after TEEC_InitializeContext has failed; not before, for another libteec may need no device.
 * @param folder of device nodes
 * @returns 'no-device' or 'no-permission'
 */
export function contextFailure(folder = '/dev'): TeeFailure {
  const attempts = Array.from({ length: DEVICES }, (_, i) => attempt(`${folder}/tee${String(i)}`));
  const denied = attempts.find(({ code }) => code === 'EACCES' || code === 'EPERM');
  if (denied !== undefined) return new TeeFailure('no-permission', describe(denied));
  const present = attempts.filter(({ code }) => code !== 'ENOENT');
  if (present.length > 0) {
    const tried = present.map(describe).join(', ');
    return new TeeFailure('no-device', `libteec accepts none of the devices there are: ${tried}`);
  }
  const last = `${folder}/tee${String(DEVICES - 1)}`;
  return new TeeFailure('no-device', `none of ${folder}/tee0 to ${last} exists: the kernel has no TEE driver for it`);
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
    return `, mode ${(mode & 0o7777).toString(8).padStart(4, '0')}, owner ${String(uid)}, group ${String(gid)}`;
  } catch {
    return '';
  }
}
