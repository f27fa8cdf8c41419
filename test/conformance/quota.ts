// SPDX-License-Identifier: MIT
import type { Backend } from './backend.js';
import { errorOf } from './errors.js';
import type { Store } from './store.js';

const MIB = 1024 * 1024;
const FULL = { code: 'ERR_QUOTA', outcomeUnknown: false };
/** Filling the usual quota takes 10 000 keys. */
const TEST_MS = 120_000;

/** How many keys and bytes an owner may have, over all domains. What would exceed it is refused whole. */
export function quotaSuite({ open, fillable }: Backend): void {
  const bothFilled = async (work: (store: Store, other: Store) => Promise<void>) => {
    const domain = `quota ${String(Date.now())}`;
    const stores = [await open({ ...fillable, domain }), await open({ ...fillable, domain: `${domain}+` })] as const;
    try {
      await work(...stores);
    } finally {
      for (const store of stores) {
        await store.clear({ confirm: true });
        await store.close();
      }
    }
  };

  test(
    'of keys',
    async () => {
      await bothFilled(async (store, other) => {
        await other.put('elsewhere', '');
        const { limits, used } = await store.info();
        const room = limits.keys - used.keys;
        for (let at = 0; at < room; at += 1000) {
          const count = Math.min(1000, room - at);
          await store.batch(
            Array.from({ length: count }, (_, index) => ({ type: 'put', key: String(at + index), value: '' })),
          );
        }
        expect((await store.info()).used.keys).toBe(limits.keys);
        for (const full of [store, other]) {
          expect(await errorOf(full.put('more', ''))).toMatchObject({ ...FULL, operation: 'put', key: 'more' });
          expect(await errorOf(full.generate('more'))).toMatchObject({ ...FULL, operation: 'generate', key: 'more' });
          expect(await full.has('more')).toBe(false);
        }
        const refused = store.batch([
          { type: 'put', key: '0', value: 'changed' },
          { type: 'put', key: 'more', value: '' },
        ]);
        expect(await errorOf(refused)).toMatchObject({ ...FULL, operation: 'batch' });
        expect(await store.get('0', { encoding: 'utf8' })).toBe('');
        await store.put('0', 'what exists can still be changed');
        await store.batch([
          { type: 'delete', key: '1' },
          { type: 'put', key: 'more', value: 'in its place' },
        ]);
        expect((await store.info()).used.keys).toBe(limits.keys);
        expect(await store.clear({ confirm: true })).toBe(room);
        await other.put('more', 'there is room again');
      });
    },
    TEST_MS,
  );

  test(
    'of bytes of keys and values',
    async () => {
      await bothFilled(async (store, other) => {
        const { limits, used } = await store.info();
        let room = limits.bytes - used.bytes;
        for (let count = 0; room > MIB + 10; count++) {
          await other.put(`k${String(count).padStart(2, '0')}`, Buffer.alloc(MIB));
          room -= MIB + 3;
        }
        await store.put('k', Buffer.alloc(room - 10));
        expect(await errorOf(store.put('kk', Buffer.alloc(8)))).toMatchObject({ ...FULL, key: 'kk' });
        expect(await errorOf(store.put('k', Buffer.alloc(room)))).toMatchObject({ ...FULL, key: 'k' });
        expect(await errorOf(store.generate('kk', { size: 8 }))).toMatchObject(FULL);
        expect(await store.list()).toMatchObject([{ key: 'k', size: room - 10 }]);
        await store.put('kk', Buffer.alloc(7));
        expect((await store.info()).used.bytes).toBe(limits.bytes);
        await store.put('k', '');
        await store.put('k', Buffer.alloc(room - 10));
        expect(await errorOf(other.put('x', ''))).toMatchObject(FULL);
      });
    },
    TEST_MS,
  );
}
