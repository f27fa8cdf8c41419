// SPDX-License-Identifier: MIT
import { testWith, type Backend } from './backend.js';
import { errorOf } from './errors.js';
import type { Store } from './store.js';

/** The Trusted Application dies, or what it has stored is damaged. */
export function failureSuite({ panicking, damageable }: Backend): void {
  describe('a Trusted Application that panics', () => {
    testWith(panicking, 'is loaded again: reads and plain changes go on, what was stored is there', async (ta) => {
      const store = await ta.open({ domain: 'panic' });
      await store.put('k', 'kept');
      await ta.panic();
      expect((await store.get('k'))?.toString()).toBe('kept');
      await ta.panic();
      await store.put('k', 'changed');
      await ta.panic();
      expect(await store.batch([{ type: 'put', key: 'k', value: 'batched' }])).toHaveLength(1);
      await ta.panic();
      expect(await store.keys()).toEqual(['k']);
      await ta.panic();
      expect(await store.delete('k')).toBe(true);
      await store.close();
    });

    testWith(panicking, 'does not let a change be made twice that may not be', async (ta) => {
      const store = await ta.open({ domain: 'panic' });
      const { revision } = await store.put('k', 'v');
      const changes: [string, (s: Store) => Promise<unknown>][] = [
        ['delete', (s) => s.delete('k', { ifRevision: revision })],
        ['put', (s) => s.put('k', 'w', { ifRevision: revision })],
        ['put', (s) => s.put('k', 'w', { returnPrevious: true })],
        ['generate', (s) => s.generate('k')],
      ];
      for (const [operation, change] of changes) {
        await ta.panic();
        const doubt = { outcomeUnknown: true, retryable: false };
        const expected = { code: 'ERR_TA_DEAD', operation, key: 'k', origin: 'TEE', ...doubt };
        expect(await errorOf(change(store))).toMatchObject(expected);
        // The TA was dead before it could begin.
        expect(await store.getEntry('k', { encoding: 'utf8' })).toMatchObject({ value: 'v', revision });
      }
      await ta.panic();
      const batch = store.batch([{ type: 'put', key: 'once', value: 'v', ifAbsent: true }]);
      expect(await errorOf(batch)).toMatchObject({ code: 'ERR_TA_DEAD', operation: 'batch', outcomeUnknown: true });
      expect(await store.clear({ confirm: true })).toBe(1);
      await store.close();
    });
  });

  testWith(damageable, 'what is damaged is told, never taken for absent, and can be forgotten', async (storage) => {
    const before = await storage.open({ domain: 'damage' });
    await before.put('first', 'so that the owner is known');
    await before.close();
    await storage.damage(async () => {
      const damaged = await storage.open({ domain: 'damage' });
      await damaged.put('k', 'v');
      await damaged.put('large', Buffer.alloc(10_000));
      await damaged.close();
    });
    const store = await storage.open({ domain: 'damage' });
    const corrupt = (operation: string, key?: string) => ({
      code: 'ERR_CORRUPT',
      operation,
      key,
      outcomeUnknown: false,
      retryable: false,
    });
    expect(await errorOf(store.get('k'))).toMatchObject(corrupt('get', 'k'));
    expect(await errorOf(store.get('never stored'))).toMatchObject(corrupt('get', 'never stored'));
    expect(await errorOf(store.stat('large'))).toMatchObject(corrupt('stat', 'large'));
    expect(await errorOf(store.put('k', 'new'))).toMatchObject(corrupt('put', 'k'));
    expect(await errorOf(store.put('new', '', { ifAbsent: true }))).toMatchObject(corrupt('put', 'new'));
    expect(await errorOf(store.delete('k'))).toMatchObject(corrupt('delete', 'k'));
    expect(await errorOf(store.batch([{ type: 'put', key: 'k', value: '' }]))).toMatchObject(corrupt('batch', 'k'));
    expect(await errorOf(store.getMany(['k']))).toMatchObject(corrupt('getMany', 'k'));
    expect(await errorOf(store.list())).toMatchObject(corrupt('list'));
    await store.clear({ confirm: true });
    expect(await store.get('k')).toBeNull();
    expect(await store.keys()).toEqual([]);
    await store.put('k', 'stored again');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('stored again');
    await store.clear({ confirm: true });
    await store.close();
  });
}
