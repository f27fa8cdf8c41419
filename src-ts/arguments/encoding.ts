// SPDX-License-Identifier: MIT
import { SecureStorageError } from '../errors/error.js';
import type { ValueEncoding } from './options.js';
import { decodeUtf8 } from '../protocol/packing.js';

/** What a value is returned as: a string with an encoding, a Buffer without. */
export type ValueOf<E extends ValueEncoding | undefined> = E extends ValueEncoding ? string : Buffer;

/** What an error is about. */
interface Subject {
  readonly operation: string;
  readonly key: string | undefined;
}

/**
 * A value as the caller wants it. A Buffer that was made into a string is wiped; strings cannot be.
 * @throws SecureStorageError ERR_NOT_UTF8
 */
export function convert<E extends ValueEncoding | undefined>(value: Buffer, encoding: E, subject: Subject): ValueOf<E> {
  if (encoding === undefined) return value as ValueOf<E>;
  try {
    return (encoding === 'utf8' ? decodeUtf8(value) : value.toString(encoding)) as ValueOf<E>;
  } catch {
    throw new SecureStorageError('ERR_NOT_UTF8', { operation: subject.operation, key: subject.key });
  } finally {
    value.fill(0);
  }
}
