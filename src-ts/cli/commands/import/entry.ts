// SPDX-License-Identifier: MIT
import { SecureStorageError } from '../../../errors/error.js';

/** A key and its value, which is for the one who has it to wipe. */
export interface ImportEntry {
  readonly key: string;
  readonly value: Buffer;
}

/** An ERR_INPUT about the file. */
export function inputError(
  detail: string,
  key?: string,
  remedy = 'Nothing was stored; see "optee-storage import --help".',
): SecureStorageError {
  return new SecureStorageError('ERR_INPUT', { operation: 'import', key, detail, remedy });
}
