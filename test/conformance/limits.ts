// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

import type { Backend } from './backend.js';
import { errorOf } from './errors.js';
import { freshStore, type Store } from './store.js';

const MIB = 1024 * 1024;

/** What a key, a value, a domain may be, up to the last byte and not one beyond. */
export function limitSuite({ open, distant }: Backend): void {
  const store = freshStore(open);

  /** Every method that takes a key. */
  type WithKey = [string, (s: Store, key: string) => Promise<unknown>];
  const methods: WithKey[] = [
    ['get', (s, key) => s.get(key)],
    ['getEntry', (s, key) => s.getEntry(key)],
    ['getMany', (s, key) => s.getMany(['fine', key])],
    ['put', (s, key) => s.put(key, 'v')],
    ['delete', (s, key) => s.delete(key)],
    ['has', (s, key) => s.has(key)],
    ['stat', (s, key) => s.stat(key)],
    ['generate', (s, key) => s.generate(key)],
    ['batch', (s, key) => s.batch([{ type: 'put', key, value: 'v' }])],
    ['batch, deleting', (s, key) => s.batch([{ type: 'delete', key }])],
    ['list after', (s, key) => s.list({ after: key })],
  ];
  /** Those that take the beginning of keys, which may be empty. */
  const withPrefix: WithKey[] = [
    ['list', (s, prefix) => s.list({ prefix })],
    ['keys', (s, prefix) => s.keys({ prefix })],
    ['entries', (s, prefix) => s.entries({ prefix }).next()],
    ['clear', (s, prefix) => s.clear({ prefix, confirm: true })],
  ];

  const tooLong = ['k'.repeat(1025), 'ä'.repeat(513), `${'🔑'.repeat(256)}k`];
  const ofLimit = ['k'.repeat(1024), 'ä'.repeat(512), '🔑'.repeat(256), 'k'];

  test.each([...methods, ...withPrefix])('%s: a key of 1 to 1024 bytes and no longer', async (_name, call) => {
    for (const key of ofLimit) await call(store(), key);
    await store().clear({ confirm: true });
    for (const key of tooLong) {
      const error = await errorOf(call(store(), key));
      expect(error.code).toBe('ERR_KEY_TOO_LONG');
      // What is not a key may be something else by mistake.
      expect(error.key).toBeUndefined();
      expect(error.message).toContain('more than 1024');
    }
    expect(await store().keys()).toEqual([]);
  });

  test.each(methods)('%s: no key is empty', async (_name, call) => {
    expect((await errorOf(call(store(), ''))).code).toBe('ERR_INVALID_KEY');
  });

  test.each([...methods, ...withPrefix])('%s: no control characters, no half of a pair', async (_name, call) => {
    // They are refused before any backend hears of them.
    const codes = distant ? [0, 31] : Array.from({ length: 32 }, (_, code) => code);
    const controls = codes.map((code) => String.fromCharCode(code));
    const halves = ['\ud83d', '\udd11', 'a\ud83d', '\udd11a', '\udd11\ud83d', '\ud83d\ud83d\udd11'];
    for (const bad of [...controls, '\u007f'].flatMap((char) => [char, `a${char}`, `${char}a`]).concat(halves)) {
      expect((await errorOf(call(store(), bad))).code).toBe('ERR_INVALID_KEY');
    }
    expect(await store().keys()).toEqual([]);
  });

  test('what only looks like a control character is one of a key', async () => {
    const keys = [
      ' ',
      '\u0080',
      '\u009f',
      '\u200b',
      '\u2028',
      '\ufeff',
      '\uffff',
      '\u{10ffff}',
      '\\',
      '/',
      '..',
      '\ufffd',
    ];
    await store().batch(keys.map((key) => ({ type: 'put', key, value: key })));
    const found = await store().getMany(keys, { encoding: 'utf8' });
    expect([...found.entries()]).toEqual(keys.map((key) => [key, key]));
    expect(new Set(await store().keys())).toEqual(new Set(keys));
  });

  test('a value of 1 MiB, as bytes and as a string in their place, and not one byte more', async () => {
    const value = randomBytes(MIB);
    await store().put('k', value);
    expect((await store().get('k'))?.equals(value)).toBe(true);
    const text = 'ä'.repeat(MIB / 2);
    const { previous } = await store().put('k', text, { returnPrevious: true });
    expect(previous?.equals(value)).toBe(true);
    expect((await store().get('k', { encoding: 'utf8' })) === text).toBe(true);
    expect(await store().stat('k')).toMatchObject({ size: MIB });
    for (const beyond of [Buffer.alloc(MIB + 1), `${text}a`]) {
      const error = await errorOf(store().put('k', beyond));
      expect(error.code).toBe('ERR_VALUE_TOO_LARGE');
      expect((await errorOf(store().batch([{ type: 'put', key: 'k', value: beyond }]))).code).toBe(
        'ERR_VALUE_TOO_LARGE',
      );
    }
    expect(await store().stat('k')).toMatchObject({ size: MIB });
  });

  // Below and above the size from which a value has an object of its own, and of blocks and pages.
  test.each([3500, 3583, 3584, 3585, 4095, 4097, 16_383, 16_385, 65_537, 262_144])(
    'a value of %i bytes, replaced by a small one and back',
    async (size) => {
      const value = randomBytes(size);
      await store().put('k', value);
      await store().put('k', 'small');
      expect(await store().get('k', { encoding: 'utf8' })).toBe('small');
      await store().put('k', value);
      expect((await store().get('k'))?.equals(value)).toBe(true);
      expect(await store().delete('k')).toBe(true);
      expect(await store().get('k')).toBeNull();
    },
  );

  describe('a domain', () => {
    test.each([
      ['1 byte', 'd'],
      ['64 bytes', `${String(Date.now())}${'d'.repeat(64)}`.slice(0, 64)],
      ['64 bytes of emoji', '🔒'.repeat(16)],
      ['what a path has', '../*?"%'],
    ])('of %s', async (_name, domain) => {
      const opened = await open({ domain });
      try {
        await opened.put('k', domain);
        expect(await store().has('k')).toBe(false);
        expect(await opened.get('k', { encoding: 'utf8' })).toBe(domain);
        expect((await opened.info()).domain).toBe(domain);
      } finally {
        await opened.clear({ confirm: true });
        await opened.close();
      }
    });

    test.each([
      ['no bytes', ''],
      ['65 bytes', 'd'.repeat(65)],
      ['65 bytes in 33 characters', `${'ä'.repeat(32)}d`],
      ['68 bytes of emoji', '🔒'.repeat(17)],
      ['a zero', 'a\0b'],
      ['a newline', 'a\n'],
      ['DEL', '\u007f'],
      ['half of a surrogate pair', 'a\ud83d'],
    ])('of %s is refused', async (_name, domain) => {
      expect(await errorOf(open({ domain }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    });

    test('is compared byte by byte, whatever it begins with', async () => {
      const base = String(Date.now());
      const domains = [base, `${base}a`, `${base}A`, `${base}á`, `${base}a\u0301`, `${base} `];
      const stores = await Promise.all(domains.map((domain) => open({ domain })));
      try {
        for (const [index, opened] of stores.entries()) await opened.put('k', String(index));
        for (const [index, opened] of stores.entries()) {
          expect(await opened.get('k', { encoding: 'utf8' })).toBe(String(index));
          expect(await opened.keys()).toEqual(['k']);
        }
        for (const opened of stores) expect(await opened.clear({ confirm: true })).toBe(1);
      } finally {
        await Promise.all(stores.map((opened) => opened.close()));
      }
    });

    test("'default' is the one without a name", async () => {
      const [named, unnamed] = [await open({ domain: 'default' }), await open()];
      const key = `default ${String(Date.now())}`;
      try {
        await named.put(key, 'v');
        expect(await unnamed.get(key, { encoding: 'utf8' })).toBe('v');
        expect(await unnamed.delete(key)).toBe(true);
      } finally {
        await Promise.all([named.close(), unnamed.close()]);
      }
    });
  });
}
