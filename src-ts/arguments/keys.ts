// SPDX-License-Identifier: MIT
/**
 * The rules for keys, prefixes, domains and values, as ta/include/secstor_ta.h states them. The TA checks them again;
 * here they are checked for a clear message and so that nothing is silently changed on its way into UTF-8.
 */
import { types } from 'node:util';

import { invalidArgument, mustBe, type Check } from './checks.js';
import { SecureStorageError } from '../errors/error.js';
import { Limit } from '../protocol/contract.js';
import { wipeableBuffer } from '../util/wipeable.js';
import { isWellFormed, nameFault } from '../protocol/names.js';

/**
 * A key as the TA gets it.
 * @returns 1 to 1024 bytes of UTF-8
 * @throws SecureStorageError ERR_INVALID_ARG (not a string), ERR_INVALID_KEY, ERR_KEY_TOO_LONG
 */
export function keyBytes(key: unknown, name = 'key'): Buffer {
  const bytes = prefixBytes(key, name);
  if (bytes.length === 0) throw invalidKey(name, 'is empty');
  return bytes;
}

/**
 * The beginning of keys as the TA gets it: the rules of a key, except that it may be empty.
 * @returns 0 to 1024 bytes of UTF-8
 * @throws as {@link keyBytes}
 */
export function prefixBytes(prefix: unknown, name = 'prefix'): Buffer {
  if (typeof prefix !== 'string') throw invalidArgument(name, 'a string', prefix);
  const fault = nameFault(prefix);
  if (fault !== undefined) throw invalidKey(name, fault);
  const size = Buffer.byteLength(prefix);
  if (size > Limit.KEY_MAX) {
    throw new SecureStorageError('ERR_KEY_TOO_LONG', {
      detail: `${subject(name)} has ${String(size)} bytes in UTF-8, more than ${String(Limit.KEY_MAX)}`,
    });
  }
  return Buffer.from(prefix);
}

/** A domain: 1 to 64 bytes of UTF-8 by the rules of a key. */
export const domain: Check<string> = (value, name) => {
  const expected = `a string of 1 to ${String(Limit.DOMAIN_MAX)} bytes in UTF-8 without control characters`;
  const valid = typeof value === 'string' && value !== '' && nameFault(value) === undefined;
  if (!valid) throw invalidArgument(name, expected, value);
  const size = Buffer.byteLength(value);
  if (size > Limit.DOMAIN_MAX) throw mustBe(name, expected, `${String(size)} bytes`);
  return value;
};

/**
 * A private copy of a value as the TA gets it, for the caller of this function to wipe.
 * @returns 0 to 1 MiB, in memory of its own, see wipeableBuffer()
 * @throws SecureStorageError ERR_INVALID_ARG (neither a well-formed string nor a Uint8Array), ERR_VALUE_TOO_LARGE
 */
export function valueBytes(value: unknown, name = 'value'): Buffer {
  const isString = typeof value === 'string';
  // By brand, not instanceof: the array may come from another realm.
  if (!isString && !types.isUint8Array(value)) throw invalidArgument(name, 'a string or a Uint8Array', value);
  const size = isString ? Buffer.byteLength(value) : bytesOf(value);
  if (size > Limit.VALUE_MAX) {
    throw new SecureStorageError('ERR_VALUE_TOO_LARGE', {
      detail: `the ${name} has ${String(size)} bytes, more than ${String(Limit.VALUE_MAX)}`,
    });
  }
  if (isString && !isWellFormed(value)) throw invalidArgument(name, 'well-formed Unicode', value);
  const copy = wipeableBuffer(size);
  if (isString) copy.write(value);
  else copyTo(copy, value, name);
  return copy;
}

const bytesIn = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength');

/** As the array has it: a property of that name may say anything. */
function bytesOf(array: Uint8Array): number {
  return bytesIn?.get?.call(array) as number;
}

/** An array whose memory was handed over to somebody else looks like an empty one. */
function copyTo(copy: Buffer, array: Uint8Array, name: string): void {
  try {
    Uint8Array.prototype.set.call(copy, array);
  } catch {
    throw mustBe(name, 'a string or a Uint8Array', 'an array whose memory was transferred or shrunk');
  }
}

/** Without the key itself: what is not a key may be a value in the wrong place. */
function invalidKey(name: string, fault: string): SecureStorageError {
  return new SecureStorageError('ERR_INVALID_KEY', { detail: `${subject(name)} ${fault}` });
}

/** An argument by its name, unless that is what it is too. */
function subject(name: string): string {
  return /^(key|prefix)( |$)/.test(name) ? `the ${name}` : name;
}
