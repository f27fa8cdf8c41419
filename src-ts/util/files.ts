// SPDX-License-Identifier: MIT
/** Files and folders that are there whole or not at all, also after a power cut. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/**
 * Makes a directory, and those above it that are missing. mkdirSync() with `recursive` never returns where none can be
 * made in one that exists, as in /proc.
 * @param mode of those that are made
 * @throws what mkdirSync() throws
 */
export function makeFolder(folder: string, mode: number): void {
  if (isFolder(folder)) return;
  makeFolder(path.dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have been quicker.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** More than any file has that is read whole here: programs, Trusted Applications, keys, what the kernel shows. */
const READ_MAX = 16 * 1024 * 1024;

/**
 * Reads a file whose name may be of somebody else's choice. A device or pipe is not even opened, for that alone may have
 * effects, and nothing is waited for.
 * @throws what the file system says; EINVAL for what is no regular file, EFBIG for more than 16 MiB
 */
export function readRegularFile(file: string): Buffer {
  if (!statSync(file).isFile()) throw notRegular();
  // Windows has neither of the two, and no such files.
  const opened = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    // It may have become another one meanwhile.
    if (!fstatSync(opened).isFile()) throw notRegular();
    return readBounded(opened);
  } finally {
    closeSync(opened);
  }
}

/**
 * Reads to the end: the size of a file in /proc is not known before, and that of a device has no end. What is read is in the
 * answer only, for it may be a secret.
 * @throws what the file system says; EFBIG for more than 16 MiB
 */
export function readBounded(opened: number): Buffer {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for (;;) {
      const piece = Buffer.alloc(64 * 1024);
      const count = readSync(opened, piece);
      if (count === 0) return Buffer.concat(pieces, size);
      size += count;
      pieces.push(piece.subarray(0, count));
      if (size > READ_MAX) throw Object.assign(new Error('it has more than 16 MiB'), { code: 'EFBIG' });
    }
  } finally {
    for (const piece of pieces) piece.fill(0);
  }
}

function notRegular(): Error {
  return Object.assign(new Error('it is no regular file'), { code: 'EINVAL' });
}

/** Makes the names in a folder last through a power cut. Windows opens no folders, and does that by itself. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/**
 * Writes a file under a name that nobody has yet, and waits until its content is on the medium.
 * @param parts of its content, in order
 * @param mode its permissions, whatever the umask
 * @throws what the file system says, EEXIST too
 */
export function writeDurably(file: string, parts: readonly (Uint8Array | string)[], mode: number): void {
  const opened = openSync(file, 'wx', mode);
  try {
    for (const part of parts) writeFileSync(opened, part);
    if (process.platform !== 'win32') fchmodSync(opened, mode);
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/**
 * Writes a file so that there is the old one or the new one at every moment.
 * @param parts of its content, in order
 * @param mode its permissions, whatever the umask
 * @param beforePlaced called when the content is on the medium and does not have its name yet; what it throws stops there
 * @throws what the file system says
 */
export function writeWhole(
  file: string,
  parts: readonly (Uint8Array | string)[],
  mode: number,
  { fresh = freshName(file), beforePlaced = () => undefined }: { fresh?: string; beforePlaced?: () => void } = {},
): void {
  try {
    writeDurably(fresh, parts, mode);
    beforePlaced();
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

/** A name beside a file that nobody else uses. */
function freshName(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}`);
}
