// SPDX-License-Identifier: MIT
/** Encoders of packed requests. */
import { checkOptions, invalidArgument } from '../arguments/checks.js';
import type { Expected } from './commands.js';
import { SecureStorageError } from '../errors/error.js';
import { keyBytes, valueBytes } from '../arguments/keys.js';
import { expectedRevision, schema, type BatchOperation } from '../arguments/options.js';
import { halves } from './packing.js';
import { BatchKind, Limit, REVISION_ANY } from './contract.js';
import { wipeableBuffer } from '../util/wipeable.js';

const KEY_HEADER = 2;
/** Of each operation in a packed batch, before its key and value. */
export const OPERATION_HEADER = 16;
/** Packed keys leave half of a session's first block of shared memory to the answer. */
const KEYS_MAX = 30 * 1024;

/** A packed batch, the key of each operation, and whether any has a condition. */
export interface PackedBatch {
  /** Holds values: for the caller to wipe. */
  readonly packed: Buffer;
  readonly keys: readonly string[];
  readonly conditional: boolean;
}

interface Operation {
  readonly kind: number;
  readonly name: string;
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

/**
 * Checks and packs the operations of a batch. Values are copied here once and wiped where they were copied from.
 * @throws SecureStorageError ERR_INVALID_ARG (also for a key that occurs twice), ERR_INVALID_KEY, ERR_KEY_TOO_LONG,
 * ERR_VALUE_TOO_LARGE, ERR_BATCH_TOO_LARGE
 */
export function packBatch(operations: unknown): PackedBatch {
  if (!Array.isArray(operations)) throw invalidArgument('operations', 'an array', operations);
  if (operations.length > Limit.REQUEST_COUNT_MAX) throw batchTooLarge(`${String(operations.length)} operations`);
  const checked: Operation[] = [];
  try {
    let size = 0;
    for (const [index, operation] of operations.entries()) {
      const next = checkOperation(operation, `operations[${String(index)}]`);
      checked.push(next);
      size += OPERATION_HEADER + next.key.length + next.value.length;
      if (size > Limit.REQUEST_MAX) throw batchTooLarge(`more than ${String(Limit.REQUEST_MAX)} bytes`);
    }
    const keys = distinctKeys(checked);
    return { packed: pack(checked, size), keys, conditional: checked.some(({ expected }) => expected !== undefined) };
  } finally {
    for (const { value } of checked) value.fill(0);
  }
}

function checkOperation(operation: unknown, name: string): Operation {
  const type = (operation as Partial<BatchOperation> | null | undefined)?.type;
  if (type === 'put') {
    const put = checkOptions(operation, schema.batchPut, name);
    const expected = expectedRevision(put, name);
    const key = keyBytes(put.key, `${name}.key`);
    return { kind: BatchKind.PUT, name, key, value: valueBytes(put.value, `${name}.value`), expected };
  }
  if (type === 'delete') {
    const { key, ifRevision } = checkOptions(operation, schema.batchDelete, name);
    const bytes = keyBytes(key, `${name}.key`);
    return { kind: BatchKind.DELETE, name, key: bytes, value: Buffer.alloc(0), expected: ifRevision };
  }
  throw invalidArgument(name, "an object with type 'put' or 'delete'", operation);
}

function distinctKeys(operations: readonly Operation[]): string[] {
  const keys = new Set<string>();
  for (const { key, name } of operations) {
    const text = key.toString();
    if (keys.has(text)) {
      throw new SecureStorageError('ERR_INVALID_ARG', { detail: `${name} has a key that occurs twice`, key: text });
    }
    keys.add(text);
  }
  return [...keys];
}

function pack(operations: readonly Operation[], size: number): Buffer {
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

function batchTooLarge(what: string): SecureStorageError {
  return new SecureStorageError('ERR_BATCH_TOO_LARGE', { detail: `the batch has ${what}` });
}
