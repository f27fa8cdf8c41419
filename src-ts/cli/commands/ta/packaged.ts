// SPDX-License-Identifier: MIT
/** Files of a Trusted Application: where this package has its own, and how they are read and written. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

import type { ErrorCode } from '../../../errors/table.js';
import { SecureStorageError } from '../../../errors/error.js';
import { TA_UUID } from '../../../protocol/contract.js';
import { readBounded, writeWhole } from '../../../util/files.js';
import { ownPackage } from '../../../util/own-package.js';

/** What of the Trusted Application is in this package; null for what a checkout has not built yet. */
export interface PackagedTa {
  readonly uuid: string;
  /** The folder for `make -C`. */
  readonly source: string;
  /** The contract with the TA, for clients in C. */
  readonly header: string;
  /** Signed with OP-TEE's published key of releases up to 4.6, for development. */
  readonly signed: string | null;
  /** Signed with the one of 4.7 and later. */
  readonly 'signed-4.7': string | null;
  /** What a key of one's own is put onto. */
  readonly unsigned: string | null;
}

/**
 * The folder of this package.
 * @throws SecureStorageError ERR_USAGE in a bundle: what is around that is not of this package, and root would install it
 */
export function packageFolder(): string {
  const folder = ownPackage(__filename, 'cli/commands/ta');
  if (folder !== undefined) return folder;
  throw new SecureStorageError('ERR_USAGE', {
    detail: `${__dirname} is no folder of this package, so its Trusted Application is not looked for`,
    remedy: 'Run optee-storage from the package as it was installed, not from a bundle.',
  });
}

export function packagedTa(): PackagedTa {
  const folder = packageFolder();
  const built = (...names: string[]) => {
    const file = path.join(folder, 'dist', 'ta', ...names);
    return existsSync(file) ? file : null;
  };
  return {
    uuid: TA_UUID,
    source: path.join(folder, 'ta'),
    header: path.join(folder, 'ta', 'include', 'secstor_ta.h'),
    signed: built(`${TA_UUID}.ta`),
    'signed-4.7': built('optee-4.7', `${TA_UUID}.ta`),
    unsigned: built(`${TA_UUID}.stripped.elf`),
  };
}

/**
 * Reads a file that the user has named.
 * @param name as in the usage line, for messages
 * @throws SecureStorageError ERR_INPUT, also for more than 16 MiB
 */
export function readInput(file: string, name: string): Buffer {
  try {
    return readNamed(file);
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'EFBIG';
    const remedy = tooLarge ? 'Give a file of at most 16 MiB.' : 'Give a file that exists and may be read.';
    throw fileError('ERR_INPUT', `${name} ${file} cannot be read`, error, remedy);
  }
}

/** Pipes and devices too: keys come from them. */
function readNamed(file: string): Buffer {
  if (file === '-') return readBounded(0);
  const opened = openSync(file, 'r');
  try {
    return readBounded(opened);
  } finally {
    closeSync(opened);
  }
}

/**
 * As writeWhole(), for what a build makes. Devices and pipes stay what they are, and are written to, by links too. Any
 * other link is refused: it could be somebody else's and lead to a file that must not be overwritten.
 * @throws SecureStorageError ERR_OUTPUT
 */
export function writeOutput(file: string, content: Uint8Array | string): void {
  const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const there = statSync(file, { throwIfNoEntry: false });
  if (isLink && (there === undefined || there.isFile())) {
    throw new SecureStorageError('ERR_OUTPUT', {
      detail: `${file} is a link`,
      remedy: 'Give the name of the file itself, or remove the link.',
    });
  }
  try {
    if (there?.isFile() === false) writeInPlace(file, content);
    else writeWhole(file, [content], 0o644);
  } catch (error) {
    throw fileError('ERR_OUTPUT', `${file} cannot be written`, error);
  }
}

/** Whoever may change what has that name could make it a link to a file meanwhile, which must not lose its content. */
function writeInPlace(file: string, content: Uint8Array | string): void {
  const opened = openSync(file, constants.O_WRONLY | constants.O_NOCTTY);
  try {
    if (fstatSync(opened).isFile()) throw Object.assign(new Error('it is a file now'), { code: 'EEXIST' });
    writeFileSync(opened, content);
  } finally {
    closeSync(opened);
  }
}

/** Whether a file or folder, which need not exist yet, is in a folder, wherever links lead. */
export function isWithin(folder: string, file: string): boolean {
  const nearest = (name: string): string => (existsSync(name) ? realpathSync(name) : nearest(path.dirname(name)));
  const way = path.relative(realpathSync(folder), nearest(path.resolve(file)));
  return way !== '..' && !way.startsWith(`..${path.sep}`);
}

/** An error of the file system in the words of this package. */
export function fileError(code: ErrorCode, what: string, cause: unknown, remedy?: string): SecureStorageError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new SecureStorageError(code, { detail: `${what} (${reason})`, remedy, cause });
}
