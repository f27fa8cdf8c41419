// SPDX-License-Identifier: MIT
/** Parameters of raw commands, right and wrong ones alike: nothing is checked here. */
import { BatchKind, REVISION_ANY } from '../../../src-ts/protocol/contract.js';
import type { Param } from '../../../src-ts/tee/seam.js';

export const none: Param = { type: 'none' };
export const valueOut: Param = { type: 'value-out' };
export const anyRevision: Param = { type: 'value-inout', ...REVISION_ANY };

export function input(data: string | Uint8Array): Param {
  return { type: 'memref-in', data: Buffer.from(data) };
}

export function output(size: number): Param {
  return { type: 'memref-out', size };
}

/** A parameter of each type; the memory references hold a valid key. */
export const everyType: readonly Param[] = [
  none,
  { type: 'value-in', a: 1, b: 0 },
  valueOut,
  anyRevision,
  input('k'),
  output(256),
  { type: 'memref-inout', data: Buffer.from('k'), size: 256 },
];

/** A packed key as GET_MANY takes it. `size` may lie. */
export function packedKey(key: string | Uint8Array, size = Buffer.from(key).length): Buffer {
  const header = Buffer.alloc(2);
  header.writeUInt16LE(size);
  return Buffer.concat([header, Buffer.from(key)]);
}

interface PackedOperation {
  readonly kind?: number;
  readonly zero?: number;
  readonly key?: string | Uint8Array;
  readonly value?: string | Uint8Array;
  readonly keySize?: number;
  readonly valueSize?: number;
}

/** A packed operation as BATCH takes it; without sizes the true ones. */
export function packedOperation(operation: PackedOperation = {}): Buffer {
  const { kind = BatchKind.PUT, zero = 0, key = 'new', value = '' } = operation;
  const header = Buffer.alloc(16);
  header.writeUInt8(kind, 0);
  header.writeUInt8(zero, 1);
  header.writeUInt16LE(operation.keySize ?? Buffer.from(key).length, 2);
  header.writeUInt32LE(operation.valueSize ?? Buffer.from(value).length, 4);
  header.writeUInt32LE(REVISION_ANY.a, 8);
  header.writeUInt32LE(REVISION_ANY.b, 12);
  return Buffer.concat([header, Buffer.from(key), Buffer.from(value)]);
}

/** Bytes that are neither a key nor the beginning of one. */
export const forbiddenKeys: readonly (readonly [string, Buffer])[] = [
  ['of 1025 bytes', Buffer.alloc(1025, 'k')],
  ['of 64 KiB', Buffer.alloc(64 * 1024, 'k')],
  ['with a zero byte', Buffer.from('a\0b')],
  ['with a newline', Buffer.from('a\nb')],
  ['with DEL', Buffer.from('a\x7fb')],
];

/** Bytes that are not well-formed UTF-8 (The Unicode Standard, table 3-7). */
export const illFormedKeys: readonly (readonly [string, Buffer])[] = [
  ['with a byte that no UTF-8 has', Buffer.from([0x61, 0xff, 0x61])],
  ['with a continuation byte alone', Buffer.from([0x80, 0x61])],
  ['with an overlong form', Buffer.from([0xc0, 0xaf, 0x61])],
  ['with half of a surrogate pair', Buffer.from([0xed, 0xa0, 0xbd, 0x61])],
  ['beyond the last code point', Buffer.from([0xf4, 0x90, 0x80, 0x80, 0x61])],
  ['that ends within a character', Buffer.from([0x61, 0xc3])],
];

export const badKeys = [...forbiddenKeys, ...illFormedKeys, ['of no bytes', Buffer.alloc(0)] as const];
