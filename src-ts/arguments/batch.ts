// SPDX-License-Identifier: MIT
/** The operations of a batch, as a caller gives them. */
import { SecureStorageError } from '../errors/error.js';
import { BatchKind, Limit } from '../protocol/contract.js';
import { operationSize, type Operation } from '../protocol/encode.js';
import { checkGiven, invalidArgument, listOf, readOptions } from './checks.js';
import { mayHoldOptions, reading } from './given.js';
import { keyBytes, valueBytes } from './keys.js';
import { expectedRevision, schema } from './options.js';

/** A batch that keeps to the rules. */
export interface CheckedBatch {
  /** Each has a copy of its value, for the caller to wipe. */
  readonly operations: readonly Operation[];
  /** The key of each operation. */
  readonly keys: readonly string[];
  /** Whether any has a condition. */
  readonly conditional: boolean;
}

/**
 * Checks the operations of a batch.
 * @throws SecureStorageError ERR_INVALID_ARG (also for a key that occurs twice), ERR_INVALID_KEY, ERR_KEY_TOO_LONG,
 * ERR_VALUE_TOO_LARGE, ERR_BATCH_TOO_LARGE; no copy of a value is left then
 */
export function checkBatch(given: unknown): CheckedBatch {
  const list = listOf(given, 'operations', 'an array');
  if (list.length > Limit.REQUEST_COUNT_MAX) throw tooLarge(`${String(list.length)} operations`);
  const operations: Operation[] = [];
  try {
    let size = 0;
    for (const [index, operation] of list.entries()) {
      const next = checkOperation(operation, nameOf(index));
      operations.push(next);
      size += operationSize(next.key.length, next.value.length);
      if (size > Limit.REQUEST_MAX) throw tooLarge(`more than ${String(Limit.REQUEST_MAX)} bytes`);
    }
    const keys = distinctKeys(operations);
    return { operations, keys, conditional: operations.some(({ expected }) => expected !== undefined) };
  } catch (error) {
    wipe(operations);
    throw error;
  }
}

/** Wipes the values of operations. */
export function wipe(operations: readonly Operation[]): void {
  for (const { value } of operations) value.fill(0);
}

function checkOperation(operation: unknown, name: string): Operation {
  if (!reading(name, () => mayHoldOptions(operation))) throw noOperation(operation, name);
  const given = readOptions(operation, schema.batchPut, name);
  if (given.type === 'put') {
    const put = checkGiven(given, schema.batchPut, name);
    const expected = expectedRevision(put, name);
    const key = keyBytes(put.key, `${name}.key`);
    return { kind: BatchKind.PUT, key, value: valueBytes(put.value, `${name}.value`), expected };
  }
  if (given.type === 'delete') {
    const { key, ifRevision } = checkGiven(given, schema.batchDelete, name);
    return { kind: BatchKind.DELETE, key: keyBytes(key, `${name}.key`), value: Buffer.alloc(0), expected: ifRevision };
  }
  throw noOperation(operation, name);
}

function noOperation(operation: unknown, name: string): SecureStorageError {
  return invalidArgument(name, "an object with type 'put' or 'delete'", operation);
}

function nameOf(index: number): string {
  return `operations[${String(index)}]`;
}

function distinctKeys(operations: readonly Operation[]): string[] {
  const keys = new Set<string>();
  for (const [index, { key }] of operations.entries()) {
    const text = key.toString();
    if (keys.has(text)) {
      const detail = `${nameOf(index)} has a key that occurs twice`;
      throw new SecureStorageError('ERR_INVALID_ARG', { detail, key: text });
    }
    keys.add(text);
  }
  return [...keys];
}

function tooLarge(what: string): SecureStorageError {
  return new SecureStorageError('ERR_BATCH_TOO_LARGE', { detail: `the batch has ${what}` });
}
