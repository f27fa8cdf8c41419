// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';

import type { BatchOperation } from '../../src-ts/arguments/options.js';
import { errorOf } from './errors.js';
import { freshStore, type OpenStore } from './store.js';

/** A packed operation has 16 bytes besides key and value, and a request holds so many. */
const HEADER = 16;
const REQUEST = 1152 * 1024;

/** Several changes in one step, or none of them. */
export function batchSuite(open: OpenStore): void {
  const store = freshStore(open);
  const revisionOf = async (key: string) => (await store().stat(key))?.revision;
  const wrong = (value: unknown) => value as BatchOperation;
  const put = (key: string, value: string | Uint8Array = key): BatchOperation => ({ type: 'put', key, value });

  test('does everything and tells the revisions', async () => {
    const { revision } = await store().put('old', '1');
    const done = await store().batch([
      { type: 'put', key: 'a', value: 'A', ifAbsent: true },
      { type: 'delete', key: 'old', ifRevision: revision },
      { type: 'delete', key: 'never' },
      { type: 'put', key: 'b', value: Buffer.alloc(5000, 1) },
    ]);
    expect(done).toEqual([await revisionOf('a'), revision, null, await revisionOf('b')]);
    expect(await store().keys()).toEqual(['a', 'b']);
    expect(await store().batch([])).toEqual([]);
  });

  test('replaces, deletes and stores keys of any order', async () => {
    await store().batch(['m', 'c', 'x', 'a'].map((key) => put(key)));
    await store().batch([
      put('z'),
      { type: 'delete', key: 'm' },
      put('c', 'new'),
      { type: 'delete', key: 'a' },
      put('b'),
    ]);
    const found: string[] = [];
    for await (const { key, value } of store().entries({ encoding: 'utf8' })) found.push(`${key}=${value}`);
    expect(found).toEqual(['b=b', 'c=new', 'x=x', 'z=z']);
  });

  test('gives revisions above all that were', async () => {
    const { revision } = await store().put('k', '1');
    const revisions = await store().batch([put('a'), put('k'), put('b')]);
    for (const given of revisions) expect(given).toBeGreaterThan(revision);
    expect(new Set(revisions).size).toBe(3);
    expect(await store().batch([{ type: 'delete', key: 'k' }])).toEqual([revisions[1]]);
    expect((await store().put('k', '')).revision).toBeGreaterThan(Math.max(...revisions.map(Number)));
  });

  test.each<[string, BatchOperation, string]>([
    ['ifAbsent', { type: 'put', key: 'taken', value: '2', ifAbsent: true }, 'ERR_EXISTS'],
    ['ifRevision 0', { type: 'put', key: 'taken', value: '2', ifRevision: 0 }, 'ERR_EXISTS'],
    ['ifRevision of a put', { type: 'put', key: 'taken', value: '2', ifRevision: 1e9 }, 'ERR_CONFLICT'],
    ['ifRevision of a put of what is absent', { type: 'put', key: 'no', value: '2', ifRevision: 7 }, 'ERR_CONFLICT'],
    ['ifRevision of a delete', { type: 'delete', key: 'taken', ifRevision: 1e9 }, 'ERR_CONFLICT'],
    ['ifRevision of a delete of what is absent', { type: 'delete', key: 'no', ifRevision: 7 }, 'ERR_CONFLICT'],
  ])('does nothing at all if %s fails, and tells which', async (_name, failing, code) => {
    const { revision } = await store().put('taken', '1');
    await store().put('other', Buffer.alloc(5000, 'o'));
    const batch = store().batch([put('a'), put('taken2'), failing, { type: 'delete', key: 'other' }]);
    const expected = { code, operation: 'batch', key: failing.key, outcomeUnknown: false };
    expect(await errorOf(batch)).toMatchObject(expected);
    expect(await store().keys()).toEqual(['other', 'taken']);
    expect(await store().getEntry('taken', { encoding: 'utf8' })).toMatchObject({ value: '1', revision });
    expect((await store().get('other'))?.equals(Buffer.alloc(5000, 'o'))).toBe(true);
  });

  test('keeps several conditions', async () => {
    const [first, second] = [await store().put('a', '1'), await store().put('b', '1')];
    const swap: BatchOperation[] = [
      { type: 'put', key: 'a', value: '2', ifRevision: first.revision },
      { type: 'put', key: 'b', value: '2', ifRevision: second.revision },
      { type: 'put', key: 'c', value: '2', ifAbsent: true },
    ];
    await store().batch(swap);
    expect(await errorOf(store().batch(swap))).toMatchObject({ code: 'ERR_CONFLICT', key: 'a' });
    expect([...(await store().getMany(['a', 'b', 'c'], { encoding: 'utf8' })).values()]).toEqual(['2', '2', '2']);
  });

  test('holds 1024 operations and not one more', async () => {
    const keys = Array.from({ length: 1024 }, (_, index) => `k${String(index).padStart(4, '0')}`);
    const revisions = await store().batch(keys.map((key) => put(key)));
    expect(new Set(revisions).size).toBe(1024);
    expect(await store().keys()).toEqual(keys);
    const error = await errorOf(store().batch([...keys, 'k1024'].map((key) => ({ type: 'delete', key }))));
    expect(error.code).toBe('ERR_BATCH_TOO_LARGE');
    expect(await store().batch(keys.map((key) => ({ type: 'delete', key })))).toEqual(revisions);
    expect(await store().keys()).toEqual([]);
  });

  test('holds 1152 KiB and not one byte more', async () => {
    const large = { type: 'put', key: 'a', value: randomBytes(1024 * 1024) } as const;
    const rest = REQUEST - 2 * (HEADER + 1) - 1024 * 1024;
    const fits = { type: 'put', key: 'b', value: randomBytes(rest) } as const;
    const tooMuch = await errorOf(store().batch([large, put('b', Buffer.alloc(rest + 1))]));
    expect(tooMuch.code).toBe('ERR_BATCH_TOO_LARGE');
    expect(await store().keys()).toEqual([]);
    await store().batch([large, fits]);
    for (const { key, value } of [large, fits]) expect((await store().get(key))?.equals(value)).toBe(true);
  });

  test('takes no key twice, and tells which', async () => {
    const error = await errorOf(store().batch([put('a'), put('twice'), { type: 'delete', key: 'twice' }]));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG', key: 'twice' });
    expect(error.message).toContain('operations[2]');
    expect(await store().keys()).toEqual([]);
  });

  test.each<[string, unknown, string]>([
    ['nothing', null, "an object with type 'put' or 'delete'"],
    ['a string', 'put', "an object with type 'put' or 'delete'"],
    ['another type', { type: 'get', key: 'k' }, "an object with type 'put' or 'delete'"],
    ['no type', { key: 'k', value: 'v' }, "an object with type 'put' or 'delete'"],
    ['a put without a value', { type: 'put', key: 'k' }, 'operations[1].value must be a string or a Uint8Array'],
    ['a put without a key', { type: 'put', value: 'v' }, 'operations[1].key must be a string'],
    [
      'a put with both conditions',
      { type: 'put', key: 'k', value: 'v', ifAbsent: true, ifRevision: 1 },
      'both ifAbsent',
    ],
    ['a misspelt condition', { type: 'put', key: 'k', value: 'v', ifabsent: true }, "unknown property 'ifabsent'"],
    [
      'returnPrevious',
      { type: 'put', key: 'k', value: 'v', returnPrevious: true },
      "unknown property 'returnPrevious'",
    ],
    ['a delete with a value', { type: 'delete', key: 'k', value: 'v' }, "unknown property 'value'"],
    ['a delete with ifAbsent', { type: 'delete', key: 'k', ifAbsent: true }, "unknown property 'ifAbsent'"],
    [
      'a delete of revision 0',
      { type: 'delete', key: 'k', ifRevision: 0 },
      'operations[1].ifRevision must be an integer',
    ],
    ['a value of half a pair', { type: 'put', key: 'k', value: '\ud800' }, 'must be well-formed Unicode'],
  ])('refuses %s among its operations', async (_name, operation, text) => {
    const error = await errorOf(store().batch([put('a'), wrong(operation)]));
    expect(error.code).toBe('ERR_INVALID_ARG');
    expect(error.message).toContain(text);
    expect(await store().keys()).toEqual([]);
  });
}
