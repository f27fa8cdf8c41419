// SPDX-License-Identifier: MIT
import { isSecureStorageError, type ErrorCode, type SecureStorageError } from '../../../src-ts/errors/error.js';

/** Matches an error of this package by its code, for toThrow(). */
export function coded(code: ErrorCode, more: Record<string, unknown> = {}): Error {
  return expect.objectContaining({ ...more, code }) as Error;
}

/** The error that a promise must reject with. */
export async function errorOf(promise: Promise<unknown>): Promise<SecureStorageError> {
  const error: unknown = await promise.then(
    () => {
      throw new Error('did not fail');
    },
    (reason: unknown) => reason,
  );
  if (!isSecureStorageError(error)) throw error;
  return error;
}
