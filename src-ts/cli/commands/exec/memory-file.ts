// SPDX-License-Identifier: MIT
/**
 * Files for secrets that a program wants to read from a path. They never have a name, so nobody can open one who was not
 * handed its descriptor (or may look into the process that was), they are in memory only, and they are gone with the
 * last process that holds them. A pipe would do as well for a program that reads once and never seeks; too many do not.
 */
import { closeSync, constants, fchmodSync, openSync, statfsSync, writeSync } from 'node:fs';

import { getSystemErrorName } from 'node:util';

import { SecureStorageError } from '../../../errors/error.js';
import type { ProcessControl } from '../../../native/addon.js';

/** From Linux's fcntl.h, where Node.js does not name it; with O_EXCL the file can never get a name either. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
/** From Linux's magic.h. */
const TMPFS_MAGIC = 0x01021994;

/**
 * Makes a file with this content, which nobody can change.
 * @param control without it root can change the file, and so can processes of this user that have it
 * @returns a descriptor for reading, for the caller to close; opening /proc/self/fd/N reads it anew from its beginning
 * @throws SecureStorageError ERR_COMMAND if there is no file system in memory or no room in it
 */
export function memoryFile(content: Uint8Array, control?: ProcessControl): number {
  if (control === undefined) return unsealedFile(content);
  const file = control.sealedFile(content);
  if (file < 0) throw cannotStart(`a secret cannot be written to memory (${getSystemErrorName(file)})`);
  return file;
}

function unsealedFile(content: Uint8Array): number {
  const writer = openUnnamed();
  try {
    for (let at = 0; at < content.length;) at += writeSync(writer, content, at);
    fchmodSync(writer, 0o400);
    return openSync(`/proc/self/fd/${String(writer)}`, 'r');
  } catch (error) {
    throw cannotStart(`a secret cannot be written to memory (${(error as NodeJS.ErrnoException).code ?? ''})`);
  } finally {
    closeSync(writer);
  }
}

function openUnnamed(): number {
  const folders = [process.env.XDG_RUNTIME_DIR, '/dev/shm', '/run', '/tmp'].filter((folder) => folder !== undefined);
  for (const folder of folders) {
    try {
      if (statfsSync(folder).type !== TMPFS_MAGIC) continue;
      return openSync(folder, O_TMPFILE | constants.O_RDWR | constants.O_EXCL, 0o600);
    } catch {
      // Not there, or not for this user: the next one.
    }
  }
  const fault = `--file-env needs a file system in memory (tmpfs): none of ${folders.join(', ')} is one`;
  throw cannotStart(fault, 'Mount a tmpfs on /dev/shm.');
}

function cannotStart(detail: string, remedy = 'Free some memory.'): SecureStorageError {
  return new SecureStorageError('ERR_COMMAND', { operation: 'exec', detail, remedy });
}
