// SPDX-License-Identifier: MIT
/** Parameters and results, over the fake libteec: what the addon does with them, not what OP-TEE does. */
import { REFUSAL } from './support/fake.js';
import { useProcess } from './support/run.js';

const SHORT_BUFFER = 0xffff0010;
const of = useProcess('parameters.ts');

test('values go in and come out', async () => {
  await expect(of('values')).resolves.toEqual({
    result: 0,
    origin: 4,
    params: [null, { a: 1, b: 1 }, { a: 0, b: 42 }, null],
  });
});

test('memory references go in and come out, and the input is left alone', async () => {
  await expect(of('memrefs')).resolves.toEqual({
    input: null,
    out: [1, 1, 1, 1, 1],
    wide: [2, 3, 4, 1],
    same: [0],
    untouched: [1, 2, 3],
  });
});

test.each([
  ['value-in', { type: 'value-in', a: 0, b: 0 }, 0x1],
  ['value-out', { type: 'value-out' }, 0x2],
  ['value-inout', { type: 'value-inout', a: 0, b: 0 }, 0x3],
  ['none', { type: 'none' }, 0x0],
  ['memref-out', { type: 'memref-out', size: 1 }, 0xe],
])('%s has its type in the TEE Client API', async (_name, param, type) => {
  await expect(of('types', [param])).resolves.toBe(0x2 | (type << 4));
});

test('empty memory references are references', async () => {
  await expect(of('emptyMemrefs')).resolves.toEqual({ result: 0, sizes: [null, [], [], [1, 1]] });
});

test('bytes are copied before invoke() returns', async () => {
  await expect(of('copiesAtOnce')).resolves.toBe('secret');
});

test('results are Buffers of their own, not slices of a pool', async () => {
  await expect(of('ownBuffers')).resolves.toEqual({ buffers: true, alone: true });
});

test('one block of shared memory serves all calls and grows', async () => {
  const sizes = [0, 1, 4096, 65536, 10, 1024 * 1024, 2 * 1024 * 1024, 1, 1024 * 1024];
  await expect(of('sizes', sizes)).resolves.toEqual({
    equal: sizes.map(() => true),
    // 64 KiB; 128 KiB for two times 64 KiB; 2 MiB; 4 MiB
    allocations: 4,
    blocks: 1,
  });
});

test('the shared memory is left out of core dumps while it is ours', async () => {
  const { during, after } = await of<{ during: number; after: number }>('leftOutOfDumps');
  // 64 KiB, less what of its first and last page may belong to others.
  expect(during).toBeGreaterThanOrEqual(60);
  expect(after).toBe(0);
});

test('nothing of a call stays in the shared memory', async () => {
  await expect(of('residue')).resolves.toEqual({ bytes: 0, block: 65536 });
});

test('a short buffer gives the size that would do, and no data', async () => {
  const argument = { result: SHORT_BUFFER, size: 1000, room: 10 };
  await expect(of('resized', argument)).resolves.toEqual({ result: SHORT_BUFFER, size: 1000, data: [] });
});

test.each([11, 65, 70_000, 0xffffffff])('a size of %d in 10 bytes of room is never read', async (size) => {
  await expect(of('resized', { result: 0, size, room: 10 })).resolves.toEqual({ result: 0, size, data: [] });
});

test('a smaller size cuts the data', async () => {
  const argument = { result: 0, size: 2, room: 10 };
  await expect(of('resized', argument)).resolves.toEqual({ result: 0, size: 2, data: [0xa5, 0xa5] });
});

test.each([
  ['the TA', 0x80530000, 4, 16],
  ['the TEE', 0xffff3024, 3, 0],
  ['the driver', 0xffff000e, 2, 0],
])('an error from %s keeps its result and origin; only the TA has outputs', async (_name, result, origin, size) => {
  await expect(of('refusedBy', { result, origin })).resolves.toEqual({ result, origin, size, data: size });
});

test.each([
  [{ login: 0 }, 0],
  [{ login: 1 }, 0],
  [{ login: 2, group: 4321 }, 4321],
  [{ login: 4 }, 0],
  [{ login: 6, group: 0xfffffffe }, 0xfffffffe],
])('opening passes login %j, UUID and parameters', async (login, group) => {
  await expect(of('openParameters', login)).resolves.toMatchObject({
    result: REFUSAL,
    origin: 4,
    params: [{ a: login.login, b: group }, { a: 0x89ab4cde, b: 0x8fcd }, null, null],
  });
});

test('what is no parameter is refused and changes nothing', async () => {
  const R = 'RangeError';
  const T = 'TypeError';
  await expect(of('misuse')).resolves.toEqual({ wrong: [R, R, R, R, T, R, R, R, T, R, R, T], result: 0 });
});
