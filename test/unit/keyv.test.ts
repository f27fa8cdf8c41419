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

  test.each([undefined, null, 0, Infinity])('a time to live of %s is none', async (ttl) => {
    await adapter.set('k', 'v', ttl as unknown as number);
    later(2 ** 40);
    expect(await adapter.get('k')).toBe('v');
  });

  test.each([NaN, -Infinity, 1e300, '5', '', true, false, 5n, {}, [5], new Date(5)])(
    'a time to live of %p is refused, and nothing is stored',
    async (ttl) => {
      const attempts = [
        adapter.set('k', 'v', ttl as number),
        adapter.setMany([{ key: 'k', value: 'v', ttl: ttl as number }]) as Promise<unknown>,
      ];
      for (const attempt of attempts) expect(await errorOf(attempt)).toMatchObject({ code: 'ERR_INVALID_ARG' });
      expect(await store.keys()).toEqual([]);
    },
  );
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
  /** What Keyv 5 does with an adapter and its keys. */
  const five = (namespace?: string, { useKeyPrefix = true, over = new KeyvSecureStorage({ store }) } = {}) => {
    over.on('error', () => undefined);
    over.namespace = namespace;
    const keyOf = (key: string) => (useKeyPrefix && namespace ? `${namespace}:${key}` : key);
    return { over, set: (key: string) => over.set(keyOf(key), key), get: (key: string) => over.get(keyOf(key)), keyOf };
  };
  /** What Keyv 6 stores. */
  const six = (namespace: string, key: string) => adapter.set(`${namespace}::${key}`, key);
  const keysOf = async (entries: AsyncGenerator<[string, string]>) => {
    const keys: string[] = [];
    for await (const [key] of entries) keys.push(key);
    return keys;
  };

  test('an adapter has no such property until it is set, as Keyv 6 wants it', () => {
    expect('namespace' in adapter).toBe(false);
    adapter.namespace = 'a';
    expect([adapter.namespace, 'namespace' in adapter]).toEqual(['a', true]);
    expect(adapter).toBeInstanceOf(KeyvSecureStorage);
    class Own extends KeyvSecureStorage {
      own = 1;
    }
    const own = new Own({ store });
    expect([own instanceof Own, own.own, 'namespace' in own]).toEqual([true, 1, false]);
  });

  test.each<[string | undefined, string | undefined]>([
    ['a', 'b'],
    ['a', undefined],
    [undefined, 'a'],
    ['', 'a'],
    ['a', 'ab'],
    ['keyv', 'a'],
  ])('one adapter for %p and %p is refused, and the first goes on', async (first, second) => {
    const one = five(first, { over: adapter });
    await one.set('x');
    expect(() => five(second, { over: adapter })).toThrow(/new KeyvSecureStorage\(\{ store \}\)/);
    expect(() => five(first, { over: adapter })).not.toThrow();
    expect(await one.get('x')).toBe('x');
    expect(await keysOf(adapter.iterator())).toEqual([one.keyOf('x')]);
    await adapter.clear();
    expect(await store.keys()).toEqual([]);
  });

  test('adapters of their own over one store reach no other', async () => {
    const [a, b, ab] = [five('a'), five('b'), five('ab')];
    for (const one of [a, b, ab]) await one.set('x');
    await six('a', 'x');
    expect(await keysOf(a.over.iterator())).toEqual(['a:x']);
    await a.over.clear();
    expect(await store.keys()).toEqual(['a::x', 'ab:x', 'b:x']);
    await b.over.clear();
    expect(await store.keys()).toEqual(['a::x', 'ab:x']);
    expect(await keysOf(adapter.iterator('a'))).toEqual(['a::x']);
    expect(await keysOf(adapter.iterator('ab'))).toEqual([]);
  });

  test.each([
    ['a key that could be of a longer namespace', 'a::b::x'],
    ['a key that begins as one', 'a::::x'],
    ['a namespace that ends with a colon, or a key that begins with one', 'a:::x'],
    ['two ends', 'a::b::'],
  ])('of Keyv 6, %s is refused', async (_what, key) => {
    const refused = { code: 'ERR_INVALID_ARG' };
    await expect(adapter.set(key, 'v')).rejects.toMatchObject(refused);
    await expect(adapter.get(key)).rejects.toMatchObject(refused);
    await expect(adapter.delete(key)).rejects.toMatchObject(refused);
    await expect(adapter.setMany([{ key, value: 'v' }])).rejects.toMatchObject(refused);
    expect(await store.keys()).toEqual([]);
  });

  test.each(['a::b', 'a:', '::', 'a::'])('of Keyv 6, a namespace %p is refused', async (namespace) => {
    await expect(all(namespace)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test.each(['a:b', ':', 'a:', ':a'])('a namespace %p has no end that can be told, and is refused', (namespace) => {
    expect(() => five(namespace)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG' }) as Error);
  });

  test.each<[string, string]>([
    ['without Keyv’s prefix', 'x'],
    ['of another namespace', 'b:x'],
    ['of Keyv 6', 'a::x'],
    ['that is the namespace', 'a'],
    ['that begins like it', 'ab:x'],
  ])('a key %s is refused by every method, and nothing is stored', async (_what, key) => {
    const { over } = five('a', { useKeyPrefix: false });
    const calls = [
      () => over.set(key, 'v'),
      () => over.setMany([{ key, value: 'v' }]) as Promise<unknown>,
      () => over.get(key),
      () => over.getMany(['a:x', key]),
      () => over.has(key),
      () => over.hasMany([key]),
      () => over.delete(key),
      () => over.deleteMany([key]),
    ];
    for (const call of calls) {
      const error = await errorOf(call());
      expect(error).toMatchObject({ code: 'ERR_INVALID_ARG' });
      expect(error.message).toContain('useKeyPrefix');
    }
    expect(await store.keys()).toEqual([]);
  });

  test('clear() without one empties the domain', async () => {
    const all = five();
    await all.set('x');
    await six('a', 'x');
    await all.over.clear();
    expect(await store.keys()).toEqual([]);
  });
});

describe('arguments of another kind', () => {
  const wrongKeys = [undefined, null, 5, {}, ['k'], Symbol('k'), { replace: () => 'k', startsWith: () => true }];
  type Call = (one: never) => Promise<unknown>;
  const methods: [string, Call][] = [
    ['get', (key) => adapter.get(key)],
    ['getMany', (key) => adapter.getMany(['k', key])],
    ['set', (key) => adapter.set(key, 'v')],
    ['setMany', (key) => adapter.setMany([{ key, value: 'v' }]) as Promise<unknown>],
    ['delete', (key) => adapter.delete(key)],
    ['deleteMany', (key) => adapter.deleteMany([key])],
    ['has', (key) => adapter.has(key)],
    ['hasMany', (key) => adapter.hasMany([key])],
  ];
  test.each(methods)('a key of %s', async (_name, call) => {
    for (const wrong of wrongKeys)
      expect(await errorOf(call(wrong as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  const lists: [string, Call][] = [
    ['getMany', (list) => adapter.getMany(list)],
    ['hasMany', (list) => adapter.hasMany(list)],
    ['deleteMany', (list) => adapter.deleteMany(list)],
    ['setMany', (list) => adapter.setMany(list) as Promise<unknown>],
  ];
  test.each(lists)('the list of %s', async (_name, call) => {
    for (const wrong of [undefined, null, 5, {}, 'k', [null], [undefined], [5]])
      expect(await errorOf(call(wrong as never))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(await store.keys()).toEqual([]);
  });

  test('a store that is none', () => {
    const traps = new Proxy(
      {},
      {
        get: () => {
          throw new Error('not ours');
        },
      },
    );
    for (const wrong of [null, 5, 'store', {}, { getEntry() {} }, traps]) {
      expect(() => new KeyvSecureStorage({ store: wrong as never })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG' }) as Error,
      );
    }
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
