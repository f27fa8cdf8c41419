// SPDX-License-Identifier: MIT
import { clientUuid } from '../../src-ts/identity.js';
import { errorOf } from './errors.js';
import { freshStore, type Identity, type OpenStore } from './store.js';

/** What a store tells about itself, and who owns it. */
export function infoSuite(open: OpenStore, { uid, gid }: Identity): void {
  const store = freshStore(open);

  test('versions, limits, owner', async () => {
    const info = await store().info();
    expect(info).toMatchObject({
      domain: expect.stringMatching(/^test/) as string,
      login: 'user',
      taUuid: 'ff06ae7c-d9e8-40c7-ab24-86ad69bffce7',
      taVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      protocol: 1,
      format: 1,
      limits: { key: 1024, domain: 64, value: 1024 * 1024, keys: 10_000, bytes: 16 * 1024 * 1024 },
      owner: clientUuid('uid', uid),
      ownerVerified: true,
      healed: 0,
    });
  });

  test('what is used counts keys and bytes of keys and values', async () => {
    const before = (await store().info()).used;
    await store().put('four', 'seven77');
    const { used } = await store().info();
    expect([used.keys - before.keys, used.bytes - before.bytes]).toEqual([1, 11]);
    await store().delete('four');
    expect((await store().info()).used).toMatchObject({ keys: before.keys, bytes: before.bytes });
  });

  test('a group that the process belongs to owns another store', async () => {
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

  test('a group that it does not belong to is refused', async () => {
    expect(await errorOf(open({ group: 54_321 }))).toMatchObject({ code: 'ERR_NOT_IN_GROUP', operation: 'open' });
  });

  test('another Trusted Application is not there', async () => {
    const missing = open({ taUuid: '00000000-0000-4000-8000-000000000000' });
    expect(await errorOf(missing)).toMatchObject({ code: 'ERR_TA_NOT_FOUND', origin: 'TEE', result: 0xffff0008 });
  });
}
