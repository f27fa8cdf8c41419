// SPDX-License-Identifier: MIT
/** `optee-storage doctor`: what it prints and how it ends; and how it goes about its attempt at a store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { report } from '../../src-ts/cli/commands/doctor.js';
import type { Check, Diagnosis } from '../../src-ts/doctor/diagnosis.js';
import { judge } from '../../src-ts/doctor/diagnose.js';
import { gather, type Open } from '../../src-ts/doctor/evidence.js';
import { thisHost } from '../../src-ts/doctor/host.js';
import { SecureStorageError } from '../../src-ts/errors/error.js';
import type { StoreInfo } from '../../src-ts/connection/store-info.js';
import type { OpenOptions } from '../../src-ts/arguments/options.js';
import type { SecureStorage } from '../../src-ts/store.js';
import { optee } from './support/cli.js';
import { coded } from './support/errors.js';
import { loadSoftTee } from './support/soft-tee.js';

const device: Check = { id: 'device', status: 'ok', found: '/dev/tee0' };
const permission: Check = { id: 'permission', status: 'failed', found: 'closed', fix: 'open it' };
const rootKey: Check = { id: 'root-key', status: 'warning', found: 'a test key', fix: 'burn one' };
const rollback: Check = { id: 'rollback', status: 'note', found: 'none', fix: 'RPMB' };
const ta: Check = { id: 'ta', status: 'unknown', found: 'not reached' };
const good = (...checks: Check[]): Diagnosis => ({ ok: true, checks, info: {} as StoreInfo });

describe('the report', () => {
  test('has a line with a mark for each check, its fix below it, and the result at the end', () => {
    const broken: Diagnosis = { ok: false, checks: [device, permission, ta, rootKey], message: 'closed. open it' };
    expect(report(broken, false).split('\n')).toEqual([
      'ok    device          /dev/tee0',
      'FAIL  permission      closed',
      '                      fix: open it',
      '?     ta              not reached',
      'warn  root-key        a test key',
      '                      fix: burn one',
      'failed: permission',
      '',
    ]);
  });

  test.each([
    ['all good', [device]],
    ['all good, 1 note', [device, rollback]],
    ['all good, 2 warnings, 1 note', [rootKey, rootKey, rollback]],
  ])('ends with %j', (last, checks) => {
    expect(
      report(good(...checks), false)
        .split('\n')
        .at(-2),
    ).toBe(last);
  });

  test('has colours for a terminal only', () => {
    expect(report(good(device), true)).toContain('\u001b[32mok  \u001b[0m  device');
    expect(report(good(device), false)).not.toContain('\u001b');
  });
});

describe('the command', () => {
  beforeAll(loadSoftTee, 120_000);
  const simulator = path.join(mkdtempSync(path.join(tmpdir(), 'optee-doctor-')), 'data');
  afterAll(() => {
    rmSync(path.dirname(simulator), { recursive: true });
  });

  test('is all good over the software TEE, with one line for each check', async () => {
    const { code, stdout, stderr } = await optee(['doctor']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.toString()).toMatch(/^ok {4}platform .*\n[^]*\nall good.*\n$/);
    expect(stdout.toString()).toMatch(/^ok {4}libteec +\/.*libteec\.so\.2$/m);
  });

  test('--json is the diagnosis', async () => {
    await optee(['put', 'canary-key'], 'canary-value');
    const { code, stdout } = await optee(['doctor', '--json']);
    const diagnosis = JSON.parse(stdout.toString()) as Diagnosis;
    expect(diagnosis).toMatchObject({ ok: true, info: { backend: 'optee' } });
    expect(diagnosis.checks.every(({ found }) => found !== '')).toBe(true);
    expect(stdout.toString()).not.toContain('canary');
    expect(code).toBe(0);
    await optee(['delete', 'canary-key']);
  });

  test('exits with 5 for what is broken', async () => {
    const { code, stdout } = await optee(['doctor', '--ta-uuid', '00000000-0000-4000-8000-000000000000']);
    expect([code, stdout.toString().split('\n').at(-2)]).toEqual([5, 'failed: ta']);
  });

  test('has few checks for the simulator, and needs no device', async () => {
    const { code, stdout } = await optee(['doctor', '--backend', 'simulator', '--simulator-dir', simulator]);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^note {2}simulator .*protects nothing$/m);
    expect(stdout.toString()).not.toContain('device');
  });

  test('a wrong option is an error of the call', async () => {
    expect(await optee(['doctor', '--domain', ''])).toMatchObject({ code: 2, stdout: Buffer.alloc(0) });
  });
});

describe('the attempt at a store', () => {
  const error = (code: ConstructorParameters<typeof SecureStorageError>[0]) => new SecureStorageError(code);
  const info = { used: { keys: 0 } } as StoreInfo;
  const methods = {
    info: () => Promise.resolve(info),
    list: () => Promise.resolve([]),
    owners: () => Promise.reject(error('ERR_NOT_ROOT')),
    close: () => Promise.resolve(),
  };
  const store = methods as unknown as SecureStorage;
  /** Opens as told: first the store, then what the supplicant is asked for. */
  const opening = (...answers: (SecureStorage | Error)[]) => {
    const asked: OpenOptions[] = [];
    const open: Open = (options) => {
      const answer = answers[asked.push(options) - 1];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? store);
    };
    return { asked, open };
  };

  test('opens, reads, and asks the supplicant for a Trusted Application that nobody has', async () => {
    const { asked, open } = opening(store, error('ERR_TA_NOT_FOUND'));
    const evidence = await gather({ domain: 'd' }, open, true);
    expect(evidence).toMatchObject({ error: undefined, info, supplicant: null, warmMs: expect.any(Number) as number });
    expect(asked[0]).toMatchObject({ domain: 'd' });
    expect(asked[1]?.taUuid).not.toBe(asked[0]?.taUuid);
    expect(asked[1]?.timeoutMs).toBeLessThanOrEqual(5000);
  });

  test.each(['ERR_NO_SUPPLICANT', 'ERR_TIMEOUT'] as const)('a supplicant that does not answer: %s', async (code) => {
    const { open } = opening(store, error(code));
    expect(await gather({}, open, true)).toMatchObject({ error: undefined, supplicant: { code } });
  });

  test.each(['ERR_TIMEOUT', 'ERR_PERMISSION', 'ERR_NO_LIBTEEC'] as const)('is made once after %s', async (code) => {
    const { asked, open } = opening(error(code));
    expect(await gather({}, open, true)).toMatchObject({ error: { code }, supplicant: undefined });
    expect(asked).toHaveLength(1);
  });

  test('learns what all users share if it may, and does without it otherwise', async () => {
    const owners = { owners: [], objects: { used: 1, total: 2 }, places: 3 };
    const ofRoot = { ...methods, owners: () => Promise.resolve(owners) } as unknown as SecureStorage;
    expect(await gather({}, opening(ofRoot).open, false)).toMatchObject({ error: undefined, owners });
    expect(await gather({}, opening(store).open, false)).toMatchObject({ error: undefined, info, owners: undefined });
  });

  test('asks no supplicant where there is none', async () => {
    const { asked, open } = opening(store);
    await gather({}, open, false);
    expect(asked).toHaveLength(1);
  });

  test('closes the store when reading it fails', async () => {
    const close = jest.fn(() => Promise.resolve());
    const bad = { ...methods, list: () => Promise.reject(error('ERR_CORRUPT')), close } as unknown as SecureStorage;
    const { open } = opening(bad, error('ERR_TA_NOT_FOUND'));
    expect(await gather({}, open, true)).toMatchObject({ error: { code: 'ERR_CORRUPT' }, info });
    expect(close).toHaveBeenCalledTimes(1);
  });

  test('passes on what is wrong with the call, and what is no error of this package', async () => {
    await expect(gather({}, opening(error('ERR_INVALID_ARG')).open, true)).rejects.toThrow(coded('ERR_INVALID_ARG'));
    const other = new Error('aborted');
    await expect(gather({}, opening(other).open, true)).rejects.toBe(other);
  });
});

test('this machine can be looked at, whatever it is', () => {
  const evidence = { error: undefined, info: undefined, owners: undefined, supplicant: undefined, warmMs: undefined };
  for (const { id, found } of judge(evidence, {}, 'optee', thisHost()).checks) {
    expect([id, found]).toEqual([id, expect.stringMatching(/./)]);
  }
});
