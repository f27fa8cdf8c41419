// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';

import { errorOf } from './errors.js';
import { freshStore, type OpenStore, type Store } from './store.js';

/** Wrong calls. */
export function misuseSuite(open: OpenStore): void {
  const store = freshStore(open);
  type Wrong = [string, (s: Store) => Promise<unknown>, string];
  const wrong = (value: unknown) => value as never;

  test.each<Wrong>([
    ['get without a key', (s) => s.get(wrong(undefined)), 'key must be a string; received undefined'],
    ['get of a number', (s) => s.get(wrong(5)), 'key must be a string; received a number'],
    ['put of a number', (s) => s.put('k', wrong(5)), 'value must be a string or a Uint8Array; received a number'],
    ['put of an array', (s) => s.put('k', wrong([1])), 'received an instance of Array'],
    ['put of half a surrogate pair', (s) => s.put('k', '\ud83d'), 'value must be well-formed Unicode'],
    ['a misspelt option', (s) => s.put('k', 'v', wrong({ ifAbsnt: true })), "unknown property 'ifAbsnt'"],
    ['an option of another method', (s) => s.get('k', wrong({ ifAbsent: true })), "unknown property 'ifAbsent'"],
    ['options that are null', (s) => s.get('k', wrong(null)), 'options must be an object; received null'],
    ['options that are a string', (s) => s.get('k', wrong('utf8')), 'options must be an object; received a string'],
    [
      'an unknown encoding',
      (s) => s.get('k', wrong({ encoding: 'latin1' })),
      "'utf8' or 'base64' or 'hex'; received another string",
    ],
    ['a condition that is no boolean', (s) => s.put('k', 'v', wrong({ ifAbsent: 1 })), 'ifAbsent must be a boolean'],
    ['a revision below 0', (s) => s.put('k', 'v', { ifRevision: -1 }), 'ifRevision must be an integer'],
    ['a revision with a fraction', (s) => s.put('k', 'v', { ifRevision: 1.5 }), 'ifRevision must be an integer'],
    ['a revision beyond 2^53', (s) => s.put('k', 'v', { ifRevision: 2 ** 53 }), 'ifRevision must be an integer'],
    ['a revision as bigint', (s) => s.put('k', 'v', wrong({ ifRevision: 1n })), 'received a bigint'],
    ['two conditions', (s) => s.put('k', 'v', { ifAbsent: true, ifRevision: 1 }), 'both ifAbsent and ifRevision'],
    ['delete of revision 0', (s) => s.delete('k', { ifRevision: 0 }), 'from 1 to'],
    ['a time-out of 0', (s) => s.get('k', { timeoutMs: 0 }), 'timeoutMs must be an integer from 1'],
    ['an endless time-out', (s) => s.get('k', { timeoutMs: Infinity }), 'timeoutMs must be an integer from 1'],
    ['a signal that is none', (s) => s.get('k', wrong({ signal: {} })), 'signal must be an AbortSignal'],
    ['getMany of a string', (s) => s.getMany(wrong('k')), 'keys must be an array of strings'],
    ['getMany of a number', (s) => s.getMany(wrong(['k', 5])), 'keys[1] must be a string'],
    ['a limit of 0', (s) => s.list({ limit: 0 }), 'limit must be an integer from 1'],
    ['a prefix that is no string', (s) => s.list(wrong({ prefix: 5 })), 'prefix must be a string'],
    ['generate of nothing', (s) => s.generate('k', { size: 0 }), 'size must be an integer from 1 to 1048576'],
    ['generate of too much', (s) => s.generate('k', { size: 1048577 }), 'size must be an integer from 1 to 1048576'],
    ['generate as UTF-8', (s) => s.generate('k', wrong({ encoding: 'utf8' })), "'base64' or 'hex'"],
    ['generate with a fraction', (s) => s.generate('k', { size: 1.5 }), 'size must be an integer'],
    ['generate with both conditions', (s) => s.generate('k', { ifAbsent: true, ifRevision: 0 }), 'both ifAbsent'],
    ['an ArrayBuffer as value', (s) => s.put('k', wrong(new ArrayBuffer(1))), 'received an instance of ArrayBuffer'],
    ['a Uint16Array as value', (s) => s.put('k', wrong(new Uint16Array(1))), 'received an instance of Uint16Array'],
    ['a value that is missing', (s) => s.put('k', wrong(undefined)), 'received undefined'],
    ['a limit with a fraction', (s) => s.list({ limit: 0.5 }), 'limit must be an integer from 1'],
    ['a limit beyond 32 bits', (s) => s.list({ limit: 2 ** 32 }), 'limit must be an integer from 1'],
    ['a limit of keys', (s) => s.keys(wrong({ limit: 1 })), "unknown property 'limit'"],
    ['entries after a key', (s) => s.entries(wrong({ after: 'k' })).next(), "unknown property 'after'"],
    ['clear that is not confirmed', (s) => s.clear(wrong({})), 'confirm must be true'],
    ['info with a key', (s) => s.info(wrong('k')), 'options must be an object'],
    ['batch of an object', (s) => s.batch(wrong({})), 'operations must be an array'],
  ])('%s is refused and changes nothing', async (_name, call, text) => {
    const error = await errorOf(call(store()));
    expect(error.code).toBe('ERR_INVALID_ARG');
    expect(error.message).toContain(text);
    expect(await store().keys()).toEqual([]);
  });

  test.each<Wrong>([
    ['an empty key', (s) => s.get(''), 'ERR_INVALID_KEY'],
    ['a key with a control character', (s) => s.put('a\n', 'v'), 'ERR_INVALID_KEY'],
    ['half a surrogate pair in a key', (s) => s.stat('\udc00'), 'ERR_INVALID_KEY'],
    ['a long key', (s) => s.put('ä'.repeat(513), 'v'), 'ERR_KEY_TOO_LONG'],
    ['a long prefix', (s) => s.keys({ prefix: 'x'.repeat(1025) }), 'ERR_KEY_TOO_LONG'],
    ['an empty start', (s) => s.list({ after: '' }), 'ERR_INVALID_KEY'],
    ['a large value', (s) => s.put('k', Buffer.alloc(1024 * 1024 + 1)), 'ERR_VALUE_TOO_LARGE'],
    ['entries of a bad prefix', (s) => s.entries({ prefix: '\0' }).next(), 'ERR_INVALID_KEY'],
  ])('%s is refused and changes nothing', async (_name, call, code) => {
    expect((await errorOf(call(store()))).code).toBe(code);
    expect(await store().keys()).toEqual([]);
  });

  test.each([
    ['a domain that is empty', { domain: '' }],
    ['a domain that is too long', { domain: 'x'.repeat(65) }],
    ['a group below 0', { group: -1 }],
    ['a UUID that is none', { taUuid: 'ff06ae7c' }],
    ['another option', { Domain: 'x' }],
  ])('open with %s is refused', async (_name, options) => {
    expect(await errorOf(open(wrong(options)))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test.each([
    ['a backend that there is not', { backend: 'x' }, 'backend'],
    ['a domain that is no string', { domain: 5 }, 'options.domain must be a string'],
    ['a group that is a name', { group: 'staff' }, 'options.group must be an integer'],
    ['options that are a string', 'optee', 'options must be an object'],
    ['options that are null', null, 'options must be an object'],
    ['a signal that is none', { signal: 'x' }, 'options.signal must be an AbortSignal'],
  ])('open with %s is refused by name', async (_name, options, text) => {
    const error = await errorOf(open(wrong(options)));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(error.message).toContain(text);
  });

  test('an error says what failed and on which key, and never the value', async () => {
    await store().put('k', 'secret of before');
    const failing: ((s: Store) => Promise<unknown>)[] = [
      (s) => s.put('k', 's3cret', { ifAbsent: true }),
      (s) => s.batch([{ type: 'put', key: 'k', value: 's3cret', ifRevision: 1e9 }]),
      (s) => s.put('k', wrong(['s3cret'])),
      (s) => s.put('s3cret\n', 'v'),
      (s) => s.get('k', wrong({ encoding: 's3cret' })),
    ];
    for (const call of failing) {
      const error = await errorOf(call(store()));
      const shown = `${error.message} ${JSON.stringify(error)} ${String(error)} ${inspect(error, { depth: 9 })}`;
      expect(shown.replaceAll(error.stack ?? '', '')).not.toMatch(/s3cret|secret/);
      expect(error.code).toMatch(/^ERR_[A-Z_]+$/);
    }
  });
}
