// SPDX-License-Identifier: MIT
/**
 * The directory of a simulator:
 *
 *     v1/key        32 random bytes, readable by their owner only
 *     v1/key-check  tells whether that is the key that the objects were encrypted with
 *     v1/objects/   one encrypted file for each persistent object
 *     v1/lock/      the token of token.ts; its note changes whenever an object does
 */
import path from 'node:path';

/** The folder of this format. */
export function formatFolder(directory: string): string {
  return path.join(directory, 'v1');
}

/** The folder of the token. @param folder of the format */
export function lockFolder(folder: string): string {
  return path.join(folder, 'lock');
}
