// SPDX-License-Identifier: MIT
/** The storage adapter for Keyv by itself; test/adapters runs it under Keyv. */
import fc from 'fast-check';

import { decodeExpiring, encodeExpiring } from '../../src-ts/keyv/expiry.js';
import { KeyvSecureStorage } from '../../src-ts/keyv/index.js';
import { MemoryTee } from '../../src-ts/testing/index.js';
import type { SecureStorage } from '../../src-ts/index.js';
import { errorOf } from '../conformance/errors.js';

let tee: MemoryTee;
let store: SecureStorage;
let adapter: KeyvSecureStorage;
beforeEach(async () => {
  tee = await MemoryTee.create();
  store = await tee.open();
  adapter = new KeyvSecureStorage({ store });
});
afterEach(() => tee.close());

/** Lets the time to live of what is stored pass, without waiting. */
const later = (ms: number) => jest.spyOn(Date, 'now').mockReturnValue(Date.now() + ms);
afterEach(() => jest.restoreAllMocks());

async function all(namespace?: string): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  for await (const entry of adapter.iterator(namespace)) entries.push(entry);
  return entries;
}

describe('what is stored', () => {
  test('are the keys and texts of Keyv, as the command line shows and sets them', async () => {
    await adapter.set('keyv:token', '{"value":"x"}');
    expect(await store.get('keyv:token', { encoding: 'utf8' })).toBe('{"value":"x"}');
    await store.put('keyv:other', '{"value":"by hand"}');
    expect(await adapter.get('keyv:other')).toBe('{"value":"by hand"}');
  });

  test('comes back as it was, whatever text it is', async () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.integer({ min: -5, max: 2 ** 50 }), { nil: undefined }), (text, ttl) => {
        const { text: back, expires } = decodeExpiring(encodeExpiring(text, ttl));
        expect(back).toBe(text);
        expect(expires === undefined).toBe(!ttl);
      }),
    );
    for (const text of ['', '@', '@:', '@5:', '@x:', '@1:@2:']) {
      await adapter.set('k', text);
      expect(await adapter.get('k')).toBe(text);
    }
  });

  test('text with an at sign that somebody else stored is taken as it is', () => {
    expect(decodeExpiring('@home')).toEqual({ text: '@home', expires: undefined });
  });

  test('keys may have any characters but half of a surrogate pair', async () => {
    for (const key of ['a\nb', 'a%0Ab', '%', '\0', '\u{1f511}', "'"])
      await adapter.set(key, `of ${JSON.stringify(key)}`);
    expect(new Map(await all())).toEqual(
      new Map(['a\nb', 'a%0Ab', '%', '\0', '\u{1f511}', "'"].map((key) => [key, `of ${JSON.stringify(key)}`])),
    );
    expect(await errorOf(adapter.set('\udc00', 'x'))).toMatchObject({ code: 'ERR_INVALID_KEY' });
    expect(await errorOf(adapter.set('', 'x'))).toMatchObject({ code: 'ERR_INVALID_KEY' });
    expect(await errorOf(adapter.set('k'.repeat(1025), 'x'))).toMatchObject({ code: 'ERR_KEY_TOO_LONG' });
  });

  test('must be text', async () => {
    const error = await errorOf(adapter.set('k', { value: 's3cret' }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(error.message).not.toContain('s3cret');
    expect(await errorOf(adapter.setMany([{ key: 'k', value: 5 }]))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});

describe('expiry', () => {
  test.each([
    ['get', async () => (await adapter.get('k')) === undefined],
    ['getMany', async () => (await adapter.getMany(['k']))[0] === undefined],
    ['has', async () => !(await adapter.has('k'))],
    ['hasMany', async () => (await adapter.hasMany(['k']))[0] === false],
    ['iterator', async () => (await all()).length === 0],
  ])('%s finds what has time to live left, and deletes what has not', async (_name, isGone) => {
    await adapter.set('k', 'v', 1000);
    expect(await isGone()).toBe(false);
    later(1000);
    expect(await isGone()).toBe(true);
    expect(await store.has('k')).toBe(false);
  });

  test('what was stored anew meanwhile is not deleted', async () => {
    await adapter.set('k', 'old', 1000);
    const getEntry = store.getEntry.bind(store);
    store.getEntry = (async (...args: Parameters<typeof getEntry>) => {
      const entry = await getEntry(...args);
      await store.put('k', 'new');
      return entry;
    }) as typeof store.getEntry;
    later(1000);
    expect(await adapter.get('k')).toBeUndefined();
    expect(await store.get('k', { encoding: 'utf8' })).toBe('new');
  });

  test.each([undefined, 0, NaN, Infinity])('a time to live of %s is none', async (ttl) => {
    await adapter.set('k', 'v', ttl);
    later(2 ** 40);
    expect(await adapter.get('k')).toBe('v');
  });
});

describe('many', () => {
  test('are stored and deleted in one step each, or not at all', async () => {
    const stored = (await adapter.setMany([
      { key: 'a', value: '1' },
      { key: 'b', value: '2', ttl: 1000 },
      { key: 'a', value: '3' },
    ])) as unknown;
    expect(stored).toEqual([true, true, true]);
    expect(await adapter.getMany(['b', 'c', 'a', 'b'])).toEqual(['2', undefined, '3', '2']);
    expect(await adapter.hasMany(['a', 'c'])).toEqual([true, false]);
    expect(
      await errorOf(
        adapter.setMany([
          { key: 'a', value: 'x' },
          { key: '', value: 'x' },
        ]),
      ),
    ).toMatchObject({
      code: 'ERR_INVALID_KEY',
    });
    expect(await adapter.get('a')).toBe('3');
    expect(await adapter.deleteMany(['a', 'a', 'b'])).toBe(true);
    expect(await adapter.deleteMany(['a'])).toBe(false);
    expect(await store.keys()).toEqual([]);
  });

  test('may be more than one request holds when they are read or deleted', async () => {
    const keys = Array.from({ length: 1500 }, (_none, index) => `k${String(index)}`);
    await adapter.setMany(keys.slice(0, 1000).map((key) => ({ key, value: key })));
    await adapter.setMany(keys.slice(1000).map((key) => ({ key, value: key })));
    expect(await adapter.getMany(keys)).toEqual(keys);
    expect(await adapter.deleteMany(keys)).toBe(true);
    expect(await store.keys()).toEqual([]);
    expect(await errorOf(adapter.setMany(keys.map((key) => ({ key, value: '' }))))).toMatchObject({
      code: 'ERR_BATCH_TOO_LARGE',
    });
  });
});

describe('namespaces', () => {
  test('clear() and iterator() keep to theirs, without one to all', async () => {
    await adapter.setMany(['a:1', 'a:2', 'b:1', 'ab:1', 'a'].map((key) => ({ key, value: key })));
    expect(await all('a')).toEqual([
      ['a:1', 'a:1'],
      ['a:2', 'a:2'],
    ]);
    adapter.namespace = 'a';
    await adapter.clear();
    expect(await store.keys()).toEqual(['a', 'ab:1', 'b:1']);
    expect(await all()).toEqual([]);
    adapter.namespace = undefined;
    await adapter.clear();
    expect(await store.keys()).toEqual([]);
  });
});

describe('failures', () => {
  test('of get() are told to listeners too, once each; others only reject', async () => {
    const heard: unknown[] = [];
    tee.fail({ kind: 'corrupt', operation: 'get', times: 2 });
    expect(await errorOf(adapter.get('k'))).toMatchObject({ code: 'ERR_CORRUPT' });
    adapter.on('error', (error) => heard.push(error));
    const error = await errorOf(adapter.get('k'));
    expect(heard).toEqual([error]);
    tee.fail({ kind: 'no-space' });
    expect(await errorOf(adapter.set('k', 'v'))).toMatchObject({ code: 'ERR_NO_SPACE' });
    expect(heard).toHaveLength(1);
  });

  test('disconnect() leaves a given store open', async () => {
    await adapter.disconnect();
    await adapter.set('k', 'v');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('v');
  });
});
