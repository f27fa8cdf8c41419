// SPDX-License-Identifier: MIT
/** What happens when sessions are lost, answers are late or odd: above a scripted TEE, which a real one cannot replace. */
import { types } from 'node:util';

import { Command, Info, PROTOCOL_VERSION, TA_UUID, TaError } from '../../src-ts/protocol/contract.js';
import { idOutside } from '../../src-ts/tee/client-uuid.js';
import { NOBODYS_UUID } from '../../src-ts/tee/nobody.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Login, Origin, TeeFailure } from '../../src-ts/tee/seam.js';
import { errorOf } from './support/errors.js';
import { ScriptedTee, bytes, infoReply, ok, refused, short, u32, u64 } from './support/scripted-tee.js';

const dead = () => refused(TeeResult.TARGET_DEAD, Origin.TEE);
const found = (text: string) => ok(undefined, bytes(Buffer.from(text)), { a: 1, b: 0 });
const revision = (a: number) => ok(undefined, undefined, { a, b: 0 });

let tee: ScriptedTee;
beforeEach(() => {
  tee = new ScriptedTee();
});

describe('opening', () => {
  test('sends protocol version and domain, and checks the identity', async () => {
    const store = await tee.store({ domain: 'ä' });
    expect(tee.opened).toBe(1);
    expect(tee.openedWith.slice(0, 2)).toEqual([
      { type: 'value-in', a: PROTOCOL_VERSION, b: 0 },
      { type: 'memref-in', data: Buffer.from('ä') },
    ]);
    await store.close();
    expect(tee.closed).toBe(1);
  });

  test('says which user it is for, as the kernel counts', async () => {
    const id = idOutside('uid', process.geteuid?.() ?? -1);
    await tee.store();
    expect(tee.openedWith.slice(2)).toEqual(id === null ? [] : [{ type: 'value-in', a: id, b: 0 }]);
  });

  test.each([
    ['another owner', '00000000-0000-5000-8000-000000000000', Login.USER],
    ['another login', new ScriptedTee().owner, Login.GROUP],
  ])('is refused where the TA was told of %s', async (_name, owner, login) => {
    Object.assign(tee, { owner, login });
    const error = await errorOf(tee.store());
    expect(error).toMatchObject({ code: 'ERR_UID_MISMATCH', operation: 'open' });
    expect(tee.closed).toBe(1);
  });

  test('of a TA that cannot say who the owner is fails by its version', async () => {
    tee.whoami = () => refused(TeeResult.NOT_SUPPORTED);
    expect(await errorOf(tee.store())).toMatchObject({ code: 'ERR_TA_VERSION' });
    tee.whoami = () => ok();
    expect(await errorOf(tee.store())).toMatchObject({ code: 'ERR_PROTOCOL' });
    expect(tee.closed).toBe(2);
  });

  test('reports what the TEE refused it with', async () => {
    tee.openings.push(() => refused(TaError.KERNEL));
    expect(await errorOf(tee.store())).toMatchObject({ code: 'ERR_KERNEL_TOO_OLD', operation: 'open' });
  });

  test.each([
    ['not found: it is the signature', 'ERR_TA_SIGNATURE', TeeResult.ITEM_NOT_FOUND],
    ['refused, too: it is the storage', 'ERR_CORRUPT', TeeResult.SECURITY],
    ['of no answer: it may be either', 'ERR_TA_SIGNATURE', TeeResult.COMMUNICATION],
  ])('refused for security asks once for a TA that nobody has; %s', async (_name, code, second) => {
    const asked: string[] = [];
    const open = tee.open.bind(tee);
    tee.open = (target) => {
      asked.push(target.uuid);
      return open(target);
    };
    tee.openings.push(
      () => refused(TeeResult.SECURITY, Origin.TEE),
      () => refused(second, Origin.TEE),
    );
    expect(await errorOf(tee.store())).toMatchObject({ code, operation: 'open', result: TeeResult.SECURITY });
    expect(asked).toEqual([TA_UUID, NOBODYS_UUID]);
    // Any other refusal is clear, and so is one of the TA's own.
    for (const [result, origin] of [
      [TeeResult.CORRUPT_OBJECT, Origin.TEE],
      [TeeResult.SECURITY, Origin.TRUSTED_APP],
    ] as const) {
      tee.openings.push(() => refused(result, origin));
      await errorOf(tee.store());
    }
    expect(asked).toEqual([TA_UUID, NOBODYS_UUID, TA_UUID, TA_UUID]);
  });

  test('refused for security tells the first answer where the second one fails or is a session', async () => {
    for (const second of [() => Promise.reject(new TeeFailure('timeout', 'late')), () => ok()]) {
      tee.openings.push(() => refused(TeeResult.SECURITY, Origin.TEE), second);
      expect(await errorOf(tee.store())).toMatchObject({ code: 'ERR_TA_SIGNATURE' });
    }
    expect(tee.closed).toBe(tee.opened);
  });

  test.each([
    [0, false],
    [100, false],
    [999, false],
    [1000, null],
    [1001, null],
  ])('antiRollback %i is rollbackProtected %p, which is never true', async (level, rollbackProtected) => {
    const store = await tee.store();
    const reply = infoReply(tee.owner);
    reply.writeUInt32LE(level, Info.ANTI_ROLLBACK);
    tee.answers.push(() => ok(bytes(reply)));
    expect(await store.info()).toMatchObject({ antiRollback: level, rollbackProtected });
  });

  test('does not begin with an aborted signal', async () => {
    const reason = new Error('no more');
    await expect(tee.store({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(tee.opened).toBe(0);
  });
});

describe('a lost session', () => {
  test.each([
    ['a dead TA', () => dead()],
    ['a lost supplicant', () => refused(TeeResult.COMMUNICATION, Origin.COMMS)],
    ['storage that was away', () => refused(TeeResult.STORAGE_NOT_AVAILABLE)],
    ['a session that the driver does not know', () => refused(TeeResult.BAD_PARAMETERS, Origin.COMMS)],
    [
      'a session that was closed beneath',
      () => {
        throw new TeeFailure('closed', 'gone');
      },
    ],
  ])('%s: opened again once, and a read is sent again', async (_name, lost) => {
    const store = await tee.store();
    tee.answers.push(lost, () => found('v'));
    expect((await store.get('k'))?.toString()).toBe('v');
    expect(tee.seen.map(({ session, command }) => [session, command])).toEqual([
      [1, Command.GET],
      [2, Command.GET],
    ]);
    expect(tee.closed).toBe(1);
  });

  test('twice in one call is an error, and the next call opens another one', async () => {
    const store = await tee.store();
    tee.answers.push(dead, dead, () => found('v'));
    expect(await errorOf(store.get('k'))).toMatchObject({ code: 'ERR_TA_DEAD', operation: 'get', key: 'k' });
    expect((await store.get('k'))?.toString()).toBe('v');
    expect(tee.opened).toBe(3);
  });

  test.each([
    ['put', (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.put('k', 'v'), () => revision(9)],
    ['delete', (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.delete('k'), () => ok(undefined, { a: 3, b: 0 })],
    [
      'clear',
      (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.clear({ confirm: true }),
      () => ok(undefined, { a: 3, b: 0 }),
    ],
    [
      'batch',
      (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.batch([{ type: 'put', key: 'k', value: 'v' }]),
      () => ok(undefined, bytes(u64(4)), { a: 0, b: 0 }),
    ],
  ])('a %s without a condition is sent again with the same data', async (_name, change, answer) => {
    const store = await tee.store();
    tee.answers.push(dead, answer);
    await change(store);
    expect(tee.seen).toHaveLength(2);
    expect(tee.seen[1]?.params).toEqual(tee.seen[0]?.params);
  });

  test.each([
    ['put if absent', (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.put('k', 'v', { ifAbsent: true })],
    ['put if revision', (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.put('k', 'v', { ifRevision: 4 })],
    [
      'put for the old value',
      (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.put('k', 'v', { returnPrevious: true }),
    ],
    ['delete if revision', (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.delete('k', { ifRevision: 4 })],
    ['generate', (s: Awaited<ReturnType<ScriptedTee['store']>>) => s.generate('k')],
    [
      'batch with a condition',
      (s: Awaited<ReturnType<ScriptedTee['store']>>) =>
        s.batch([
          { type: 'put', key: 'j', value: '' },
          { type: 'put', key: 'k', value: 'v', ifAbsent: true },
        ]),
    ],
  ])('a %s is not sent again: the outcome is unknown', async (_name, change) => {
    const store = await tee.store();
    tee.answers.push(dead, () => found('v'));
    const error = await errorOf(change(store));
    expect(error).toMatchObject({ code: 'ERR_TA_DEAD', outcomeUnknown: true });
    expect(error.message).toContain('either made wholly or not at all');
    expect(tee.seen).toHaveLength(1);
    expect((await store.get('k'))?.toString()).toBe('v');
    expect(tee.opened).toBe(2);
  });

  const deleted = (number: number) => ok(undefined, { a: number, b: 0 });
  test.each<[string, (s: Awaited<ReturnType<ScriptedTee['store']>>) => Promise<unknown>, () => ReturnType<typeof ok>]>([
    ['delete', (s) => s.delete('k'), () => refused(TeeResult.ITEM_NOT_FOUND)],
    ['clear', (s) => s.clear({ confirm: true }), () => deleted(0)],
    [
      'batch',
      (s) =>
        s.batch([
          { type: 'put', key: 'l', value: 'v' },
          { type: 'delete', key: 'k' },
        ]),
      () => ok(undefined, bytes(u64(4), u64(0)), { a: 0, b: 0 }),
    ],
    ['removeOwner', (s) => s.removeOwner({ uid: 7, confirm: true }), () => refused(TeeResult.ITEM_NOT_FOUND)],
  ])('a %s whose repetition finds nothing does not guess what there was', async (operation, change, nothing) => {
    const store = await tee.store();
    tee.answers.push(dead, nothing, nothing);
    const error = await errorOf(change(store));
    expect(error).toMatchObject({ code: 'ERR_TA_DEAD', operation, outcomeUnknown: true, origin: 'TEE' });
    expect(error.message).toContain('found nothing');
    // Without a lost session the same answer is an answer.
    await expect(change(store)).resolves.toBeDefined();
    tee.answers.push(() => {
      throw new TeeFailure('closed', 'gone', true);
    }, nothing);
    expect(await errorOf(change(store))).toMatchObject({ code: 'ERR_CLOSED', operation, outcomeUnknown: true });
  });

  test('a delete that had certainly not begun may find nothing', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => {
        throw new TeeFailure('closed', 'gone', false);
      },
      () => refused(TeeResult.ITEM_NOT_FOUND),
    );
    expect(await store.delete('k')).toBe(false);
  });

  test('a conditional change that had certainly not begun is sent again', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => {
        throw new TeeFailure('closed', 'gone', false);
      },
      () => revision(5),
    );
    expect(await store.put('k', 'v', { ifAbsent: true })).toEqual({ revision: 5 });
  });

  test('if it cannot be opened again, a change tells that its outcome is unknown, and why', async () => {
    const store = await tee.store();
    tee.answers.push(dead);
    tee.openings.push(() => refused(TeeResult.ITEM_NOT_FOUND, Origin.TEE));
    const error = await errorOf(store.put('k', 'v'));
    expect(error).toMatchObject({ code: 'ERR_TA_NOT_FOUND', operation: 'put', outcomeUnknown: true });
    expect(error.cause).toMatchObject({ code: 'ERR_TA_NOT_FOUND', operation: 'open' });
  });

  test('calls that lose it together open one new session', async () => {
    const store = await tee.store();
    tee.answers.push(dead, dead, dead, ...['a', 'b', 'c'].map((text) => () => found(text)));
    const values = await Promise.all([store.get('1'), store.get('2'), store.get('3')]);
    expect(values.map(String)).toEqual(['a', 'b', 'c']);
    expect(tee.opened).toBe(2);
  });

  test('with another identity behind it is not used', async () => {
    const store = await tee.store();
    tee.answers.push(dead);
    tee.owner = '00000000-0000-5000-8000-000000000000';
    expect(await errorOf(store.get('k'))).toMatchObject({ code: 'ERR_UID_MISMATCH' });
    expect(tee.seen).toHaveLength(1);
  });

  test('that is slow to open again does not make a call late', async () => {
    const store = await tee.store();
    tee.answers.push(dead, () => found('v'));
    let proceed: (value: object) => void = () => undefined;
    tee.openings.push(() => new Promise((resolve) => (proceed = resolve)));
    jest.useFakeTimers();
    try {
      const began = performance.now();
      const ended = errorOf(store.get('k', { timeoutMs: 60 })).then(({ code }) => [code, performance.now() - began]);
      await jest.advanceTimersByTimeAsync(1000);
      expect(await ended).toEqual(['ERR_TIMEOUT', 60]);
      proceed({});
      expect((await store.get('k'))?.toString()).toBe('v');
    } finally {
      jest.useRealTimers();
    }
    expect(tee.opened).toBe(2);
  });
});

describe('a time-out', () => {
  const late = (started: boolean) => () => {
    throw new TeeFailure('timeout', 'no answer', started);
  };

  test('of a change that had begun leaves its outcome unknown; the session is kept', async () => {
    const store = await tee.store();
    tee.answers.push(late(true), () => found('v'));
    expect(await errorOf(store.put('k', 'v'))).toMatchObject({ code: 'ERR_TIMEOUT', outcomeUnknown: true });
    await store.get('k');
    expect(tee.opened).toBe(1);
  });

  test('before it had begun leaves no doubt', async () => {
    const store = await tee.store();
    tee.answers.push(late(false));
    expect(await errorOf(store.put('k', 'v'))).toMatchObject({ code: 'ERR_TIMEOUT', outcomeUnknown: false });
  });
});

describe('room for an answer', () => {
  const roomOf = (index: number, at: number) => (tee.seen[index]?.params[at] as { size: number }).size;

  test('is tried small first, then as large as the TA asks for, while a value grows', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => refused(TeeResult.SHORT_BUFFER, Origin.TRUSTED_APP, undefined, short(70_000)),
      () => refused(TeeResult.SHORT_BUFFER, Origin.TRUSTED_APP, undefined, short(80_000)),
      () => found('v'),
    );
    expect((await store.get('k'))?.toString()).toBe('v');
    expect([0, 1, 2].map((index) => roomOf(index, 1))).toEqual([60 * 1024 - 1, 70_000, 80_000]);
  });

  test.each([
    ['no more than it has', 100],
    ['more than any value', 1024 * 1024 + 1],
    ['4 GiB', 0xffff_ffff],
  ])('that asks for %s is a breach of the protocol', async (_name, size) => {
    const store = await tee.store();
    tee.answers.push(() => refused(TeeResult.SHORT_BUFFER, Origin.TRUSTED_APP, undefined, short(size)));
    expect(await errorOf(store.get('k'))).toMatchObject({ code: 'ERR_PROTOCOL' });
  });

  test('that is asked for without end is refused in the end', async () => {
    const store = await tee.store();
    for (let size = 100_000; size < 110_000; size += 1000) {
      tee.answers.push(() => refused(TeeResult.SHORT_BUFFER, Origin.TRUSTED_APP, undefined, short(size)));
    }
    expect(await errorOf(store.get('k'))).toMatchObject({ code: 'ERR_BUSY' });
    expect(tee.seen).toHaveLength(5);
  });
});

describe('an odd answer', () => {
  const value = { a: 1, b: 0 };
  test.each<[string, (s: Awaited<ReturnType<ScriptedTee['store']>>) => Promise<unknown>, ReturnType<typeof ok>]>([
    ['a value larger than the room', (s) => s.get('k'), ok(undefined, { size: 9, data: Buffer.alloc(8) }, value)],
    ['no value parameter', (s) => s.get('k'), ok(undefined, bytes([1]))],
    ['no memory reference', (s) => s.get('k'), ok(undefined, undefined, value)],
    ['a revision of 0', (s) => s.get('k'), ok(undefined, bytes([1]), { a: 0, b: 0 })],
    ['a revision of 2^53', (s) => s.put('k', 'v'), ok(undefined, undefined, { a: 0, b: 0x20_0000 })],
    ['a previous value too short', (s) => s.put('k', 'v', { returnPrevious: true }), ok(0, 0, value, bytes([1, 2, 3]))],
    [
      'a previous value without a revision',
      (s) => s.put('k', 'v', { returnPrevious: true }),
      ok(undefined, undefined, value, bytes(u64(0), [1])),
    ],
    [
      'too few random bytes',
      (s) => s.generate('k', { size: 4, return: true }),
      ok(undefined, undefined, value, bytes([1, 2, 3])),
    ],
    ['too few revisions', (s) => s.batch([{ type: 'delete', key: 'k' }]), ok(undefined, bytes(u32(1)), value)],
    ['more keys than asked for', (s) => s.list({ limit: 1 }), ok(undefined, undefined, bytes(), { a: 2, b: 0 })],
    ['more values than keys', (s) => s.getMany(['k']), ok(undefined, bytes(u64(0), u64(0)), { a: 2, b: 0 })],
  ])('with %s is refused', async (_name, ask, answer) => {
    const store = await tee.store();
    tee.answers.push(() => answer);
    expect(await errorOf(ask(store))).toMatchObject({ code: 'ERR_PROTOCOL' });
  });
});

describe('what held a value is wiped', () => {
  test('the answer of getMany, not the values', async () => {
    const store = await tee.store();
    const reply = bytes(u64(1), u32(6), u32(0), Buffer.from('s3cret'));
    tee.answers.push(() => ok(undefined, reply, { a: 1, b: 0 }));
    expect((await store.getMany(['k'])).get('k')?.toString()).toBe('s3cret');
    expect(reply.data.every((byte) => byte === 0)).toBe(true);
  });

  test('the answer with the previous value, not that value', async () => {
    const store = await tee.store();
    const reply = bytes(u64(1), Buffer.from('s3cret'));
    tee.answers.push(() => ok(undefined, undefined, { a: 2, b: 0 }, reply));
    expect((await store.put('k', '', { returnPrevious: true })).previous?.toString()).toBe('s3cret');
    expect(reply.data.every((byte) => byte === 0)).toBe(true);
  });

  test('bytes that became a string', async () => {
    const store = await tee.store();
    const reply = bytes(Buffer.from('s3cret'));
    tee.answers.push(() => ok(undefined, reply, { a: 2, b: 0 }));
    expect(await store.get('k', { encoding: 'utf8' })).toBe('s3cret');
    expect(reply.data.every((byte) => byte === 0)).toBe(true);
  });
});

describe('copies of values that are stored are wiped', () => {
  /** Every buffer with bytes of the value that the call made and left behind. */
  async function leftBehind(call: (store: Awaited<ReturnType<ScriptedTee['store']>>) => Promise<unknown>) {
    const store = await tee.store();
    const made: Buffer[] = [];
    const noted = (buffer: Buffer<ArrayBuffer>) => (made.push(buffer), buffer);
    const alloc = Buffer.alloc.bind(Buffer);
    // wipeableBuffer() makes one of an ArrayBuffer; the TEE of this test makes others.
    const from = Buffer.from.bind(Buffer) as (...args: unknown[]) => Buffer<ArrayBuffer>;
    const spies = [
      jest.spyOn(Buffer, 'alloc').mockImplementation((size) => noted(alloc(size))),
      jest
        .spyOn(Buffer, 'from')
        .mockImplementation((...args: unknown[]) =>
          types.isArrayBuffer(args[0]) ? noted(from(...args)) : from(...args),
        ),
    ];
    await call(store);
    for (const spy of spies) spy.mockRestore();
    expect(made.length).toBeGreaterThan(0);
    return made.filter((buffer) => buffer.includes('s3cret'));
  }

  test('by put()', async () => {
    tee.answers.push(() => revision(2));
    expect(await leftBehind((store) => store.put('k', 's3cret'))).toEqual([]);
  });

  test('by put() that fails', async () => {
    tee.answers.push(() => refused(TaError.QUOTA, Origin.TRUSTED_APP));
    expect(await leftBehind((store) => errorOf(store.put('k', Buffer.from('s3cret'))))).toEqual([]);
  });

  test('by batch()', async () => {
    tee.answers.push(() => ok(undefined, bytes(u64(2))));
    expect(await leftBehind((store) => store.batch([{ type: 'put', key: 'k', value: 's3cret' }]))).toEqual([]);
  });
});

test('a value that its owner changes or wipes during the call is stored as it was', async () => {
  const store = await tee.store();
  const value = Buffer.from('before');
  tee.answers.push(dead, () => revision(2));
  const done = store.put('k', value);
  value.fill(0);
  await done;
  for (const { params } of tee.seen) expect(params[1]).toEqual({ type: 'memref-in', data: Buffer.from('before') });
});

test('close waits for what is under way, answers later calls with ERR_CLOSED, and may be called again', async () => {
  const store = await tee.store();
  let answer: (value: object) => void = () => undefined;
  tee.answers.push(() => new Promise((resolve) => (answer = resolve)));
  const get = store.get('k');
  const closed = store.close();
  expect(store.close()).toBe(closed);
  expect(await errorOf(store.get('k'))).toMatchObject({ code: 'ERR_CLOSED', operation: 'get' });
  expect(tee.closed).toBe(0);
  answer(found('v'));
  expect((await get)?.toString()).toBe('v');
  await closed;
  expect(tee.closed).toBe(1);
});
