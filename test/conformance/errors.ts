// SPDX-License-Identifier: MIT
import type { SecureStorageError } from '../../src-ts/errors/error.js';

/**
 * The error of this package that a promise must reject with. It is known by its name: one that comes from another process
 * is a copy.
 */
export async function errorOf(promise: Promise<unknown>): Promise<SecureStorageError> {
  const error: unknown = await promise.then(
    () => {
      throw new Error('did not fail');
    },
    (reason: unknown) => reason,
  );
  if ((error as Partial<Error> | null)?.name !== 'SecureStorageError') throw error;
  return error as SecureStorageError;
}
