// SPDX-License-Identifier: MIT
import { clientUuid } from '../../src-ts/tee/client-uuid.js';
import { testWith, type Backend } from './backend.js';
import { errorOf } from './errors.js';
import { freshStore, type Store } from './store.js';

/** A user who owns nothing yet. */
const SOMEBODY = 1007;

/** Whose secrets are whose. */
export function ownerSuite({ open, identity, rootProcess }: Backend): void {
  const store = freshStore(open);

  testWith(identity, 'a group that the process belongs to owns another store', async ({ gid }) => {
    const shared = await open({ group: gid });
    try {
      await store().put('k', 'of the user');
      expect(await shared.info()).toMatchObject({ login: 'group', group: gid, owner: clientUuid('gid', gid) });
      expect(await shared.get('k')).toBeNull();
      await shared.put('k', 'of the group');
      expect((await store().get('k'))?.toString()).toBe('of the user');
    } finally {
      await shared.clear({ confirm: true });
      await shared.close();
    }
  });

  testWith(identity, 'what a group uses is counted for the group', async ({ gid }) => {
    const shared = await open({ group: gid, domain: 'count' });
    try {
      const [before, own] = [await shared.info(), await store().info()];
      await shared.put('k', 'v');
      expect((await shared.info()).used.keys).toBe(before.used.keys + 1);
      expect((await store().info()).used.keys).toBe(own.used.keys);
    } finally {
      await shared.clear({ confirm: true });
      await shared.close();
    }
  });

  test('a group that it does not belong to is refused', async () => {
    expect(await errorOf(open({ group: 54_321 }))).toMatchObject({ code: 'ERR_NOT_IN_GROUP', operation: 'open' });
  });

  test.each([-1, 1.5, 2 ** 32, NaN])('a group of number %d is refused', async (group) => {
    expect(await errorOf(open({ group }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  type Calling = [string, (s: Store) => Promise<unknown>];
  const calls: Calling[] = [
    ['get', (s) => s.get('k')],
    ['getEntry', (s) => s.getEntry('k')],
    ['getMany', (s) => s.getMany(['k'])],
    ['put', (s) => s.put('k', 'new')],
    ['delete', (s) => s.delete('k')],
    ['has', (s) => s.has('k')],
    ['stat', (s) => s.stat('k')],
    ['list', (s) => s.list()],
    ['entries', (s) => s.entries().next()],
    ['batch', (s) => s.batch([{ type: 'delete', key: 'k' }])],
    ['generate', (s) => s.generate('k')],
    ['clear', (s) => s.clear({ confirm: true })],
    ['info', (s) => s.info()],
    ['verify', (s) => s.verify()],
    ['owners', (s) => s.owners()],
    ['removeOwner', (s) => s.removeOwner({ uid: SOMEBODY, confirm: true })],
  ];

  testWith(rootProcess, 'a process that is another user now is refused every call, until it is again', async (root) => {
    const own = await root.open({ domain: 'changed' });
    await own.put('k', 'of root');
    await root.become(SOMEBODY);
    for (const [operation, call] of calls) {
      expect(await errorOf(call(own))).toMatchObject({ code: 'ERR_UID_CHANGED', operation, outcomeUnknown: false });
    }
    await root.become(0);
    expect(await own.get('k', { encoding: 'utf8' })).toBe('of root');
    expect(await own.clear({ confirm: true })).toBe(1);
    await own.close();
  });

  testWith(rootProcess, 'a store of another user has nothing of it, and cannot change it', async (root) => {
    const own = await root.open({ domain: 'changed' });
    await own.put('k', 'of root');
    await root.become(SOMEBODY);
    const theirs = await root.open({ domain: 'changed' });
    const { owner, used } = await theirs.info();
    expect([owner, used.keys]).toEqual([clientUuid('uid', SOMEBODY), 0]);
    expect(await theirs.get('k')).toBeNull();
    expect(await theirs.keys()).toEqual([]);
    expect(await theirs.delete('k')).toBe(false);
    expect(await theirs.clear({ confirm: true })).toBe(0);
    await theirs.put('k', 'of somebody', { ifAbsent: true });
    await root.become(0);
    expect(await own.get('k', { encoding: 'utf8' })).toBe('of root');
    expect(await own.clear({ confirm: true })).toBe(1);
    expect(await errorOf(theirs.get('k'))).toMatchObject({ code: 'ERR_UID_CHANGED' });
    await root.become(SOMEBODY);
    expect(await theirs.get('k', { encoding: 'utf8' })).toBe('of somebody');
    expect(await theirs.clear({ confirm: true })).toBe(1);
    await theirs.close();
    await root.become(0);
    await own.close();
  });
}
