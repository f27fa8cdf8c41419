// SPDX-License-Identifier: MIT
import { freshStore, type OpenStore } from './store.js';

/** list, keys, and the separation of domains. */
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

  test('a start need not exist, nor lie within the prefix', async () => {
    await store().batch(['a', 'b/1', 'b/2', 'c'].map((key) => ({ type: 'put', key, value: '' })));
    const names = async (options: object) => (await store().list(options)).map(({ key }) => key);
    expect(await names({ after: 'a+' })).toEqual(['b/1', 'b/2', 'c']);
    expect(await names({ prefix: 'b/', after: 'a' })).toEqual(['b/1', 'b/2']);
    expect(await names({ prefix: 'b/', after: 'c' })).toEqual([]);
    expect(await names({ prefix: 'b/', after: 'b/' })).toEqual(['b/1', 'b/2']);
    expect(await names({ prefix: 'b/1', after: 'b/1' })).toEqual([]);
    expect(await names({ prefix: '', limit: 1, after: 'b/1' })).toEqual(['b/2']);
    expect(await names({ after: '\u{10ffff}' })).toEqual([]);
    expect(await names({ limit: 0xffff_ffff })).toEqual(['a', 'b/1', 'b/2', 'c']);
  });

  test('page after page of any size comes to the same', async () => {
    const keys = await fill(50);
    for (const limit of [1, 7, 50, 51]) {
      const paged: string[] = [];
      for (let after: string | undefined; ;) {
        const page: { key: string }[] = await store().list({ limit, after });
        paged.push(...page.map(({ key }) => key));
        after = page.at(-1)?.key;
        if (page.length < limit) break;
      }
      expect(paged).toEqual(keys);
    }
  });

  test('list, stat and getEntry tell the same', async () => {
    await store().batch([
      { type: 'put', key: 'a', value: '' },
      { type: 'put', key: 'b', value: Buffer.alloc(4000) },
      { type: 'put', key: 'ü', value: 'ü' },
    ]);
    await store().put('a', '123');
    for (const { key, size, revision } of await store().list()) {
      expect(await store().stat(key)).toEqual({ size, revision });
      const entry = await store().getEntry(key);
      expect([entry?.key, entry?.value.length, entry?.revision]).toEqual([key, size, revision]);
    }
    expect(await store().getEntry('no')).toBeNull();
    expect(await store().stat('no')).toBeNull();
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
