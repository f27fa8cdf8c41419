// SPDX-License-Identifier: MIT
import { freshStore, type OpenStore } from './store.js';

/** list, keys, entries, and the separation of domains. */
export function listingSuite(open: OpenStore): void {
  const store = freshStore(open);

  const fill = async (count: number) => {
    const keys = Array.from({ length: count }, (_, index) => `k${String(index).padStart(5, '0')}`);
    await store().batch(keys.map((key) => ({ type: 'put', key, value: key })));
    return keys;
  };

  test('keys come in the order of their bytes', async () => {
    const sorted = ['B', 'a', 'a/b', 'ab', 'z', 'ä', '\uffee', '\u{1f511}'];
    for (const key of [...sorted].reverse()) await store().put(key, '');
    expect(await store().keys()).toEqual(sorted);
  });

  test('list tells size and revision, and finds by prefix, start and number', async () => {
    await store().put('a', '123');
    const { revision } = await store().put('b/1', '');
    await store().put('b/2', '');
    await store().put('c', '');
    expect((await store().list())[0]).toMatchObject({ key: 'a', size: 3 });
    const names = async (options: object) => (await store().list(options)).map(({ key }) => key);
    expect(await names({ prefix: 'b/' })).toEqual(['b/1', 'b/2']);
    expect(await names({ after: 'b/1' })).toEqual(['b/2', 'c']);
    expect(await names({ after: 'b' })).toEqual(['b/1', 'b/2', 'c']);
    expect(await names({ prefix: 'b/', after: 'b/1' })).toEqual(['b/2']);
    expect(await names({ limit: 3 })).toEqual(['a', 'b/1', 'b/2']);
    expect(await names({ prefix: 'x' })).toEqual([]);
    expect(await store().list({ prefix: 'b/1' })).toEqual([{ key: 'b/1', size: 0, revision }]);
  });

  test('more keys than one answer holds are all listed, or as many as are wanted', async () => {
    // Some 60 of these fill an answer.
    const keys = Array.from({ length: 100 }, (_, index) => `${'x'.repeat(1000)}${String(index).padStart(4, '0')}`);
    await store().batch(keys.map((key) => ({ type: 'put', key, value: '' })));
    expect(await store().keys()).toEqual(keys);
    expect(await store().list({ limit: 99 })).toHaveLength(99);
    expect(await store().keys({ prefix: 'x'.repeat(1000) })).toEqual(keys);
  });

  test('entries walks through keys and values, more than it fetches at once', async () => {
    const keys = await fill(150);
    const seen: string[] = [];
    for await (const { key, value, revision } of store().entries({ encoding: 'utf8' })) {
      expect(value).toBe(key);
      expect(revision).toBeGreaterThan(0);
      seen.push(key);
    }
    expect(seen).toEqual(keys);
  });

  test('entries of a prefix, as Buffers, left early', async () => {
    await store().put('a', '1');
    await store().put('b/1', '2');
    await store().put('b/2', '3');
    for await (const { key, value } of store().entries({ prefix: 'b/' })) {
      expect([key, value]).toEqual(['b/1', Buffer.from('2')]);
      break;
    }
  });

  test('exactly one page of entries ends', async () => {
    await fill(64);
    let count = 0;
    for await (const { value } of store().entries()) count += value.length > 0 ? 1 : 0;
    expect(count).toBe(64);
  });

  test('a domain is apart from another, and the same for two stores', async () => {
    const domain = `shared ${String(Date.now())}`;
    const [one, two] = [await open({ domain }), await open({ domain })];
    try {
      await one.put('k', 'of both');
      expect((await two.get('k'))?.toString()).toBe('of both');
      expect(await store().get('k')).toBeNull();
      await store().put('k', 'of one');
      expect(await two.clear({ confirm: true })).toBe(1);
      expect(await store().has('k')).toBe(true);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });
}
