// SPDX-License-Identifier: MIT
/** Encoders of packed requests. */
import type { Expected } from './commands.js';
import { halves } from './packing.js';
import { Limit, REVISION_ANY } from './contract.js';
import { wipeableBuffer } from '../util/wipeable.js';

const KEY_HEADER = 2;
/** Of each operation in a packed batch, before its key and value. */
const OPERATION_HEADER = 16;
/** Packed keys leave half of a session's first block of shared memory to the answer. */
const KEYS_MAX = 30 * 1024;

/** One operation of a batch. */
export interface Operation {
  /** One of {@link BatchKind}. */
  readonly kind: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly expected: Expected;
}

/**
 * Packs the first of some keys for GET_MANY, as many as fit into one request, at least one.
 * @param keys valid keys with their bytes
 */
export function packKeys(keys: readonly { readonly key: string; readonly bytes: Buffer }[]): {
  packed: Buffer;
  keys: string[];
} {
  const parts: Buffer[] = [];
  let size = 0;
  for (const { bytes } of keys) {
    size += KEY_HEADER + bytes.length;
    if (parts.length === 2 * Limit.REQUEST_COUNT_MAX || size > KEYS_MAX) break;
    const header = Buffer.alloc(KEY_HEADER);
    header.writeUInt16LE(bytes.length);
    parts.push(header, bytes);
  }
  return { packed: Buffer.concat(parts), keys: keys.slice(0, parts.length / 2).map(({ key }) => key) };
}

/** The packed size of an operation. */
export function operationSize(keySize: number, valueSize: number): number {
  return OPERATION_HEADER + keySize + valueSize;
}

/**
 * Packs the operations of a batch.
 * @returns a buffer that holds their values, for the caller to wipe
 */
export function packBatch(operations: readonly Operation[]): Buffer {
  const size = operations.reduce((sum, { key, value }) => sum + operationSize(key.length, value.length), 0);
  const packed = wipeableBuffer(size);
  let at = 0;
  for (const { kind, key, value, expected } of operations) {
    const { a, b } = expected === undefined ? REVISION_ANY : halves(expected);
    at = packed.writeUInt8(kind, at) + 1;
    at = packed.writeUInt16LE(key.length, at);
    at = packed.writeUInt32LE(value.length, at);
    at = packed.writeUInt32LE(a, at);
    at = packed.writeUInt32LE(b, at);
    at += key.copy(packed, at);
    at += value.copy(packed, at);
  }
  return packed;
}
