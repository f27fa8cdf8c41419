// SPDX-License-Identifier: MIT
import { MalformedReply } from '../../src-ts/protocol/packing.js';
import { Call } from '../../src-ts/protocol/call.js';
import type { ErrorCode } from '../../src-ts/errors/error.js';
import { TA_UUID, TaError } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { callError, commandError, isSessionLost, openError } from '../../src-ts/protocol/outcomes.js';
import {
  Login,
  Origin,
  TeeFailure,
  type FailureKind,
  type Outcome,
  type SessionTarget,
} from '../../src-ts/tee/seam.js';

const call = () => new Call('put', 'k', { timeoutMs: 1000 });
const outcome = (result: number, origin: number): Outcome => ({
  result,
  origin,
  params: [undefined, undefined, undefined, undefined],
});
const user: SessionTarget = { uuid: TA_UUID, login: Login.USER, params: [] };
const group: SessionTarget = { uuid: TA_UUID, login: Login.GROUP, group: 500, params: [] };
const { API, COMMS, TEE, TRUSTED_APP } = Origin;

describe('a session that is refused', () => {
  test.each<[ErrorCode, number, number, SessionTarget]>([
    ['ERR_TA_NOT_FOUND', TeeResult.ITEM_NOT_FOUND, TEE, user],
    ['ERR_TA_SIGNATURE', TeeResult.SECURITY, TEE, user],
    ['ERR_KERNEL_TOO_OLD', TaError.KERNEL, TRUSTED_APP, user],
    ['ERR_TA_VERSION', TaError.IDENTITY, TRUSTED_APP, user],
    ['ERR_TA_VERSION', TaError.PROTOCOL, TRUSTED_APP, user],
    ['ERR_TA_VERSION', TeeResult.BAD_PARAMETERS, TRUSTED_APP, user],
    ['ERR_INVALID_ARG', TaError.DOMAIN, TRUSTED_APP, user],
    ['ERR_NOT_IN_GROUP', TeeResult.GENERIC, COMMS, group],
    ['ERR_TEE', TeeResult.GENERIC, COMMS, user],
    ['ERR_TEE', TeeResult.GENERIC, TEE, group],
    ['ERR_NO_SUPPLICANT', TeeResult.COMMUNICATION, TEE, user],
    ['ERR_TA_DEAD', TeeResult.TARGET_DEAD, TEE, user],
    ['ERR_NO_MEMORY', TeeResult.OUT_OF_MEMORY, TEE, user],
    ['ERR_BUSY', TeeResult.BUSY, TEE, user],
    ['ERR_TEE', TeeResult.BAD_PARAMETERS, API, user],
  ])('is %s for 0x%x from %i', (code, result, origin, target) => {
    expect(openError(call(), outcome(result, origin), target)).toMatchObject({ code, result });
  });

  const answered = (result: number, origin: number = TEE) => outcome(result, origin);
  test.each<[string, ErrorCode, Outcome | undefined, RegExp]>([
    ['is not found', 'ERR_TA_SIGNATURE', answered(TeeResult.ITEM_NOT_FOUND), /Sign it with the board's key/],
    ['is refused as well', 'ERR_CORRUPT', answered(TeeResult.SECURITY), /starts no TA.*CFG_REE_FS_ALLOW_RESET/],
    ['is refused as corrupt', 'ERR_CORRUPT', answered(TeeResult.CORRUPT_OBJECT), /dirf\.db.*neither an older copy/],
    ['gives no answer', 'ERR_TA_SIGNATURE', undefined, /or OP-TEE's own directory.*optee-storage doctor/],
    ['meets no supplicant', 'ERR_TA_SIGNATURE', answered(TeeResult.COMMUNICATION), /dirf\.db.*nobody has/],
    ['finds the TEE busy', 'ERR_TA_SIGNATURE', answered(TeeResult.BUSY), /dirf\.db/],
    ['finds no memory', 'ERR_TA_SIGNATURE', answered(TeeResult.OUT_OF_MEMORY), /dirf\.db/],
  ])('because of security, while a TA that nobody has %s, is %s', (_name, code, other, words) => {
    const error = openError(call(), outcome(TeeResult.SECURITY, TEE), user, other);
    expect(error).toMatchObject({ code, result: TeeResult.SECURITY });
    expect(error.message).toMatch(words);
    if (code === 'ERR_TA_SIGNATURE' && other?.result === TeeResult.ITEM_NOT_FOUND)
      expect(error.message).not.toContain('dirf.db');
    if (code === 'ERR_CORRUPT') expect(error.message).not.toContain('Sign it');
  });

  test('for want of memory by OP-TEE itself names the other cause; by the TA it does not', () => {
    const byTee = openError(call(), outcome(TeeResult.OUT_OF_MEMORY, TEE), user).message;
    expect(byTee).toMatch(/kit of OP-TEE 4\.0 or later.*optee-storage ta install/);
    expect(openError(call(), outcome(TeeResult.OUT_OF_MEMORY, TRUSTED_APP), user).message).not.toContain('kit');
    expect(commandError(call(), outcome(TeeResult.OUT_OF_MEMORY, TEE), false).message).not.toContain('kit of');
  });

  test("because OP-TEE's own files are damaged does not blame a key", () => {
    const error = openError(call(), outcome(TeeResult.CORRUPT_OBJECT, TEE), user);
    expect(error.code).toBe('ERR_CORRUPT');
    expect(error.message).toContain('its own files');
    expect(error.message).toMatch(/no rollback protection.*from one copy/);
    expect(error.message).toMatch(/newest state, neither an older copy nor an empty directory/);
    expect(error.message).toContain('CFG_REE_FS_ALLOW_RESET=y');
    expect(error.message).not.toContain('clear');
  });

  test('because the TA is not there tells its file', () => {
    const { message } = openError(call(), outcome(TeeResult.ITEM_NOT_FOUND, TEE), user);
    expect(message).toContain(`Copy ${TA_UUID}.ta into`);
  });
});

describe('a command that is refused', () => {
  test.each<[ErrorCode, number, number, boolean]>([
    ['ERR_INVALID_KEY', TaError.KEY, TRUSTED_APP, false],
    ['ERR_VALUE_TOO_LARGE', TaError.VALUE_TOO_LARGE, TRUSTED_APP, false],
    ['ERR_QUOTA', TaError.QUOTA, TRUSTED_APP, false],
    ['ERR_EXISTS', TaError.EXISTS, TRUSTED_APP, false],
    ['ERR_TOO_MANY_OWNERS', TaError.NO_PLACE, TRUSTED_APP, false],
    ['ERR_TOO_MANY_OBJECTS', TaError.FULL, TRUSTED_APP, false],
    ['ERR_CONFLICT', TaError.CONFLICT, TRUSTED_APP, false],
    ['ERR_FORMAT_TOO_NEW', TaError.FORMAT, TRUSTED_APP, false],
    ['ERR_CORRUPT', TeeResult.CORRUPT_OBJECT, TRUSTED_APP, false],
    ['ERR_NO_MEMORY', TeeResult.OUT_OF_MEMORY, TRUSTED_APP, false],
    ['ERR_NO_SPACE', TeeResult.STORAGE_NO_SPACE, TRUSTED_APP, false],
    ['ERR_STORAGE', TeeResult.STORAGE_NOT_AVAILABLE, TRUSTED_APP, true],
    ['ERR_TA_DEAD', TeeResult.TARGET_DEAD, TEE, true],
    ['ERR_NO_SUPPLICANT', TeeResult.COMMUNICATION, COMMS, true],
    ['ERR_TA_DEAD', TeeResult.BAD_PARAMETERS, COMMS, true],
    ['ERR_TEE', TeeResult.BAD_PARAMETERS, TRUSTED_APP, false],
    ['ERR_TEE', 0xffff1234, TEE, false],
  ])('is %s for 0x%x from %i', (code, result, origin, outcomeUnknown) => {
    const known = { code, result, operation: 'put', key: 'k' };
    expect(commandError(call(), outcome(result, origin), true)).toMatchObject({ ...known, outcomeUnknown });
    expect(commandError(call(), outcome(result, origin), false)).toMatchObject({ ...known, outcomeUnknown: false });
  });
});

test.each([
  [TeeResult.TARGET_DEAD, TEE, true],
  [TeeResult.TARGET_DEAD, COMMS, true],
  [TeeResult.COMMUNICATION, COMMS, true],
  [TeeResult.STORAGE_NOT_AVAILABLE, TRUSTED_APP, true],
  [TeeResult.BAD_PARAMETERS, COMMS, true],
  [TeeResult.BAD_PARAMETERS, TRUSTED_APP, false],
  [TeeResult.GENERIC, TEE, false],
  [TeeResult.SUCCESS, TRUSTED_APP, false],
])('whether 0x%x from %i means that another session may help: %p', (result, origin, lost) => {
  expect(isSessionLost(outcome(result, origin))).toBe(lost);
});

describe('a failure of the seam', () => {
  test.each<[FailureKind, ErrorCode]>([
    ['timeout', 'ERR_TIMEOUT'],
    ['closed', 'ERR_CLOSED'],
    ['no-library', 'ERR_NO_LIBTEEC'],
    ['no-addon', 'ERR_NO_ADDON'],
    ['no-device', 'ERR_NO_DEVICE'],
    ['no-permission', 'ERR_PERMISSION'],
    ['no-supplicant', 'ERR_NO_SUPPLICANT'],
    ['queue-full', 'ERR_BUSY'],
  ])('%s is %s, and keeps the detail and the cause', (kind, code) => {
    const failure = new TeeFailure(kind, 'what was found');
    const error = callError(call(), failure, true);
    expect(error).toMatchObject({ code, cause: failure, outcomeUnknown: false, operation: 'put' });
    expect((error as Error).message).toContain('what was found');
  });

  test('after the TEE had begun leaves a change unknown, a read not', () => {
    const failure = new TeeFailure('timeout', 'x', true);
    expect(callError(call(), failure, true)).toMatchObject({ outcomeUnknown: true });
    expect(callError(call(), failure, false)).toMatchObject({ outcomeUnknown: false });
  });

  test('without permission says what to do about the device', () => {
    const error = callError(call(), new TeeFailure('no-permission', '/dev/tee7 (EACCES)'), false) as Error;
    expect(error.message).toContain('Give this user read and write access to /dev/tee7.');
  });
});

test('a malformed answer is ERR_PROTOCOL; of a change nobody knows the outcome', () => {
  const error = callError(call(), new MalformedReply('is odd'), true);
  expect(error).toMatchObject({ code: 'ERR_PROTOCOL', outcomeUnknown: true });
  expect((error as Error).message).toContain('the answer of the Trusted Application is odd.');
});

test('what is no failure of the seam is passed on as it is', () => {
  const reason = new Error('aborted by the caller');
  expect(callError(call(), reason, true)).toBe(reason);
});
