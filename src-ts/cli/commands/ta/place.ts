// SPDX-License-Identifier: MIT
/** The file of a Trusted Application on a board or in an image: its directory, and why it cannot be changed. */
import { existsSync } from 'node:fs';
import path from 'node:path';

import type { SecureStorageError } from '../../../errors/error.js';
import { text, usageError } from '../../command-line.js';
import type { OptionSpec, OptionValues } from '../../command.js';
import { fileError, isWithin } from './packaged.js';
import { findTaFolder } from './ta-folder.js';

export const rootOption = {
  type: 'string',
  argument: 'DIR',
  help: 'the root file system of an image, in place of that of this machine',
} as const satisfies OptionSpec;

/**
 * The directory that --root and --dir stand for.
 * @throws SecureStorageError ERR_USAGE, ERR_TA_INSTALL
 */
export function folderOf(options: OptionValues): string {
  const root = text(options, 'root') ?? '/';
  if (!existsSync(root)) throw usageError(`--root names a directory that does not exist: ${root}`);
  const asked = text(options, 'dir');
  const folder =
    asked === undefined ? findTaFolder(root) : path.join(root, path.resolve(root === '/' ? '.' : '/', asked));
  if (isWithin(root, folder)) return folder;
  // An absolute link in the image leads to this machine when it is followed here.
  throw usageError(`a link in the image leads out of it from ${folder}; give the directory that it means with --dir`);
}

const remedies: Readonly<Record<string, string>> = {
  EROFS: 'The root file system is read-only: change the file in the image (--root), or mount it for writing meanwhile.',
  ENOSPC: 'Make room on the file system.',
  EINVAL: 'What has this name is no file: find out who made it, and remove it.',
  EISDIR: 'What has this name is no file: find out who made it, and remove it.',
  EFBIG: 'What has this name is no Trusted Application: find out who made it, and remove it.',
};

/** Why the file could not be placed or removed. */
export function placeError(command: 'install' | 'remove', file: string, error: unknown): SecureStorageError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const denied = code === 'EACCES' || code === 'EPERM';
  const remedy = denied ? `Run it as root (sudo optee-storage ta ${command} …).` : remedies[code];
  const what = command === 'install' ? 'written' : 'removed';
  return fileError('ERR_TA_INSTALL', `${file} cannot be ${what}`, error, remedy);
}
