// SPDX-License-Identifier: MIT
/** The TEE in memory for users' tests: whom it plays, and the faults that can be ordered. */
import { MemoryTee, type Fault } from '../../src-ts/testing/index.js';
import type { SecureStorage } from '../../src-ts/index.js';
import { errorOf } from '../conformance/errors.js';

let tee: MemoryTee;
let store: SecureStorage;
beforeEach(async () => {
  tee = await MemoryTee.create();
  store = await tee.open();
});
afterEach(() => tee.close());

describe('who opens', () => {
  test('users have stores of their own, a group one that its members share', async () => {
    const alice = await tee.open({ uid: 1000, groups: [50] });
    const bob = await tee.open({ uid: 1001, groups: [50] });
    await alice.put('k', 'of alice');
    await bob.put('k', 'of bob');
    expect(await alice.get('k', { encoding: 'utf8' })).toBe('of alice');
    const [first, second] = [
      await tee.open({ uid: 1000, groups: [50], group: 50 }),
      await tee.open({ uid: 1001, groups: [50], group: 50 }),
    ];
    await first.put('k', 'of all');
    expect(await second.get('k', { encoding: 'utf8' })).toBe('of all');
    expect(await errorOf(tee.open({ uid: 1002, group: 50 }))).toMatchObject({ code: 'ERR_NOT_IN_GROUP' });
  });

  test('is this process’s user unless it is said otherwise', async () => {
    await store.put('k', 'mine');
    const same = await tee.open({ uid: process.geteuid?.() ?? 0 });
    expect(await same.get('k', { encoding: 'utf8' })).toBe('mine');
    expect(await store.info()).toMatchObject({ backend: 'memory', secure: false });
  });

  test.each([
    [{ uid: -1 }, 'options.uid'],
    [{ groups: 5 }, 'options.groups'],
    [{ groups: ['x'] }, 'options.groups[0]'],
    [{ backend: 'optee' }, 'backend'],
  ])('wrong options are refused: %j', async (options, text) => {
    const error = await errorOf(tee.open(options as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(error.message).toContain(text);
  });
});

describe('worlds', () => {
  test('are apart, and outlast the stores in them', async () => {
    await store.put('k', 'v');
    await store.close();
    expect(await (await tee.open()).get('k', { encoding: 'utf8' })).toBe('v');
    const other = await MemoryTee.create();
    expect(await (await other.open()).get('k')).toBeNull();
    await other.close();
  });

  test('end with close(), and with them what was stored', async () => {
    await tee.close();
    expect(await errorOf(store.get('k'))).toMatchObject({ code: 'ERR_CLOSED' });
    expect(await errorOf(tee.open())).toMatchObject({ code: 'ERR_CLOSED' });
    await tee.close();
  });

  test('need no close() for the process to end', async () => {
    const { execFileSync } = await import('node:child_process');
    const script = `
      const { MemoryTee } = require(${JSON.stringify(require.resolve('../../dist/testing/index.js'))});
      MemoryTee.create().then((tee) => tee.open()).then((store) => store.put('k', 'v')).then(() => console.log('done'));`;
    expect(execFileSync(process.execPath, ['-e', script], { timeout: 20_000 }).toString()).toBe('done\n');
  });
});

describe('faults', () => {
  const put = (options = {}) => store.put('k', 'new', options);
  const hurried = { timeoutMs: 150 };
  const stored = () => store.get('k', { encoding: 'utf8' });
  beforeEach(() => store.put('k', 'old'));

  test.each<[Fault, string, boolean]>([
    [{ kind: 'timeout' }, 'ERR_TIMEOUT', true],
    [{ kind: 'no-space' }, 'ERR_NO_SPACE', true],
    [{ kind: 'corrupt' }, 'ERR_CORRUPT', false],
    [{ kind: 'ta-dead', times: 2 }, 'ERR_TA_DEAD', true],
    [{ kind: 'slow', delayMs: 1000 }, 'ERR_TIMEOUT', true],
  ])('%j happens once, to the next call', async (fault, code, outcomeUnknown) => {
    tee.fail(fault);
    const options = code === 'ERR_TIMEOUT' ? hurried : {};
    expect(await errorOf(put(options))).toMatchObject({ code, outcomeUnknown, operation: 'put', key: 'k' });
    expect(await stored()).toBe('old');
    await put();
    expect(await stored()).toBe('new');
  });

  test('a slow TEE carries the change out, late', async () => {
    tee.fail({ kind: 'slow', delayMs: 300 });
    expect(await errorOf(put(hurried))).toMatchObject({ code: 'ERR_TIMEOUT' });
    while ((await stored()) !== 'new') await new Promise((resolve) => setTimeout(resolve, 10));
    tee.fail({ kind: 'slow', delayMs: 50 });
    const start = performance.now();
    await store.get('k');
    expect(performance.now() - start).toBeGreaterThan(45);
  });

  test('a panic is survived once by what may be sent again', async () => {
    tee.fail({ kind: 'ta-dead' });
    expect(await stored()).toBe('old');
    tee.fail({ kind: 'ta-dead' });
    expect(await errorOf(put({ ifRevision: 1 }))).toMatchObject({ code: 'ERR_TA_DEAD' });
    expect(await stored()).toBe('old');
  });

  test('a conflict happens to what has a condition', async () => {
    const revision = (await store.stat('k'))?.revision ?? 0;
    tee.fail({ kind: 'conflict' });
    await put();
    expect(await errorOf(put({ ifRevision: revision }))).toMatchObject({ code: 'ERR_CONFLICT' });
    tee.fail({ kind: 'conflict' });
    expect(await errorOf(store.put('another', '', { ifAbsent: true }))).toMatchObject({ code: 'ERR_EXISTS' });
    tee.fail({ kind: 'conflict', operation: 'batch' });
    expect(await errorOf(store.batch([{ type: 'put', key: 'k', value: '' }]))).toMatchObject({ code: 'ERR_CONFLICT' });
  });

  test('wait for the operation they are for, as often as they are ordered, until they are taken back', async () => {
    tee.fail({ kind: 'corrupt', operation: 'list', times: 2 });
    expect(await stored()).toBe('old');
    for (let n = 0; n < 2; n++) expect(await errorOf(store.keys())).toMatchObject({ code: 'ERR_CORRUPT' });
    expect(await store.keys()).toEqual(['k']);
    tee.fail({ kind: 'no-space', times: 5 });
    tee.clearFaults();
    await put();
  });

  test.each<[unknown, string]>([
    [{ kind: 'fire' }, 'fault.kind must be'],
    [{}, 'fault.kind must be'],
    [{ kind: 'conflict', operation: 'get' }, "fault.kind for operation 'get' must be"],
    [{ kind: 'slow', operation: 'open' }, 'fault.operation must be'],
    [{ kind: 'slow', times: 0 }, 'fault.times must be'],
    [{ kind: 'slow', delay: 5 }, "unknown property 'delay'"],
  ])('orders that make no sense are refused: %j', (fault, text) => {
    expect(() => {
      tee.fail(fault as Fault);
    }).toThrow(text);
  });
});
