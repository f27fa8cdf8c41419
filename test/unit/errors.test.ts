// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';
import vm from 'node:vm';

import { entryOf, errorTable, Exit, Retry, type ErrorCode } from '../../src-ts/errors/table.js';
import { SecureStorageError, isSecureStorageError } from '../../src-ts/errors/error.js';
import { Call } from '../../src-ts/protocol/call.js';
import { TaError } from '../../src-ts/protocol/contract.js';
import { callError, commandError } from '../../src-ts/protocol/outcomes.js';
import { MalformedReply } from '../../src-ts/protocol/packing.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { bareOutcome, Origin, TeeFailure, type FailureKind } from '../../src-ts/tee/seam.js';

const codes = Object.keys(errorTable) as ErrorCode[];

test('the table has every code of the design', () => {
  const promised = `ERR_NO_DEVICE ERR_PERMISSION ERR_NO_LIBTEEC ERR_NO_SUPPLICANT ERR_KERNEL_TOO_OLD ERR_TA_NOT_FOUND
    ERR_TA_SIGNATURE ERR_TA_VERSION ERR_TA_DEAD ERR_UID_MISMATCH ERR_UID_CHANGED ERR_INVALID_KEY ERR_KEY_TOO_LONG
    ERR_VALUE_TOO_LARGE ERR_QUOTA ERR_NO_SPACE ERR_EXISTS ERR_CONFLICT ERR_CORRUPT ERR_TIMEOUT ERR_CLOSED`;
  expect(codes).toEqual(expect.arrayContaining(promised.split(/\s+/)));
});

test.each(codes)('%s says what happened and what to do, and has an exit code', (code) => {
  const { meaning, remedy, exit } = errorTable[code];
  expect(meaning).toMatch(/^[a-z].*[^.]$/);
  expect(remedy).toMatch(/^[A-Z].*\.$/);
  expect(Object.values(Exit)).toContain(exit);
  expect(exit).not.toBe(Exit.OK);
  expect(new SecureStorageError(code).message).toBe(`${meaning}. ${remedy}`);
});

test.each(codes)('%s says where it comes from and whether to try again, for the documentation', (code) => {
  const { causes, retry } = errorTable[code];
  expect(causes).not.toHaveLength(0);
  for (const cause of causes) expect(cause).toMatch(/^[A-Za-z].*[^.]$/);
  expect(Object.values(Retry)).toContain(retry);
});

/** By hand: what a program that repeats calls goes by. */
const LATER: readonly ErrorCode[] = [
  'ERR_STORAGE',
  'ERR_NO_SUPPLICANT',
  'ERR_TA_DEAD',
  'ERR_TIMEOUT',
  'ERR_BUSY',
  'ERR_NO_MEMORY',
];

test.each(codes)('%s is retryable if the table says later, and never if its outcome is unknown', (code) => {
  const retryable = LATER.includes(code);
  expect(errorTable[code].retry === Retry.LATER).toBe(retryable);
  expect(new SecureStorageError(code)).toMatchObject({ retryable, outcomeUnknown: false });
  expect(new SecureStorageError(code, { outcomeUnknown: true })).toMatchObject({
    retryable: false,
    outcomeUnknown: true,
  });
});

test('retryable is shown, and written to logs, where it is true', () => {
  const busy = new SecureStorageError('ERR_BUSY');
  expect(inspect(busy)).toContain('retryable: true');
  expect(JSON.parse(JSON.stringify(busy))).toMatchObject({ retryable: true });
  const closed = new SecureStorageError('ERR_CLOSED');
  expect(`${inspect(closed)}${JSON.stringify(closed)}`).not.toContain('retryable');
});

describe('the table says with which codes the outcome of a change can be unknown', () => {
  const call = () => new Call('put', 'k', { timeoutMs: 1000 });
  const unknown = (errors: unknown[]) =>
    errors.flatMap((error) => (isSecureStorageError(error) && error.outcomeUnknown ? [error.code] : []));
  const results = [...Object.values(TeeResult), ...Object.values(TaError)];
  const refused = results.flatMap((result) =>
    Object.values(Origin).map((origin) => commandError(call(), bareOutcome(result, origin), true)),
  );
  // What a backend can fail with when it has begun.
  const kinds: FailureKind[] = ['timeout', 'closed', 'no-supplicant', 'no-simulator'];
  const failed = kinds.map((kind) => callError(call(), new TeeFailure(kind, 'x', true), true));
  const odd = callError(call(), new MalformedReply('is odd'), true);

  test.each(codes)('%s', (code) => {
    const can = unknown([...refused, ...failed, odd]).includes(code);
    expect(entryOf(code).undecided ?? false).toBe(can);
  });
});

test('the exit codes are those that the command line documents', () => {
  const own = { OK: 0, ERROR: 1, USAGE: 2, NOT_FOUND: 3, CONFLICT: 4, NOT_AVAILABLE: 5, TIMEOUT: 124 };
  expect(Exit).toEqual({ ...own, COMMAND_NOT_STARTED: 126, COMMAND_NOT_FOUND: 127 });
  expect(errorTable.ERR_TIMEOUT.exit).toBe(124);
  expect(errorTable.ERR_NOT_FOUND.exit).toBe(3);
  expect([errorTable.ERR_EXISTS.exit, errorTable.ERR_CONFLICT.exit]).toEqual([4, 4]);
});

describe('an error', () => {
  const cause = new Error('below');
  const error = new SecureStorageError('ERR_TEE', {
    operation: 'put',
    key: 'db/password',
    result: TeeResult.GENERIC,
    origin: Origin.TEE,
    outcomeUnknown: true,
    cause,
  });

  test('tells operation, key, result and origin', () => {
    expect(error).toMatchObject({
      name: 'SecureStorageError',
      code: 'ERR_TEE',
      operation: 'put',
      key: 'db/password',
      result: 0xffff0000,
      origin: 'TEE',
      outcomeUnknown: true,
      cause,
    });
    expect(error.message).toMatch(
      /^put "db\/password": the TEE refused the request \(result 0xffff0000, origin TEE\)\. The change was .* Look at/,
    );
  });

  test('becomes JSON for logs', () => {
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'ERR_TEE',
      message: error.message,
      operation: 'put',
      key: 'db/password',
      result: '0xffff0000',
      origin: 'TEE',
      outcomeUnknown: true,
    });
  });

  test('shows only what is known of it', () => {
    const small = inspect(new SecureStorageError('ERR_CLOSED', { operation: 'get' }));
    expect(small).toContain("code: 'ERR_CLOSED'");
    expect(small).not.toMatch(/undefined|origin|outcomeUnknown|cause/);
  });

  test('does not repeat what the code says already', () => {
    const { message } = new SecureStorageError('ERR_QUOTA', { result: TaError.QUOTA, origin: Origin.TRUSTED_APP });
    expect(message).not.toContain('0x');
  });

  test('escapes what a key could do to a terminal', () => {
    const { message } = new SecureStorageError('ERR_EXISTS', { operation: 'put', key: 'a\u009b31m\u202eb"' });
    expect(message).toContain('put "a\\u009b31m\\u202eb\\"":');
  });

  test('is recognised from another copy of this package and another realm', () => {
    const foreign: unknown = vm.runInNewContext(
      `Object.assign(new Error('x'), { [Symbol.for('optee-secure-storage.error')]: true })`,
    );
    expect(isSecureStorageError(foreign)).toBe(true);
    expect(isSecureStorageError(error)).toBe(true);
    for (const other of [new Error('x'), null, undefined, 'ERR_TEE', {}])
      expect(isSecureStorageError(other)).toBe(false);
  });
});
