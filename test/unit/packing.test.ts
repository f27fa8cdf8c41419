// SPDX-License-Identifier: MIT
import fc from 'fast-check';

import { checkBatch } from '../../src-ts/arguments/batch.js';
import { MalformedReply, PackedReader, halves, wide } from '../../src-ts/protocol/packing.js';
import { Limit } from '../../src-ts/protocol/contract.js';
import { decodeEntries, decodeInfo, decodePage } from '../../src-ts/protocol/decode.js';
import { packBatch, packKeys } from '../../src-ts/protocol/encode.js';
import { infoReply, u16, u32, u64 } from './support/scripted-tee.js';

const packed = (...parts: (readonly number[] | Uint8Array)[]) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const item = (key: string) => ({ key, bytes: Buffer.from(key) });

describe('64-bit numbers', () => {
  test('are the same after halving, up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (number) => {
        expect(wide(halves(number))).toBe(number);
      }),
    );
  });

  test.each([
    [0, 0x0020_0000],
    [0xffff_ffff, 0xffff_ffff],
  ])('are refused beyond, not rounded: %i, %i', (a, b) => {
    expect(() => wide({ a, b })).toThrow(MalformedReply);
  });
});

describe('GET_MANY', () => {
  test('requests hold each key with its size', () => {
    const { packed: request, keys } = packKeys([item('a'), item('bc')]);
    expect(request).toEqual(packed(u16(1), Buffer.from('a'), u16(2), Buffer.from('bc')));
    expect(keys).toEqual(['a', 'bc']);
  });

  test('requests stay within the limits, and take at least one key', () => {
    const many = Array.from({ length: 3000 }, (_, index) => item(`k${String(index)}`));
    expect(packKeys(many).keys).toHaveLength(Limit.REQUEST_COUNT_MAX);
    const long = Array.from({ length: 100 }, (_, index) => item(String(index).padEnd(Limit.KEY_MAX, 'x')));
    const { packed: request, keys } = packKeys(long);
    expect(keys.length).toBeGreaterThan(1);
    expect(request.length).toBe(keys.length * (2 + Limit.KEY_MAX));
    expect(request.length).toBeLessThanOrEqual(32 * 1024);
  });

  test('answers are read back', () => {
    const entry = fc.option(fc.record({ revision: fc.integer({ min: 1 }), value: fc.uint8Array({ maxLength: 50 }) }));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (entries) => {
        const reply = packed(
          ...entries.flatMap((one) =>
            one === null ? [u64(0), u32(0), u32(0)] : [u64(one.revision), u32(one.value.length), u32(0), one.value],
          ),
        );
        const decoded = decodeEntries(reply, entries.length, entries.length + 3);
        expect(decoded.map((one) => one && { ...one, value: [...one.value] })).toEqual(
          entries.map((one) => one && { ...one, value: [...one.value] }),
        );
      }),
    );
  });

  test('values are copies that outlive the answer', () => {
    const reply = packed(u64(1), u32(3), u32(0), Buffer.from('abc'));
    const [entry] = decodeEntries(reply, 1, 1);
    reply.fill(0);
    expect(entry?.value.toString()).toBe('abc');
  });

  test.each([
    ['more values than were asked for', packed(u64(0), u32(0), u32(0), u64(0), u32(0), u32(0)), 2, 1],
    ['no value at all', packed(), 0, 1],
    ['fewer values than it says', packed(u64(1), u32(0), u32(0)), 2, 2],
    ['a value cut short', packed(u64(1), u32(4), u32(0), [1, 2, 3]), 1, 1],
    ['a value of 4 GiB', packed(u64(1), u32(0xffff_ffff), u32(0)), 1, 1],
    ['bytes at the end', packed(u64(1), u32(0), u32(0), [1]), 1, 1],
    ['a value of an absent key', packed(u64(0), u32(1), u32(0), [1]), 1, 1],
    ['a revision of 2^63', packed(u32(0), u32(0x8000_0000), u32(0), u32(0)), 1, 1],
    ['a header cut short', packed(u64(1), u16(0)), 1, 1],
  ])('an answer with %s is refused', (_name, reply, count, asked) => {
    expect(() => decodeEntries(reply, count, asked)).toThrow(MalformedReply);
  });
});

describe('LIST', () => {
  const entry = (key: string | Buffer, revision = 1, size = 0) => {
    const bytes = Buffer.from(key as string);
    return packed(u64(revision), u32(size), u16(bytes.length), u16(0), bytes);
  };
  const none = Buffer.alloc(0);
  const all = { prefix: none, after: none, more: false };

  test('answers are read back', () => {
    const reply = packed(entry('a', 7, 1048576), entry('ä/\ufeff', 2 ** 40, 0));
    expect(decodePage(reply, { ...all, count: 2, more: true })).toEqual({
      entries: [
        { key: 'a', size: 1048576, revision: 7 },
        { key: 'ä/\ufeff', size: 0, revision: 2 ** 40 },
      ],
      more: true,
    });
    expect(decodePage(none, { ...all, count: 0 })).toEqual({ entries: [], more: false });
  });

  test.each([
    ['keys out of order', packed(entry('b'), entry('a')), { ...all, count: 2 }],
    ['a key twice', packed(entry('a'), entry('a')), { ...all, count: 2 }],
    ['the key to go on after', entry('a'), { ...all, after: Buffer.from('a'), count: 1 }],
    ['a key before the one to go on after', entry('a'), { ...all, after: Buffer.from('b'), count: 1 }],
    ['a key without the prefix', entry('ba'), { ...all, prefix: Buffer.from('a'), count: 1 }],
    ['a key shorter than the prefix', entry('a'), { ...all, prefix: Buffer.from('ab'), count: 1 }],
    ['a key that is not UTF-8', entry(Buffer.from([0x61, 0xff])), { ...all, count: 1 }],
    ['an overlong encoding', entry(Buffer.from([0xc1, 0x81])), { ...all, count: 1 }],
    ['a control character', entry('a\n'), { ...all, count: 1 }],
    ['an empty key', entry(''), { ...all, count: 1 }],
    ['a key longer than any', entry('x'.repeat(1025)), { ...all, count: 1 }],
    ['a key that does not exist', entry('a', 0), { ...all, count: 1 }],
    ['fewer keys than it says', entry('a'), { ...all, count: 2 }],
    ['more keys than it says', packed(entry('a'), entry('b')), { ...all, count: 1 }],
    ['a count of 2^32 - 1', none, { ...all, count: 0xffff_ffff }],
    ['a promise of more but no key', none, { ...all, count: 0, more: true }],
    ['a key cut short', entry('abc').subarray(0, 17), { ...all, count: 1 }],
  ])('an answer with %s is refused', (_name, reply, expected) => {
    expect(() => decodePage(reply, expected)).toThrow(MalformedReply);
  });
});

test('random answers are decoded or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(6), (bytes, count) => {
      const none = Buffer.alloc(0);
      for (const decode of [
        () => decodeEntries(Buffer.from(bytes), count, 3),
        () => decodePage(Buffer.from(bytes), { count, more: false, prefix: none, after: none }),
        () => decodeInfo(Buffer.from(bytes)),
      ]) {
        try {
          decode();
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedReply);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

describe('INFO', () => {
  test('may be longer than this version knows, but not shorter', () => {
    const reply = infoReply();
    expect(decodeInfo(Buffer.concat([reply, Buffer.alloc(16)]))).toEqual(decodeInfo(reply));
    expect(decodeInfo(reply)).toMatchObject({ protocol: 1, version: '1.0.0', usedKeys: 1, healed: 1 });
    expect(() => decodeInfo(reply.subarray(0, 79))).toThrow(MalformedReply);
  });
});

describe('BATCH', () => {
  test('requests hold each operation', () => {
    const { operations, keys, conditional } = checkBatch([
      { type: 'put', key: 'a', value: 'xyz' },
      { type: 'put', key: 'b', value: Uint8Array.of(0), ifAbsent: true },
      { type: 'delete', key: 'c', ifRevision: 2 ** 33 + 5 },
      { type: 'delete', key: 'd' },
    ]);
    const any = [...u32(0xffff_ffff), ...u32(0xffff_ffff)];
    const expected = packed(
      [1, 0, ...u16(1), ...u32(3), ...any],
      Buffer.from('axyz'),
      [1, 0, ...u16(1), ...u32(1), ...u64(0)],
      Buffer.from('b\0'),
      [2, 0, ...u16(1), ...u32(0), ...u64(2 ** 33 + 5)],
      Buffer.from('c'),
      [2, 0, ...u16(1), ...u32(0), ...any],
      Buffer.from('d'),
    );
    expect(packBatch(operations)).toEqual(expected);
    expect(keys).toEqual(['a', 'b', 'c', 'd']);
    expect(conditional).toBe(true);
    expect(checkBatch([{ type: 'delete', key: 'd' }]).conditional).toBe(false);
  });

  test('one value of the largest size and much else fit', () => {
    const large = { type: 'put', key: 'k', value: Buffer.alloc(Limit.VALUE_MAX) };
    const rest = Array.from({ length: 100 }, (_, index) => ({
      type: 'put',
      key: `k${String(index)}`,
      value: 'x'.repeat(1000),
    }));
    expect(checkBatch([large, ...rest]).keys).toHaveLength(101);
  });

  test.each([
    ['no array', {}, 'ERR_INVALID_ARG', 'operations must be an array'],
    ['null', [null], 'ERR_INVALID_ARG', 'operations[0] must be an object'],
    ['an unknown type', [{ type: 'swap', key: 'k' }], 'ERR_INVALID_ARG', "type 'put' or 'delete'"],
    ['an unknown property', [{ type: 'put', key: 'k', value: '', ifAbsnt: true }], 'ERR_INVALID_ARG', "'ifAbsnt'"],
    ['a delete with a value', [{ type: 'delete', key: 'k', value: '' }], 'ERR_INVALID_ARG', "'value'"],
    ['a delete if absent', [{ type: 'delete', key: 'k', ifAbsent: true }], 'ERR_INVALID_ARG', "'ifAbsent'"],
    ['a delete of revision 0', [{ type: 'delete', key: 'k', ifRevision: 0 }], 'ERR_INVALID_ARG', 'ifRevision'],
    [
      'both conditions',
      [{ type: 'put', key: 'k', value: '', ifAbsent: true, ifRevision: 1 }],
      'ERR_INVALID_ARG',
      'both',
    ],
    ['a missing value', [{ type: 'put', key: 'k' }], 'ERR_INVALID_ARG', 'operations[0].value must be'],
    ['a bad key', [{ type: 'delete', key: '' }], 'ERR_INVALID_KEY', 'operations[0].key is empty'],
    [
      'a key twice',
      [
        { type: 'delete', key: 'k' },
        { type: 'put', key: 'k', value: '' },
      ],
      'ERR_INVALID_ARG',
      'twice',
    ],
    [
      'too many operations',
      Array.from({ length: 1025 }, (_, index) => ({ type: 'delete', key: String(index) })),
      'ERR_BATCH_TOO_LARGE',
      '1025 operations',
    ],
    [
      'too many bytes',
      ['a', 'b'].map((key) => ({ type: 'put', key, value: Buffer.alloc(600 * 1024) })),
      'ERR_BATCH_TOO_LARGE',
      'more than 1179648 bytes',
    ],
  ])('%s is refused', (_name, operations, code, text) => {
    expect(() => checkBatch(operations)).toThrow(text);
    expect(() => checkBatch(operations)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

test('a reader never goes past the end', () => {
  const reader = new PackedReader(Buffer.from([1, 2, 3]));
  expect(reader.u16()).toBe(0x0201);
  expect(() => reader.u32()).toThrow(MalformedReply);
  expect(reader.copy(1)).toEqual(Buffer.from([3]));
  expect(reader.atEnd).toBe(true);
  expect(() => reader.view(1)).toThrow(MalformedReply);
});
