// SPDX-License-Identifier: MIT
import fc from 'fast-check';

import { domain, keyBytes, prefixBytes, valueBytes } from '../../src-ts/arguments/keys.js';
import { coded } from './support/errors.js';

describe('keys', () => {
  test.each([
    ['one byte', 'k', 1],
    ['1024 bytes', 'k'.repeat(1024), 1024],
    ['1024 bytes of 4-byte characters', '\u{1f511}'.repeat(256), 1024],
    ['a byte order mark', '\ufeffk', 4],
    ['the largest code point', '\u{10ffff}', 4],
    ['C1 controls', '\u0080\u009f', 4],
    ['spaces and slashes', ' /a b/ ', 7],
    ['a combining sequence, not normalised', 'e\u0301', 3],
  ])('%s is a key', (_name, key, size) => {
    expect(keyBytes(key)).toHaveLength(size);
    expect(keyBytes(key).toString()).toBe(key);
  });

  test.each([
    ['', 'is empty'],
    ['a\0b', 'control character at index 1'],
    ['\u001f', 'control character at index 0'],
    ['ab\u007f', 'control character at index 2'],
    ['a\nb', 'control character at index 1'],
    ['\ud800', 'surrogate'],
    ['x\udc00y', 'surrogate'],
    ['\udc00\ud800', 'surrogate'],
  ])('%j is no key', (key, why) => {
    expect(() => keyBytes(key)).toThrow(why);
    expect(() => keyBytes(key)).toThrow(coded('ERR_INVALID_KEY'));
  });

  test('a key is too long by its bytes, not its characters', () => {
    expect(() => keyBytes('k'.repeat(1025))).toThrow(coded('ERR_KEY_TOO_LONG'));
    expect(() => keyBytes('ä'.repeat(513))).toThrow('1026 bytes');
  });

  test.each([[undefined], [null], [1], [Buffer.from('k')], [['k']], [Symbol('k')], [{ toString: () => 'k' }]])(
    'something that is not a string is refused: %p',
    (key) => {
      expect(() => keyBytes(key)).toThrow(coded('ERR_INVALID_ARG'));
      expect(() => keyBytes(key)).toThrow('key must be a string; received');
    },
  );

  test('errors do not repeat what is not a key, for it may be a value in the wrong place', () => {
    for (const wrong of ['s3cret\n', `s3cret${'x'.repeat(1024)}`, 's3cret\ud800']) {
      try {
        keyBytes(wrong);
        throw new Error('accepted');
      } catch (error) {
        expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('s3cret');
      }
    }
  });

  test('any well-formed string without controls is a key and survives', () => {
    const character = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(character, (text) => {
        // eslint-disable-next-line no-control-regex -- the rule of keys
        fc.pre(!/[\u0000-\u001f\u007f]/.test(text));
        expect(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(keyBytes(text))).toBe(text);
      }),
    );
  });

  test('a prefix may be empty', () => {
    expect(prefixBytes('')).toHaveLength(0);
    expect(() => prefixBytes('\t')).toThrow(coded('ERR_INVALID_KEY'));
  });
});

describe('domains', () => {
  test.each(['d', 'x'.repeat(64), 'ä'.repeat(32)])('%s is a domain', (name) => {
    expect(domain(name, 'options.domain')).toBe(name);
  });

  test.each(['', 'x'.repeat(65), 'ä'.repeat(33), 'a\0', '\ud800', 5, null])('%j is no domain', (name) => {
    expect(() => domain(name, 'options.domain')).toThrow(coded('ERR_INVALID_ARG'));
  });
});

describe('values', () => {
  test('strings become UTF-8, bytes stay, both as copies in memory of their own', () => {
    const given = Buffer.from([0, 255, 10]);
    const copy = valueBytes(given);
    given.fill(7);
    expect([...copy]).toEqual([0, 255, 10]);
    expect(copy.buffer.byteLength).toBe(3);
    expect(valueBytes('ä\0\ufeff').toString('hex')).toBe('c3a400efbbbf');
    expect(valueBytes('')).toHaveLength(0);
  });

  test('a part of an array is a value of its own', () => {
    expect([...valueBytes(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))]).toEqual([2, 3]);
  });

  test('1 MiB is the limit', () => {
    expect(valueBytes(Buffer.alloc(1024 * 1024))).toHaveLength(1024 * 1024);
    expect(() => valueBytes(Buffer.alloc(1024 * 1024 + 1))).toThrow(coded('ERR_VALUE_TOO_LARGE'));
    expect(() => valueBytes('ä'.repeat(512 * 1024 + 1))).toThrow(coded('ERR_VALUE_TOO_LARGE'));
  });

  test.each([[undefined], [null], [5], [true], [[1, 2]], [new ArrayBuffer(1)], [new DataView(new ArrayBuffer(1))]])(
    '%p is no value',
    (value) => {
      expect(() => valueBytes(value)).toThrow(coded('ERR_INVALID_ARG'));
    },
  );

  test('a string that UTF-8 cannot hold is refused, and not repeated', () => {
    expect(() => valueBytes('s3cret\ud800')).toThrow(coded('ERR_INVALID_ARG'));
    expect(() => valueBytes('s3cret\ud800')).toThrow(/^value must be well-formed Unicode; received a string\./);
  });
});
