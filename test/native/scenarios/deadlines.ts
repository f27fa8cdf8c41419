// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { nativeBackend, parkedThreads } from '../../../src-ts/native/backend.js';
import type { TeeSession } from '../../../src-ts/tee/seam.js';
import { counter, failure, invoke, open, PATIENT } from '../support/common.js';
import { Command, Counter, target } from '../support/fake.js';

const sleep = (session: TeeSession, ms: number, timeoutMs = 5000, signal?: AbortSignal) =>
  session.invoke(Command.SLEEP, [{ type: 'value-in', a: ms, b: 0 }], { timeoutMs, signal });

/**
 * A session whose thread is in a call until it is told to return: what is queued meanwhile waits, however slow this machine
 * is just now.
 */
async function occupied(signal?: AbortSignal) {
  const session = await open();
  const other = await open();
  const running = session.invoke(Command.WAIT, [], { timeoutMs: 30_000, signal });
  while ((await counter(other, Counter.NAPS)) === 0) await delay(5);
  const release = async () => {
    await invoke(other, Command.RELEASE);
    await other.close();
  };
  return { session, running, release };
}

const hang = (session: TeeSession, timeoutMs: number) => session.invoke(Command.HANG, [], { timeoutMs });

export async function hangingCall() {
  const session = await open();
  const before = parkedThreads();
  const missed = await failure(() => hang(session, 100));
  const later = await failure(() => sleep(session, 0));
  return { missed, later, parked: [before, parkedThreads()] };
}

export async function hangingOpen() {
  return failure(() => nativeBackend().open(target('hangs'), { timeoutMs: 100 }));
}

/** The wait in the queue counts; what had not begun is known not to have begun, and is not carried out later. */
export async function queuedCalls() {
  const { session, running, release } = await occupied();
  const queued = await failure(() => session.invoke(Command.HANG, [], { timeoutMs: 100 }));
  await release();
  const after = await failure(() => sleep(session, 0).then(() => Promise.reject(new Error('served'))));
  await running;
  await session.close();
  return { queued, after: after.detail, parked: parkedThreads() };
}

export async function comesBack() {
  const session = await open();
  const missed = await failure(() => sleep(session, 300, 100));
  const parked = parkedThreads();
  const refused = await failure(() => sleep(session, 0));
  await delay(350);
  const { result } = await sleep(session, 0);
  await session.close();
  return { missed: missed.kind, parked, refused: refused.kind, result, parkedAfter: parkedThreads() };
}

/** A session that nobody has, because its opening missed the deadline, is closed when it is there after all. */
export async function lateOpen() {
  const missed = await failure(() => nativeBackend().open(target('slow'), { timeoutMs: 50 }));
  const session = await open();
  const meanwhile = await counter(session, Counter.CONTEXTS);
  await delay(400);
  const later = await counter(session, Counter.CONTEXTS);
  await session.close();
  return { missed, meanwhile, later };
}

export async function abortsQueuedOnly() {
  const abort = new AbortController();
  const { session, running, release } = await occupied(abort.signal);
  const queued = failure(() => sleep(session, 0, 5000, abort.signal));
  abort.abort(new Error('not any more'));
  const early = await failure(() => sleep(session, 0, 5000, abort.signal));
  await release();
  const outcome = await running;
  const next = await sleep(session, 0);
  await session.close();
  return { running: outcome.result, queued: (await queued).detail, early: early.detail, next: next.result };
}

export async function keepsOrder() {
  const session = await open();
  const order: number[] = [];
  const calls = [80, 0, 20, 0].map((ms, i) => sleep(session, ms).then(() => order.push(i)));
  await Promise.all(calls);
  await session.close();
  return order;
}

/** Sessions have threads of their own: one that hangs stops no other one, and not libuv's pool. */
export async function stopsNobodyElse() {
  const hanging = await Promise.all(Array.from({ length: 8 }, () => open()));
  const missed = hanging.map((session) => failure(() => hang(session, 1500)));
  await delay(50);
  const begin = performance.now();
  await Promise.all(Array.from({ length: 100 }, () => readFile(__filename)));
  const session = await open();
  const { result } = await invoke(session, Command.INCREMENT);
  await session.close();
  const ms = performance.now() - begin;
  return {
    result,
    quick: ms < 1000,
    missed: (await Promise.all(missed)).map(({ kind }) => kind),
    parked: parkedThreads(),
  };
}

const kindOf = (error: unknown) => (error as { kind: string }).kind;

/** 1024 requests wait behind the running one, and no more. */
export async function fullQueue() {
  const { session, running, release } = await occupied();
  const calls = Array.from({ length: 1030 }, () => sleep(session, 0, 30_000).then(() => 'served', kindOf));
  await release();
  const kinds = await Promise.all(calls);
  await running;
  await session.close();
  return { served: kinds.filter((kind) => kind === 'served').length, last: kinds.slice(-6) };
}

/** 64 MiB of input wait, and no more. */
export async function fullMemory() {
  const { session, running, release } = await occupied();
  const data = new Uint8Array(4 * 1024 * 1024);
  const calls = Array.from({ length: 17 }, () =>
    session
      .invoke(Command.INCREMENT, [{ type: 'memref-in', data }], { timeoutMs: 30_000 })
      .then(() => 'served', kindOf),
  );
  await release();
  const kinds = await Promise.all(calls);
  await running;
  await session.close();
  return { served: kinds.filter((kind) => kind === 'served').length, last: kinds.at(-1) };
}

export async function tooManyParked() {
  const backend = nativeBackend();
  // Long enough for all to have begun: one that has not does not hang.
  const opening = () => failure(() => backend.open(target('hangs'), { timeoutMs: 2000 }));
  const first = await Promise.all(Array.from({ length: 32 }, opening));
  const last = await failure(() => backend.open(target(), PATIENT));
  return {
    first: new Set(first.map(({ started }) => started)).size,
    last: [last.kind, last.started],
    parked: parkedThreads(),
  };
}

export async function closeWaits() {
  const session = await open();
  const order: string[] = [];
  const call = sleep(session, 100).then(() => order.push('call'));
  const closed = session.close().then(() => order.push('close'));
  const late = await failure(() => sleep(session, 0));
  await Promise.all([call, closed, session.close()]);
  return { order, late: late.kind };
}

export async function closeDoesNotWaitForHanging() {
  const session = await open();
  const begin = performance.now();
  const missed = failure(() => hang(session, 150));
  await session.close();
  return { missed: (await missed).kind, ms: performance.now() - begin };
}

export async function closeOfParked() {
  const session = await open();
  await failure(() => hang(session, 50));
  const begin = performance.now();
  await session.close();
  const later = await failure(() => sleep(session, 0));
  return { ms: performance.now() - begin, later: later.kind };
}

/** A probe that finds no supplicant, for every thread it is asked about. */
export async function missingSupplicant() {
  const asked: number[] = [];
  const probe = { isMissedBy: (thread: number) => asked.push(thread) > 0 };
  const backend = nativeBackend({ probe });
  const opening = await failure(() => backend.open(target('hangs'), PATIENT));
  const answer = await backend.open(target(), PATIENT);
  if ('refused' in answer) throw new Error('refused');
  const waiting = [hang(answer.session, 5000), sleep(answer.session, 0), sleep(answer.session, 0)];
  const calls = await Promise.all(waiting.map((call) => failure(() => call)));
  return { opening, calls, thread: asked.every((thread) => thread > 1) };
}

/** A supplicant that is back at the second look, and one that was there all the time. */
export async function restartingSupplicant() {
  let looks = 0;
  const backend = nativeBackend({ probe: { isMissedBy: () => looks++ % 2 === 0 } });
  const answer = await backend.open(target(), PATIENT);
  if ('refused' in answer) throw new Error('refused');
  const { result } = await sleep(answer.session, 1600);
  await answer.session.close();
  return { result, looked: looks > 3 };
}
