// SPDX-License-Identifier: MIT
import type { Diagnosis } from '../../src-ts/index.js';
import { clientUuid } from '../../src-ts/tee/client-uuid.js';
import { packageVersion } from '../../src-ts/util/package-json.js';
import { LeftOut, type Backend } from './backend.js';
import { errorOf } from './errors.js';
import { freshStore } from './store.js';

/** No Trusted Application has this UUID. */
const MISSING = '00000000-0000-4000-8000-000000000000';

/** What a store tells about itself, also before it is opened. */
export function infoSuite({ open, isAvailable, diagnose, identity, info: ofBackend }: Backend): void {
  const store = freshStore(open);
  const wrong = (value: unknown) => value as never;
  const statusOf = ({ checks }: Diagnosis, wanted: string) => checks.find(({ id }) => id === wanted)?.status;

  test('versions, limits, owner', async () => {
    const info = await store().info();
    expect(info).toMatchObject({
      domain: expect.stringMatching(/^test/) as string,
      login: 'user',
      taUuid: 'ff06ae7c-d9e8-40c7-ab24-86ad69bffce7',
      taVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      packageVersion: packageVersion(),
      protocol: 1,
      format: 1,
      limits: { key: 1024, domain: 64, value: 1024 * 1024, keys: 10_000, bytes: 16 * 1024 * 1024 },
      // Without numbers nobody knows whom the store must belong to.
      ...(identity instanceof LeftOut
        ? { ownerVerified: false }
        : { owner: clientUuid('uid', identity.uid), ownerVerified: true }),
      healed: 0,
      ...ofBackend,
    });
    expect(info.group).toBeUndefined();
    expect(info.rollbackProtected).toBe(info.antiRollback >= 1000 ? null : false);
  });

  test('what is used counts keys and bytes of keys and values, over all domains', async () => {
    const other = await open({ domain: `used ${String(Date.now())}` });
    try {
      const before = (await store().info()).used;
      const used = async () => {
        const { keys, bytes } = (await store().info()).used;
        expect((await other.info()).used).toMatchObject({ keys, bytes });
        return [keys - before.keys, bytes - before.bytes];
      };
      await store().put('four', 'seven77');
      expect(await used()).toEqual([1, 11]);
      await other.put('ä', Buffer.alloc(5000));
      expect(await used()).toEqual([2, 11 + 5002]);
      await store().put('four', '');
      expect(await used()).toEqual([2, 4 + 5002]);
      await errorOf(store().put('four', 'x', { ifAbsent: true }));
      await other.generate('ä', { size: 3 });
      expect(await used()).toEqual([2, 4 + 5]);
      await store().delete('four');
      await store().delete('four');
      await other.clear({ confirm: true });
      expect(await used()).toEqual([0, 0]);
    } finally {
      await other.clear({ confirm: true });
      await other.close();
    }
  });

  test('a few small secrets share their objects', async () => {
    const before = (await store().info()).used;
    await store().batch(
      Array.from({ length: 50 }, (_, index) => ({ type: 'put', key: `k${String(index)}`, value: 'v' })),
    );
    expect((await store().info()).used.objects - before.objects).toBeLessThanOrEqual(8);
  });

  test('another Trusted Application is not there', async () => {
    const missing = open({ taUuid: MISSING });
    expect(await errorOf(missing)).toMatchObject({ code: 'ERR_TA_NOT_FOUND', origin: 'TEE', result: 0xffff0008 });
  });

  test('a UUID may be in capitals', async () => {
    const opened = await open({ taUuid: 'FF06AE7C-D9E8-40C7-AB24-86AD69BFFCE7' });
    expect((await opened.info()).taUuid).toBe('ff06ae7c-d9e8-40c7-ab24-86ad69bffce7');
    await opened.close();
  });

  test('isAvailable tells whether a store can be opened', async () => {
    expect(await isAvailable()).toBe(true);
    expect(await isAvailable({ taUuid: MISSING })).toBe(false);
    expect(await isAvailable({ group: 54_321 })).toBe(false);
    await expect(isAvailable(wrong({ backend: 'x' }))).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test('diagnose tells what a store is, or what is wrong and what to do', async () => {
    const good = await diagnose();
    expect(good).toMatchObject({ ok: true, info: { ...ofBackend, domain: 'default' } });
    expect(good.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    for (const id of ['store', 'quota', 'latency']) expect(statusOf(good, id)).toBe('ok');
    expect(statusOf(good, 'identity')).toBe(identity instanceof LeftOut ? 'note' : 'ok');
    const bad = await diagnose({ taUuid: MISSING });
    expect(bad).toMatchObject({ ok: false, code: 'ERR_TA_NOT_FOUND' });
    expect(bad).toHaveProperty('message', expect.stringContaining(`Copy ${MISSING}.ta`));
    expect(bad.checks.filter(({ status }) => status === 'failed').map(({ id }) => id)).toEqual(['ta']);
    expect(statusOf(bad, 'store')).toBe('unknown');
    await expect(diagnose({ domain: '' })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
}
