// SPDX-License-Identifier: MIT
/** The API over the real addon and the real TA, on the software TEE. */
import { SecureStorage } from '../../src-ts/index.js';
import { Command, PROTOCOL_VERSION, TA_UUID, TeeResult } from '../../src-ts/protocol.js';
import { nativeBackend } from '../../src-ts/tee/native.js';
import { Login } from '../../src-ts/tee/session.js';
import { errorOf } from '../conformance/errors.js';
import { inProcessSuite } from '../conformance/in-process.js';
import { conformance } from '../conformance/index.js';
import { loadSoftTee, openSoftStore } from './support/soft-tee.js';

beforeAll(loadSoftTee, 120_000);

conformance(openSoftStore, { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 });

describe('in this process', () => {
  inProcessSuite(openSoftStore);
});

test('isAvailable tells whether a store can be opened', async () => {
  expect(await SecureStorage.isAvailable()).toBe(true);
  expect(await SecureStorage.isAvailable({ taUuid: '00000000-0000-4000-8000-000000000000' })).toBe(false);
});

test('diagnose tells what a store is, or what is wrong and what to do', async () => {
  expect(await SecureStorage.diagnose()).toMatchObject({ ok: true, info: { backend: 'optee', domain: 'default' } });
  expect(await SecureStorage.diagnose({ taUuid: '00000000-0000-4000-8000-000000000000' })).toEqual({
    ok: false,
    code: 'ERR_TA_NOT_FOUND',
    message: expect.stringContaining('Copy 00000000') as string,
  });
  await expect(SecureStorage.diagnose({ domain: '' })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
});

describe('a Trusted Application that panics', () => {
  /** Only the TA built for tests has this command. */
  const panic = async () => {
    const params = [
      { type: 'value-in', a: PROTOCOL_VERSION, b: 0 },
      { type: 'memref-in', data: Buffer.from('panic') },
    ] as const;
    const opened = await nativeBackend().open({ uuid: TA_UUID, login: Login.USER, params }, { timeoutMs: 5000 });
    if (!('session' in opened)) throw new Error('the session was refused');
    const { result } = await opened.session.invoke(Command.TEST_PANIC, [], { timeoutMs: 5000 });
    await opened.session.close();
    expect(result).toBe(TeeResult.TARGET_DEAD);
  };

  test('is loaded again: reads and plain changes go on, what was stored is there', async () => {
    const store = await openSoftStore({ domain: 'panic' });
    await store.put('k', 'kept');
    await panic();
    expect((await store.get('k'))?.toString()).toBe('kept');
    await panic();
    await store.put('k', 'changed');
    await panic();
    expect(await store.delete('k')).toBe(true);
    await store.close();
  });

  test('does not let a conditional change be made twice', async () => {
    const store = await openSoftStore({ domain: 'panic' });
    await panic();
    const error = await errorOf(store.put('once', 'v', { ifAbsent: true }));
    expect(error).toMatchObject({ code: 'ERR_TA_DEAD', outcomeUnknown: true, origin: 'TEE' });
    await store.put('once', 'v', { ifAbsent: true });
    await store.clear({ confirm: true });
    await store.close();
  });
});

test('the quota of keys is kept', async () => {
  const store = await openSoftStore({ domain: 'quota' });
  const { limits, used } = await store.info();
  const room = limits.keys - used.keys;
  for (let at = 0; at < room; at += 1000) {
    const count = Math.min(1000, room - at);
    await store.batch(
      Array.from({ length: count }, (_, index) => ({ type: 'put', key: String(at + index), value: '' })),
    );
  }
  expect(await errorOf(store.put('one more', ''))).toMatchObject({ code: 'ERR_QUOTA', outcomeUnknown: false });
  await store.put('0', 'what exists can still be changed');
  expect(await store.clear({ confirm: true })).toBe(room);
  await store.close();
}, 60_000);
