// SPDX-License-Identifier: MIT
/** Every method of the API on real OP-TEE: the suites that hold on all backends, and what only a machine can do. */
import { conformance } from '../conformance/index.js';
import type { OpenStore } from '../conformance/store.js';
import { TA_UUID } from '../../src-ts/protocol.js';
import { TA_FILE, Uid, useMachine } from './support/machine.js';
import { contentsOf } from './support/contents.js';
import { openRemoteStore } from './support/remote-store.js';
import { buildTa } from './support/ta.js';

/** Largest values take seconds on an emulated disk. */
const TEST_MS = 120_000;

/** A Trusted Application with a storage of its own, and little of it. */
const SMALL_UUID = '5e9f0a31-85d6-4fb1-a247-9d3e6f508100';
const smallTa = {
  TA_UUID: SMALL_UUID,
  CFG_SECSTOR_QUOTA_KEYS: '5',
  CFG_SECSTOR_QUOTA_BYTES: '10000',
};

const machineOfFile = useMachine(async () => ({
  files: { [TA_FILE.replace(TA_UUID, SMALL_UUID)]: await buildTa(smallTa) },
}));
jest.setTimeout(TEST_MS);

const open: OpenStore = async (options) =>
  openRemoteStore(await machineOfFile.user('alice'), { timeoutMs: TEST_MS, ...options });

describe('on all backends', () => {
  // Each user has a group of the same number.
  conformance(open, { uid: Uid.alice, gid: Uid.alice });
});

describe('on the machine', () => {
  test('info tells of real storage without rollback protection', async () => {
    const store = await open();
    expect(await store.info()).toMatchObject({
      backend: 'optee',
      secure: true,
      antiRollback: 100,
      rollbackProtected: false,
      owner: 'fc34275c-d8dd-5ba7-968b-504718363b87',
    });
  });

  test('a call that misses its deadline says so, and what comes later is served', async () => {
    const store = await open({ domain: 'deadline' });
    const busy = store.put('large', Buffer.alloc(200_000));
    const error = { code: 'ERR_TIMEOUT', operation: 'put', key: 'k', outcomeUnknown: false };
    await expect(store.put('k', 'v', { timeoutMs: 50 })).rejects.toMatchObject(error);
    await busy;
    expect(await store.keys()).toEqual(['large']);
    await store.clear({ confirm: true });
  });

  describe('what exceeds the quota is refused whole', () => {
    const quota = expect.objectContaining({ code: 'ERR_QUOTA', outcomeUnknown: false }) as Error;

    test('of keys, over all domains', async () => {
      const store = await open({ taUuid: SMALL_UUID });
      const other = await open({ taUuid: SMALL_UUID, domain: 'other' });
      expect((await store.info()).limits).toMatchObject({ keys: 5, bytes: 10_000 });
      for (const key of ['a', 'b', 'c']) await store.put(key, key);
      await other.put('d', 'd');
      const before = [await contentsOf(store), await contentsOf(other)];
      const two = ['e', 'f'].map((key) => ({ type: 'put', key, value: key }) as const);
      await expect(store.batch([{ type: 'put', key: 'a', value: 'changed' }, ...two])).rejects.toEqual(quota);
      expect([await contentsOf(store), await contentsOf(other)]).toEqual(before);
      await other.put('e', 'e');
      await expect(store.put('f', 'f')).rejects.toEqual(quota);
      await expect(store.generate('f')).rejects.toEqual(quota);
      await store.batch([
        { type: 'delete', key: 'a' },
        { type: 'put', key: 'f', value: 'in its place' },
      ]);
      expect((await store.info()).used.keys).toBe(5);
      for (const full of [store, other]) await full.clear({ confirm: true });
      expect((await store.info()).used).toMatchObject({ keys: 0, bytes: 0 });
    });

    test('of bytes of keys and values', async () => {
      const store = await open({ taUuid: SMALL_UUID });
      await store.put('k', Buffer.alloc(9_000));
      const before = await contentsOf(store);
      await expect(store.put('kk', Buffer.alloc(998))).rejects.toEqual(quota);
      await expect(store.put('k', Buffer.alloc(10_000))).rejects.toEqual(quota);
      expect(await contentsOf(store)).toEqual(before);
      await store.put('kk', Buffer.alloc(997));
      expect((await store.info()).used).toMatchObject({ keys: 2, bytes: 10_000 });
      await store.put('k', '');
      await store.clear({ confirm: true });
    });
  });

  test('a reboot keeps every value, and revisions rise on', async () => {
    const before = await open({ domain: 'reboot' });
    const large = Buffer.alloc(100_000, 'large');
    await before.put('small', 'value');
    await before.put('large', large);
    await before.put('gone', 'x');
    await before.delete('gone');
    const { revision } = await before.put('empty', '');

    machineOfFile.forgetUsers();
    await machineOfFile.machine.reboot();

    const after = await open({ domain: 'reboot' });
    expect(await after.get('small', { encoding: 'utf8' })).toBe('value');
    expect((await after.get('large'))?.equals(large)).toBe(true);
    expect(await after.get('empty')).toEqual(Buffer.alloc(0));
    expect(await after.get('gone')).toBeNull();
    expect(await after.keys()).toEqual(['empty', 'large', 'small']);
    expect((await after.put('gone', 'again')).revision).toBeGreaterThan(revision);
  });
});
