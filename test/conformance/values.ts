// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

import { errorOf } from './errors.js';
import { freshStore, type OpenStore } from './store.js';

/** Keys and values go in and come out as they are. */
export function valueSuite(open: OpenStore): void {
  const store = freshStore(open);

  describe('put and get', () => {
    test('return what was stored; null where nothing was', async () => {
      const { revision } = await store().put('db/password', 's3cret');
      expect(revision).toBeGreaterThan(0);
      expect(await store().get('db/password')).toEqual(Buffer.from('s3cret'));
      expect(await store().get('db/passwor')).toBeNull();
      expect(await store().get('db/password/')).toBeNull();
    });

    test.each([0, 1, 4096, 61_000, 64 * 1024])('values of %i bytes', async (size) => {
      const value = randomBytes(size);
      await store().put('k', value);
      expect((await store().get('k'))?.equals(value)).toBe(true);
      expect(await store().stat('k')).toMatchObject({ size });
    });

    test.each([
      ['one byte', 'k'],
      ['1024 bytes', 'k'.repeat(1024)],
      ['1024 bytes of emoji', '🔑'.repeat(256)],
      ['a byte order mark', '\ufeff'],
      ['right-to-left text', 'مفتاح'],
      ['the largest code point', '\u{10ffff}'],
      ['a name of every object', '__proto__'],
    ])('a key of %s', async (_name, key) => {
      await store().put(key, 'v');
      expect((await store().get(key))?.toString()).toBe('v');
      expect(await store().keys()).toEqual([key]);
      expect([...(await store().getMany([key])).keys()]).toEqual([key]);
    });

    test('keys are compared byte by byte', async () => {
      const keys = ['é', 'e\u0301', 'K', 'k', 'k ', '\u212a'];
      for (const [index, key] of keys.entries()) await store().put(key, String(index));
      for (const [index, key] of keys.entries()) expect((await store().get(key))?.toString()).toBe(String(index));
    });

    test('an empty value is not an absent one', async () => {
      await store().put('empty', '');
      expect(await store().get('empty')).toEqual(Buffer.alloc(0));
      expect(await store().get('empty', { encoding: 'utf8' })).toBe('');
      expect(await store().has('empty')).toBe(true);
    });

    test('values may be views of any bytes', async () => {
      const block = Uint8Array.from({ length: 40 }, (_, index) => index);
      for (const view of [block.subarray(5, 9), Buffer.from(block.buffer, 8, 3), new Uint8ClampedArray(block)]) {
        const bytes = view instanceof Uint8Array ? view : Buffer.from(view.buffer);
        await store().put('k', bytes);
        expect([...((await store().get('k')) ?? [])]).toEqual([...bytes]);
      }
    });

    test('the value given stays as it is', async () => {
      const value = Buffer.from('unchanged');
      await store().put('k', value);
      await store().batch([{ type: 'put', key: 'k', value }]);
      expect(value.toString()).toBe('unchanged');
    });
  });

  describe('encodings', () => {
    test('of values', async () => {
      await store().put('k', '\ufeffä\0');
      expect(await store().get('k', { encoding: 'utf8' })).toBe('\ufeffä\0');
      expect(await store().get('k', { encoding: 'hex' })).toBe('efbbbfc3a400');
      expect(await store().get('k', { encoding: 'base64' })).toBe('77u/w6QA');
    });

    test('bytes that are not UTF-8 are refused, not replaced', async () => {
      await store().put('k', Uint8Array.of(0x61, 0xff));
      const error = await errorOf(store().get('k', { encoding: 'utf8' }));
      expect(error).toMatchObject({ code: 'ERR_NOT_UTF8', operation: 'get', key: 'k' });
      const entry = await errorOf(store().getEntry('k', { encoding: 'utf8' }));
      expect(entry).toMatchObject({ code: 'ERR_NOT_UTF8', operation: 'getEntry', key: 'k' });
      const many = await errorOf(store().getMany(['no', 'k'], { encoding: 'utf8' }));
      expect(many).toMatchObject({ code: 'ERR_NOT_UTF8', operation: 'getMany', key: 'k' });
      expect((await store().get('k'))?.toString('hex')).toBe('61ff');
    });
  });

  describe('getMany', () => {
    test('keeps the order asked for, tells absent keys, reads each once', async () => {
      await store().put('a', '1');
      await store().put('b', '2');
      const found = await store().getMany(['b', 'x', 'a', 'b'], { encoding: 'utf8' });
      expect([...found]).toEqual([
        ['b', '2'],
        ['x', null],
        ['a', '1'],
      ]);
      expect(await store().getMany([])).toEqual(new Map());
    });

    test('goes on where one answer does not hold everything', async () => {
      const sizes = [10, 50_000, 0, 20_000, 70_000, 1];
      const values = new Map(sizes.map((size, index) => [`k${String(index)}`, randomBytes(size)]));
      for (const [key, value] of values) await store().put(key, value);
      const found = await store().getMany([...values.keys()]);
      for (const [key, value] of values) expect(found.get(key)?.equals(value)).toBe(true);
    });

    test('takes more keys than one request holds', async () => {
      const keys = Array.from({ length: 1500 }, (_, index) => `k${String(index)}`);
      await store().put('k1499', 'last');
      const found = await store().getMany(keys, { encoding: 'utf8' });
      expect(found.size).toBe(1500);
      expect(found.get('k1499')).toBe('last');
      expect([...found.values()].filter((value) => value !== null)).toHaveLength(1);
    });
  });

  describe('generate', () => {
    test('makes random bytes in the TEE, and returns them only if asked', async () => {
      expect(await store().generate('a')).toEqual({ revision: expect.any(Number) as number });
      expect(await store().stat('a')).toMatchObject({ size: 32 });
      const { value } = await store().generate('b', { size: 100, return: true });
      expect(await store().get('b')).toEqual(value);
      expect(new Set(value).size).toBeGreaterThan(20);
      const hex = await store().generate('c', { size: 8, return: true, encoding: 'hex' });
      expect(hex.value).toBe(await store().get('c', { encoding: 'hex' }));
    });

    test('of the largest size', async () => {
      const { value } = await store().generate('k', { size: 1024 * 1024, return: true });
      expect(value).toHaveLength(1024 * 1024);
      expect((await store().get('k'))?.equals(value)).toBe(true);
    });

    test('replaces what was there, and returns nothing of it', async () => {
      await store().put('k', 'by hand');
      expect(await store().generate('k', { size: 7, encoding: 'base64' })).toEqual({
        revision: expect.any(Number) as number,
      });
      expect(await store().stat('k')).toMatchObject({ size: 7 });
      expect(await store().get('k')).not.toEqual(Buffer.from('by hand'));
      const { value } = await store().generate('k', { size: 6, return: true, encoding: 'base64' });
      expect(value).toMatch(/^[\w+/]{8}$/);
    });

    test('of one byte', async () => {
      expect((await store().generate('k', { size: 1, return: true })).value).toHaveLength(1);
    });

    test('keeps the conditions', async () => {
      const { revision } = await store().generate('k', { ifAbsent: true });
      expect(await errorOf(store().generate('k', { ifAbsent: true }))).toMatchObject({ code: 'ERR_EXISTS' });
      await store().generate('k', { ifRevision: revision });
      const stale = store().generate('k', { ifRevision: revision });
      expect(await errorOf(stale)).toMatchObject({ code: 'ERR_CONFLICT', operation: 'generate', key: 'k' });
    });
  });

  describe('getMany with required', () => {
    const text = { encoding: 'utf8', required: true } as const;

    test('gives what is there, as without it', async () => {
      await store().put('a', '1');
      await store().put('empty', '');
      const found = await store().getMany(['empty', 'a', 'a'], text);
      expect([...found]).toEqual([
        ['empty', ''],
        ['a', '1'],
      ]);
      expect((await store().getMany(['a'], { required: true })).get('a')?.toString()).toBe('1');
      expect((await store().getMany([], text)).size).toBe(0);
    });

    test.each<[string, string[], string[]]>([
      ['one of one', ['b'], ['b']],
      ['one of several', ['a', 'b'], ['b']],
      ['one that is wanted twice', ['b', 'a', 'b'], ['b']],
      ['several', ['d', 'a', 'b', 'c'], ['d', 'b', 'c']],
      ['one that cannot be shown as it is', ['a', 'x\u202e"'], ['x\u202e"']],
    ])('names every key that is missing: %s', async (_what, wanted, missing) => {
      await store().put('a', 's3cret');
      const error = await errorOf(store().getMany(wanted, text));
      const known = { operation: 'getMany', keys: missing, outcomeUnknown: false, retryable: false };
      expect(error).toMatchObject({ code: 'ERR_NOT_FOUND', ...known });
      const shown = missing.map((key) => JSON.stringify(key).replace('\u202e', '\\u202e')).join(', ');
      expect(error.message).toContain(shown);
      expect(error.message).not.toContain('s3cret');
    });

    test('names the first ones in the message if there are many, and all in the error', async () => {
      const wanted = Array.from({ length: 25 }, (_, n) => `k${String(n)}`);
      const { keys, message } = await errorOf(store().getMany(wanted, text));
      expect(keys).toEqual(wanted);
      expect(message).toContain('25 keys are missing');
      expect(message).toContain('"k19" and 5 more.');
    });

    test.each([false, undefined])('%s is as without it', async (required) => {
      expect([...(await store().getMany(['b'], { required }))]).toEqual([['b', null]]);
    });
  });
}
