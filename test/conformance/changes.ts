// SPDX-License-Identifier: MIT

import { errorOf } from './errors.js';
import { freshStore, type OpenStore } from './store.js';

/** Revisions, conditions, deletes, clear. */
export function changeSuite(open: OpenStore): void {
  const store = freshStore(open);
  const revisionOf = async (key: string) => (await store().stat(key))?.revision;

  describe('revisions', () => {
    test('rise with each change and are the ones reported', async () => {
      const first = (await store().put('k', '1')).revision;
      const second = (await store().put('k', '1')).revision;
      expect(second).toBeGreaterThan(first);
      expect(await revisionOf('k')).toBe(second);
      expect(await store().getEntry('k', { encoding: 'utf8' })).toEqual({ key: 'k', value: '1', revision: second });
    });

    test('are never used again after a delete', async () => {
      const { revision } = await store().put('k', '1');
      await store().delete('k');
      await store().put('k', '1');
      expect(await errorOf(store().put('k', '2', { ifRevision: revision }))).toMatchObject({ code: 'ERR_CONFLICT' });
    });

    test('rise over all keys and domains of an owner, and over a clear', async () => {
      const other = await open({ domain: `revisions ${String(Date.now())}` });
      try {
        const revisions: number[] = [];
        for (const [target, key] of [
          [store(), 'a'],
          [other, 'a'],
          [store(), 'b'],
          [other, 'b'],
        ] as const) {
          revisions.push((await target.put(key, '')).revision);
        }
        await store().clear({ confirm: true });
        revisions.push((await store().generate('a')).revision);
        expect([...new Set(revisions)].sort((a, b) => a - b)).toEqual(revisions);
      } finally {
        await other.clear({ confirm: true });
        await other.close();
      }
    });

    test('change with nothing but a change', async () => {
      const { revision } = await store().put('k', '1');
      await errorOf(store().put('k', '2', { ifAbsent: true }));
      await errorOf(store().generate('k', { ifRevision: revision + 1 }));
      await errorOf(store().delete('k', { ifRevision: revision + 1 }));
      await store().get('k');
      await store().put('other', '');
      expect(await revisionOf('k')).toBe(revision);
    });
  });

  describe('conditions of put', () => {
    test('ifAbsent stores only what is new', async () => {
      await store().put('k', 'first', { ifAbsent: true });
      const error = await errorOf(store().put('k', 'second', { ifAbsent: true }));
      expect(error).toMatchObject({ code: 'ERR_EXISTS', operation: 'put', key: 'k', outcomeUnknown: false });
      expect((await store().get('k'))?.toString()).toBe('first');
    });

    test('ifRevision stores only over what was read', async () => {
      const { revision } = await store().put('k', '1');
      await store().put('k', '2', { ifRevision: revision });
      expect(await errorOf(store().put('k', '3', { ifRevision: revision }))).toMatchObject({ code: 'ERR_CONFLICT' });
      expect((await store().get('k'))?.toString()).toBe('2');
      await store().delete('k');
      expect(await errorOf(store().put('k', '3', { ifRevision: revision }))).toMatchObject({ code: 'ERR_CONFLICT' });
    });

    test('ifRevision 0 means absent, ifAbsent false nothing', async () => {
      await store().put('k', '1', { ifRevision: 0 });
      expect(await errorOf(store().put('k', '2', { ifRevision: 0 }))).toMatchObject({ code: 'ERR_EXISTS' });
      await store().put('k', '3', { ifAbsent: false });
      expect((await store().get('k'))?.toString()).toBe('3');
    });
  });

  describe('returnPrevious', () => {
    test('gives the value before, null if there was none, and empty if it was', async () => {
      expect(await store().put('k', '', { returnPrevious: true })).toMatchObject({ previous: null });
      expect(await store().put('k', 'b', { returnPrevious: true })).toMatchObject({ previous: Buffer.alloc(0) });
      expect((await store().put('k', 'c', { returnPrevious: true })).previous?.toString()).toBe('b');
      expect(await store().put('k', 'd')).not.toHaveProperty('previous');
    });

    test('goes with conditions; what fails returns nothing and changes nothing', async () => {
      const given = await store().put('k', '1', { returnPrevious: true, ifAbsent: true });
      expect(given).toEqual({ revision: expect.any(Number) as number, previous: null });
      const swap = { returnPrevious: true, ifRevision: given.revision } as const;
      expect((await store().put('k', '2', swap)).previous).toEqual(Buffer.from('1'));
      expect(await errorOf(store().put('k', '3', swap))).toMatchObject({ code: 'ERR_CONFLICT', key: 'k' });
      expect(await store().get('k', { encoding: 'utf8' })).toBe('2');
      expect(await store().put('k', '3', { returnPrevious: false })).not.toHaveProperty('previous');
    });
  });

  describe('delete', () => {
    test('tells whether there was something', async () => {
      await store().put('k', '1');
      expect(await store().delete('k')).toBe(true);
      expect(await store().delete('k')).toBe(false);
      expect(await store().has('k')).toBe(false);
      expect(await store().stat('k')).toBeNull();
    });

    test('keeps its condition', async () => {
      const { revision } = await store().put('k', '1');
      await store().put('k', '2');
      const error = await errorOf(store().delete('k', { ifRevision: revision }));
      expect(error).toMatchObject({ code: 'ERR_CONFLICT', operation: 'delete', key: 'k' });
      expect(await store().delete('k', { ifRevision: (await revisionOf('k')) ?? 0 })).toBe(true);
      expect(await errorOf(store().delete('k', { ifRevision: revision }))).toMatchObject({ code: 'ERR_CONFLICT' });
    });
  });

  describe('clear', () => {
    test('deletes what has the prefix and nothing else', async () => {
      for (const key of ['a', 'a/1', 'a/2', 'b']) await store().put(key, key);
      expect(await store().clear({ prefix: 'a/', confirm: true })).toBe(2);
      expect(await store().keys()).toEqual(['a', 'b']);
      expect(await store().clear({ confirm: true })).toBe(2);
      expect(await store().clear({ confirm: true })).toBe(0);
    });

    test('of a prefix is about bytes, not about characters or parts of a path', async () => {
      const keys = ['a', 'a/', 'a/b', 'ab', 'ä', 'ä/1', 'äb'];
      await store().batch(keys.map((key) => ({ type: 'put', key, value: '' })));
      expect(await store().clear({ prefix: 'a/b/', confirm: true })).toBe(0);
      expect(await store().clear({ prefix: 'ä', confirm: true })).toBe(3);
      expect(await store().clear({ prefix: 'a/', confirm: true })).toBe(2);
      expect(await store().keys()).toEqual(['a', 'ab']);
      expect(await store().clear({ prefix: 'ab', confirm: true })).toBe(1);
      expect(await store().clear({ prefix: '', confirm: true })).toBe(1);
    });

    test('of very many keys leaves the few of another domain', async () => {
      const other = await open({ domain: `few ${String(Date.now())}` });
      try {
        await other.put('k', 'kept');
        for (const part of ['a', 'b', 'c']) {
          const keys = Array.from({ length: 1000 }, (_, index) => `${part}${String(index)}`);
          await store().batch(keys.map((key) => ({ type: 'put', key, value: '' })));
        }
        expect(await store().clear({ confirm: true })).toBe(3000);
        expect((await other.get('k'))?.toString()).toBe('kept');
        expect(await store().keys()).toEqual([]);
      } finally {
        await other.clear({ confirm: true });
        await other.close();
      }
    });

    test('does not happen unconfirmed', async () => {
      await store().put('k', 'v');
      for (const options of [undefined, {}, { confirm: false }, { confirm: 'yes' }, { prefix: 'k' }]) {
        expect(await errorOf(store().clear(options as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
      }
      expect(await store().has('k')).toBe(true);
    });
  });
}
