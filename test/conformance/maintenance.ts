// SPDX-License-Identifier: MIT
import { clientUuid } from '../../src-ts/tee/client-uuid.js';
import { testWith, type Backend } from './backend.js';
import { errorOf } from './errors.js';
import { freshStore } from './store.js';

/** Looking after one's own store, and as root after those of others. */
export function maintenanceSuite({ open, identity, rootProcess, damageable }: Backend): void {
  const store = freshStore(open);

  test('verify looks at the objects of all keys, and finds a whole store whole', async () => {
    const before = await store().verify();
    await store().put('large', Buffer.alloc(100_000));
    await store().put('small', 'v');
    const after = await store().verify({ repair: true });
    expect(after).toMatchObject({ lostCopies: 0, repaired: 0, lost: 0 });
    expect(after.objects).toBeGreaterThan(before.objects);
    expect((await store().get('large'))?.length).toBe(100_000);
  });

  test('verify is not begun with an aborted signal, nor with a wrong option', async () => {
    const reason = new Error('no more');
    await expect(store().verify({ signal: AbortSignal.abort(reason) })).rejects.toMatchObject({ message: 'no more' });
    expect(await errorOf(store().verify({ repair: 1 as never }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  testWith(damageable, 'verify counts what is lost, and does not bring it back', async (storage) => {
    const first = await storage.open({ domain: 'damage' });
    await first.put('small', 'so that the owner is known');
    await first.close();
    await storage.damage(async () => {
      const damaged = await storage.open({ domain: 'damage' });
      await damaged.put('k', Buffer.alloc(50_000));
      await damaged.close();
    });
    const damaged = await storage.open({ domain: 'damage' });
    // All that the last change wrote is damaged: of the root, too, both copies.
    expect(await errorOf(damaged.verify({ repair: true }))).toMatchObject({ code: 'ERR_CORRUPT', operation: 'verify' });
    await damaged.clear({ confirm: true });
    const { lostCopies, lost } = await damaged.verify();
    await damaged.close();
    // What other domains had is lost until they are cleared too.
    expect([lostCopies, lost > 0]).toEqual([0, true]);
  });

  testWith(identity, "a group's store is not root's", async ({ gid }) => {
    const shared = await open({ group: gid });
    const notRoot = (operation: string) => ({ code: 'ERR_NOT_ROOT', operation, outcomeUnknown: false });
    expect(await errorOf(shared.owners())).toMatchObject(notRoot('owners'));
    expect(await errorOf(shared.removeOwner({ gid, confirm: true }))).toMatchObject(notRoot('removeOwner'));
    await shared.close();
  });

  test.each([
    ['nobody', {}],
    ['two', { uid: 1, gid: 1 }],
    ['a UUID without a login', { owner: clientUuid('uid', 1) }],
    ['a login without a UUID', { uid: 1, login: 'user' }],
    ['a name', { uid: 'root' }],
    ['a UUID of another form', { owner: 'root', login: 'user' }],
  ])('removing the store of %s is refused', async (_name, whose) => {
    const options = { ...whose, confirm: true } as never;
    expect(await errorOf(store().removeOwner(options))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test('removing a store has to be confirmed', async () => {
    for (const options of [undefined, { uid: 1 }, { uid: 1, confirm: false }]) {
      expect(await errorOf(store().removeOwner(options as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    }
  });

  testWith(rootProcess, 'root lists who has a store, and removes one whole', async (root) => {
    const own = await root.open({ domain: 'owners' });
    const shared = await root.open({ domain: 'owners', group: 0 });
    const other = await root.open({ domain: 'others', group: 0 });
    await own.put('k', 'of root');
    await shared.put('k', 'of the group');
    await other.put('large', Buffer.alloc(100_000));
    const { owners, objects, places } = await own.owners();
    expect(owners).toContainEqual(
      expect.objectContaining({ login: 'user', owner: clientUuid('uid', 0), id: 0, lost: false }),
    );
    const { used } = await shared.info();
    const group = owners.find(({ owner }) => owner === clientUuid('gid', 0));
    expect(group).toMatchObject({ login: 'group', id: 0, keys: used.keys, bytes: used.bytes, lost: false });
    expect(group?.objects).toBeGreaterThanOrEqual(used.objects);
    expect(objects.used).toBeLessThanOrEqual(objects.total);
    expect(places).toBeGreaterThan(0);

    expect(await own.removeOwner({ gid: 0, confirm: true })).toBe(used.keys);
    expect((await own.owners()).owners.some(({ owner }) => owner === clientUuid('gid', 0))).toBe(false);
    expect([await shared.get('k'), await other.keys()]).toEqual([null, []]);
    const named = { owner: clientUuid('gid', 0), login: 'group', confirm: true } as const;
    expect(await own.removeOwner(named)).toBeNull();
    await shared.put('k', 'again');
    expect(await own.removeOwner(named)).toBe(1);
    expect(await own.get('k', { encoding: 'utf8' })).toBe('of root');
    await own.clear({ confirm: true });
    for (const opened of [own, shared, other]) await opened.close();
  });
}
