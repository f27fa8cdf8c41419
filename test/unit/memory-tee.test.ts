// SPDX-License-Identifier: MIT
/** The TEE in memory for users' tests: whom it plays, and the faults that can be ordered. */
import { MemoryTee, type Fault } from '../../src-ts/testing/index.js';
import type { SecureStorage } from '../../src-ts/index.js';
import { errorOf } from '../conformance/errors.js';

/** The real one, whatever timers a test fakes. */
const nextTurn = setImmediate;

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
    [{ kind: 'no-space' }, 'ERR_NO_SPACE', false],
    [{ kind: 'corrupt' }, 'ERR_CORRUPT', false],
    [{ kind: 'ta-dead', times: 2 }, 'ERR_TA_DEAD', true],
    [{ kind: 'no-supplicant' }, 'ERR_NO_SUPPLICANT', true],
    [{ kind: 'no-storage', times: 2 }, 'ERR_STORAGE', true],
    [{ kind: 'busy' }, 'ERR_BUSY', false],
  ])('%j happens once, to the next call', async (fault, code, outcomeUnknown) => {
    tee.fail(fault);
    const options = code === 'ERR_TIMEOUT' ? hurried : {};
    expect(await errorOf(put(options))).toMatchObject({ code, outcomeUnknown, operation: 'put', key: 'k' });
    expect(await stored()).toBe('old');
    await put();
    expect(await stored()).toBe('new');
  });

  test('a slow TEE carries the change out, late, and nothing overtakes it', async () => {
    tee.fail({ kind: 'slow', delayMs: 300 });
    expect(await errorOf(put(hurried))).toMatchObject({ code: 'ERR_TIMEOUT', outcomeUnknown: true });
    expect(await stored()).toBe('new');
    tee.fail({ kind: 'slow', delayMs: 50 });
    const start = performance.now();
    await store.get('k');
    expect(performance.now() - start).toBeGreaterThan(45);
  });

  describe('keep the order of calls, as OP-TEE does', () => {
    const order: string[] = [];
    const note = async (name: string, call: Promise<unknown>) => {
      const result = await call.then(String, (error: unknown) => (error as { code: string }).code);
      order.push(`${name} ${result}`);
    };
    const read = (name: string, from = store, options = {}) =>
      note(name, from.get('k', { encoding: 'utf8', ...options }));
    beforeEach(() => {
      order.length = 0;
    });

    test.each<[Fault]>([
      [{ kind: 'slow', delayMs: 100 }],
      [{ kind: 'ta-dead' }],
      [{ kind: 'no-storage' }],
      [{ kind: 'busy', operation: 'get' }],
    ])('%j: a read behind a change sees it', async (fault) => {
      tee.fail(fault);
      const calls = [put(), store.put('k', 'newer'), read('read'), read('again')];
      await Promise.all(calls);
      expect(order).toEqual([fault.kind === 'busy' ? 'read ERR_BUSY' : 'read newer', 'again newer']);
    });

    test('another store of the TEE waits too, and so does opening one', async () => {
      const other = await tee.open();
      tee.fail({ kind: 'slow', delayMs: 200 });
      const change = put();
      await Promise.all([read('other', other), tee.open().then((third) => read('third', third)), change]);
      expect(order.sort()).toEqual(['other new', 'third new']);
    });

    test('a call behind a call that stalls waits until its own deadline, or until it is aborted', async () => {
      tee.fail({ kind: 'slow', delayMs: 400 });
      const abort = new AbortController();
      const reason = new Error('enough');
      const change = put();
      const waiting = [
        read('late', store, { timeoutMs: 50 }),
        errorOf(store.put('k', 'never', { timeoutMs: 60 })).then(({ outcomeUnknown }) =>
          order.push(String(outcomeUnknown)),
        ),
        expect(store.get('k', { signal: abort.signal })).rejects.toBe(reason),
        read('patient'),
      ];
      abort.abort(reason);
      await Promise.all([...waiting, change]);
      expect(order).toEqual(['late ERR_TIMEOUT', 'false', 'patient new']);
    });

    test('what stalls cannot be aborted', async () => {
      tee.fail({ kind: 'slow', delayMs: 50 });
      const abort = new AbortController();
      const change = put({ signal: abort.signal });
      abort.abort();
      await change;
      expect(await stored()).toBe('new');
    });

    test('after a call that timed out the next ones are carried out', async () => {
      tee.fail({ kind: 'timeout' });
      await Promise.all([note('put', put(hurried)), read('read'), note('put', store.put('k', 'newer')), read('again')]);
      expect(order.filter((line) => !line.includes('put ['))).toEqual(['put ERR_TIMEOUT', 'read old', 'again newer']);
    });

    test('a value may be wiped as soon as put() has returned', async () => {
      tee.fail({ kind: 'slow', delayMs: 50 });
      const values = ['one', 'two'].map((text) => Buffer.from(text));
      const puts = values.map((value, index) => store.put(String(index), value));
      for (const value of values) value.fill(0);
      await Promise.all(puts);
      expect(await store.get('0', { encoding: 'utf8' })).toBe('one');
      expect(await store.get('1', { encoding: 'utf8' })).toBe('two');
    });

    test('closing a store does not take back a change that nobody waits for any more', async () => {
      tee.fail({ kind: 'slow', delayMs: 100 });
      expect(await errorOf(put({ timeoutMs: 20 }))).toMatchObject({ code: 'ERR_TIMEOUT' });
      await store.close();
      expect(await (await tee.open()).get('k', { encoding: 'utf8' })).toBe('new');
    });

    test('closing the TEE ends what stalls and what waits', async () => {
      tee.fail({ kind: 'timeout' });
      const calls = [put(), stored()].map(errorOf);
      await tee.close();
      expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(['ERR_CLOSED', 'ERR_CLOSED']);
    });
  });

  describe('of opening', () => {
    test.each<[Fault, string]>([
      [{ kind: 'timeout', operation: 'open' }, 'ERR_TIMEOUT'],
      [{ kind: 'slow', operation: 'open', delayMs: 60_000 }, 'ERR_TIMEOUT'],
      [{ kind: 'no-supplicant', operation: 'open' }, 'ERR_NO_SUPPLICANT'],
      [{ kind: 'no-storage', operation: 'open' }, 'ERR_STORAGE'],
      [{ kind: 'corrupt', operation: 'open' }, 'ERR_CORRUPT'],
      [{ kind: 'busy', operation: 'open' }, 'ERR_BUSY'],
      [{ kind: 'no-permission' }, 'ERR_PERMISSION'],
      [{ kind: 'no-device' }, 'ERR_NO_DEVICE'],
      [{ kind: 'ta-not-found' }, 'ERR_TA_NOT_FOUND'],
    ])('%j happens to the next one', async (fault, code) => {
      tee.fail(fault);
      expect(await stored()).toBe('old');
      const timeoutMs = code === 'ERR_TIMEOUT' ? 50 : 10_000;
      expect(await errorOf(tee.open({ timeoutMs }))).toMatchObject({ code, operation: 'open', outcomeUnknown: false });
      tee.clearFaults();
      if (fault.kind !== 'slow') expect(await (await tee.open()).get('k', { encoding: 'utf8' })).toBe('old');
    });

    const notReady: [Fault['kind'], string][] = [
      ['no-supplicant', 'ERR_NO_SUPPLICANT'],
      ['no-storage', 'ERR_STORAGE'],
      ['busy', 'ERR_BUSY'],
      ['timeout', 'ERR_TIMEOUT'],
    ];
    test.each(notReady)('%s is waited for with waitMs, and not without it', async (kind, code) => {
      const times = 3;
      const timeoutMs = kind === 'timeout' ? 50 : undefined;
      tee.fail({ kind, operation: 'open', times });
      expect(await errorOf(tee.open({ timeoutMs }))).toMatchObject({ code, retryable: true });
      const patient = await tee.open({ timeoutMs, callTimeoutMs: 60_000, waitMs: 60_000 });
      expect(await patient.get('k', { encoding: 'utf8' })).toBe('old');
    });

    test.each<[Fault['kind'], string]>([
      ['no-permission', 'ERR_PERMISSION'],
      ['no-device', 'ERR_NO_DEVICE'],
      ['ta-not-found', 'ERR_TA_NOT_FOUND'],
      ['corrupt', 'ERR_CORRUPT'],
    ])('%s is not waited for', async (kind, code) => {
      tee.fail({ kind, operation: 'open' });
      expect(await errorOf(tee.open({ waitMs: 2 ** 31 - 1 }))).toMatchObject({ code, retryable: false });
      await (await tee.open()).close();
    });

    test('the waiting ends with the last error, or is aborted', async () => {
      tee.fail({ kind: 'no-supplicant', operation: 'open', times: 1_000_000 });
      expect(await errorOf(tee.open({ waitMs: 250 }))).toMatchObject({ code: 'ERR_NO_SUPPLICANT', operation: 'open' });
      const abort = new AbortController();
      const opening = tee.open({ waitMs: 2 ** 31 - 1, signal: abort.signal });
      abort.abort('enough');
      await expect(opening).rejects.toBe('enough');
      const later = new AbortController();
      const waiting = tee.open({ waitMs: 2 ** 31 - 1, signal: later.signal });
      await new Promise(setImmediate);
      later.abort('enough of that');
      await expect(waiting).rejects.toBe('enough of that');
    });

    test('happen to a session that is opened again', async () => {
      tee.fail({ kind: 'ta-dead' });
      tee.fail({ kind: 'no-supplicant', operation: 'open' });
      expect(await errorOf(stored())).toMatchObject({ code: 'ERR_NO_SUPPLICANT' });
      expect(await stored()).toBe('old');
    });
  });

  describe('are moved by fake timers', () => {
    afterEach(() => {
      jest.useRealTimers();
    });
    /** What a promise settles with, and after how many fake milliseconds. */
    const settled = async (promise: Promise<unknown>, step = 50) => {
      const end: { result?: unknown } = {};
      void promise.then(
        (value) => (end.result = value),
        (error: unknown) => (end.result = (error as { code: string }).code),
      );
      let passed = 0;
      for (; end.result === undefined && passed < 100_000; passed += step) {
        await jest.advanceTimersByTimeAsync(step);
        // The answers come from a thread, which no fake clock moves.
        await new Promise((resolve) => nextTurn(resolve));
      }
      const { result } = end;
      return { result, passed };
    };

    test.each<[string, Fault, () => Promise<unknown>, string, number]>([
      ['a time-out by default', { kind: 'timeout' }, () => store.get('k'), 'ERR_TIMEOUT', 3000],
      [
        'a time-out of its own',
        { kind: 'timeout' },
        () => store.get('k', { timeoutMs: 60_000 }),
        'ERR_TIMEOUT',
        60_000,
      ],
      ['a slow answer', { kind: 'slow', delayMs: 1500 }, () => store.get('k', { encoding: 'utf8' }), 'old', 1500],
      ['opening', { kind: 'timeout', operation: 'open' }, () => tee.open(), 'ERR_TIMEOUT', 3000],
      [
        'opening that waits',
        { kind: 'no-supplicant', operation: 'open', times: 1_000_000 },
        () => tee.open({ waitMs: 20_000 }),
        'ERR_NO_SUPPLICANT',
        20_000,
      ],
    ])('%s', async (_what, fault, call, expected, afterMs) => {
      jest.useFakeTimers();
      tee.fail(fault);
      const { result, passed } = await settled(call());
      expect(result).toBe(expected);
      // The thread may need some turns for its answer.
      expect(passed).toBeGreaterThanOrEqual(afterMs);
    });

    test('nothing happens while they stand still', async () => {
      jest.useFakeTimers();
      tee.fail({ kind: 'slow', delayMs: 10 });
      let done = false;
      const answer = store.get('k', { encoding: 'utf8' }).finally(() => (done = true));
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => nextTurn(resolve));
      expect(done).toBe(false);
      await jest.advanceTimersByTimeAsync(10);
      expect(await answer).toBe('old');
    });
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
    [{ kind: 'conflict', operation: 'open' }, "fault.kind for operation 'open' must be"],
    [{ kind: 'no-permission', operation: 'get' }, "fault.kind for operation 'get' must be"],
    [{ kind: 'slow', operation: 'close' }, 'fault.operation must be'],
    [{ kind: 'slow', times: 0 }, 'fault.times must be'],
    [{ kind: 'slow', delay: 5 }, "unknown property 'delay'"],
  ])('orders that make no sense are refused: %j', (fault, text) => {
    expect(() => {
      tee.fail(fault as Fault);
    }).toThrow(text);
  });
});
