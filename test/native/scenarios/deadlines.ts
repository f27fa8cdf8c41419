// SPDX-License-Identifier: MIT
/** Each scenario has a process of its own, with a clock that stands still: only calls that hang let it pass. */
import { readFile } from 'node:fs/promises';
import { nativeBackend, parkedThreads } from '../../../src-ts/native/backend.js';
import type { TeeSession } from '../../../src-ts/tee/seam.js';
import { Clock, turn, until } from '../support/clock.js';
import { counter, failure, invoke, open, PATIENT } from '../support/common.js';
import { Command, Counter, target } from '../support/fake.js';

const clock = new Clock();

/** Why something was refused, and when by the clock. */
const missed = async (action: () => Promise<unknown>) => ({ ...(await failure(action)), at: clock.now });

const nothing = (session: TeeSession, timeoutMs = 5000, signal?: AbortSignal) =>
  session.invoke(Command.SLEEP, [{ type: 'value-in', a: 0, b: 0 }], { timeoutMs, signal });
const hang = (session: TeeSession, timeoutMs: number) => session.invoke(Command.HANG, [], { timeoutMs });

/** Until so many threads hang in the TEE for ever, or so many until they are released. */
const hanging = (by: TeeSession, count: number) => until(async () => (await counter(by, Counter.HANGS)) === count);
const napping = (by: TeeSession, count: number) => until(async () => (await counter(by, Counter.NAPS)) === count);

/** A session whose thread is in a call until it is told to return: what is queued meanwhile waits. */
async function occupied(timeoutMs = 30_000, signal?: AbortSignal) {
  const session = await open();
  const other = await open();
  const running = session.invoke(Command.WAIT, [], { timeoutMs, signal });
  await napping(other, 1);
  const release = async () => {
    await invoke(other, Command.RELEASE);
    await other.close();
  };
  return { session, running, release };
}

export async function hangingCall() {
  const session = await open();
  const watcher = await open();
  const before = parkedThreads();
  const call = missed(() => hang(session, 100));
  await hanging(watcher, 1);
  await clock.advance(200);
  const late = await call;
  const calls = [50, 120, 80].map((timeoutMs) => missed(() => nothing(session, timeoutMs)));
  await clock.advance(200);
  const later = await Promise.all(calls);
  return { late, later, parked: [before, parkedThreads()], timers: clock.left };
}

export async function hangingOpen() {
  const watcher = await open();
  const opening = missed(() => nativeBackend().open(target('hangs'), { timeoutMs: 100 }));
  await hanging(watcher, 1);
  await clock.advance(200);
  return { ...(await opening), timers: clock.left };
}

/** The wait in the queue counts; what had not begun is known not to have begun, and is not carried out later. */
export async function queuedCalls() {
  const { session, running, release } = await occupied();
  const waiting = missed(() => session.invoke(Command.HANG, [], { timeoutMs: 100 }));
  await clock.advance(200);
  const queued = await waiting;
  await release();
  const after = await nothing(session);
  await running;
  await session.close();
  return { queued, after: after.result, parked: parkedThreads() };
}

/** What is called behind a call that was given up waits for its turn, whatever it is, and is carried out in its order. */
export async function comesBack() {
  const { session, running, release } = await occupied(100);
  const call = missed(() => running);
  await clock.advance(100);
  const { kind } = await call;
  const parked = parkedThreads();
  const order: string[] = [];
  const abort = new AbortController();
  const note = (name: string) => (outcome: { result: number }) => order.push(`${name} ${String(outcome.result)}`);
  const data = new Uint8Array(1000).fill(7);
  const calls = [
    nothing(session).then(note('first')),
    missed(() => nothing(session, 30)),
    failure(() => nothing(session, 5000, abort.signal)),
    session.invoke(Command.INCREMENT, [{ type: 'memref-in', data }], PATIENT).then(note('bytes')),
    nothing(session).then(note('last')),
  ] as const;
  data.fill(0);
  abort.abort(new Error('not any more'));
  await clock.advance(100);
  const meanwhile = order.length;
  await release();
  await until(() => parkedThreads() === 0);
  await clock.advance(100);
  const [, late, aborted] = await Promise.all(calls);
  const { result } = await nothing(session);
  await session.close();
  return { missed: kind, parked, meanwhile, order, late, aborted: aborted.detail, result, timers: clock.left };
}

/** A session whose call hangs is closed when what waits behind it has been given up too. */
export async function closesBehindHanging() {
  const session = await open();
  const watcher = await open();
  const call = missed(() => hang(session, 100));
  await hanging(watcher, 1);
  await clock.advance(100);
  await call;
  const waiting = missed(() => nothing(session, 50));
  const closed = session.close().then(() => clock.now);
  const after = await failure(() => nothing(session));
  await clock.advance(50);
  return { waiting: await waiting, closed: await closed, after: after.kind };
}

/** A session that nobody has, because its opening missed the deadline, is closed when it is there after all. */
export async function lateOpen() {
  const watcher = await open();
  const opening = missed(() => nativeBackend().open(target('slow'), { timeoutMs: 50 }));
  await napping(watcher, 1);
  await clock.advance(50);
  const { kind } = await opening;
  const contexts = () => counter(watcher, Counter.CONTEXTS);
  const meanwhile = await contexts();
  await invoke(watcher, Command.RELEASE);
  await until(async () => (await contexts()) === 1);
  const sessions = await counter(watcher, Counter.SESSIONS);
  await watcher.close();
  return { missed: kind, meanwhile, sessions };
}

export async function abortsQueuedOnly() {
  const abort = new AbortController();
  const { session, running, release } = await occupied(30_000, abort.signal);
  const queued = failure(() => nothing(session, 5000, abort.signal));
  abort.abort(new Error('not any more'));
  const early = await failure(() => nothing(session, 5000, abort.signal));
  await release();
  const outcome = await running;
  const next = await nothing(session);
  await session.close();
  return { running: outcome.result, queued: (await queued).detail, early: early.detail, next: next.result };
}

export async function keepsOrder() {
  const session = await open();
  const order: number[] = [];
  const calls = [80, 0, 20, 0].map((a, i) =>
    session.invoke(Command.SLEEP, [{ type: 'value-in', a, b: 0 }], PATIENT).then(() => order.push(i)),
  );
  await Promise.all(calls);
  await session.close();
  return order;
}

/** Sessions have threads of their own: while eight hang, a ninth is served, and so is all that uses libuv's pool. */
export async function stopsNobodyElse() {
  const sessions = await Promise.all(Array.from({ length: 8 }, () => open()));
  const session = await open();
  const calls = sessions.map((one) => missed(() => hang(one, 1500)));
  await hanging(session, 8);
  await Promise.all(Array.from({ length: 100 }, () => readFile(__filename)));
  const another = await open();
  const results = await Promise.all([session, another].map((one) => invoke(one, Command.INCREMENT)));
  await clock.advance(1500);
  const kinds = (await Promise.all(calls)).map(({ kind }) => kind);
  return { results: results.map(({ result }) => result), missed: kinds, parked: parkedThreads() };
}

const kindOf = (error: unknown) => (error as { kind: string }).kind;

/** 1024 requests wait behind the running one, and no more. */
export async function fullQueue() {
  const { session, running, release } = await occupied();
  const calls = Array.from({ length: 1030 }, () => nothing(session).then(() => 'served', kindOf));
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
    session.invoke(Command.INCREMENT, [{ type: 'memref-in', data }], PATIENT).then(() => 'served', kindOf),
  );
  await release();
  const kinds = await Promise.all(calls);
  await running;
  await session.close();
  return { served: kinds.filter((kind) => kind === 'served').length, last: kinds.at(-1) };
}

export async function tooManyParked() {
  const backend = nativeBackend();
  const watcher = await open();
  const openings = Array.from({ length: 32 }, () => missed(() => backend.open(target('hangs'), { timeoutMs: 100 })));
  // One that has not begun does not hang.
  await hanging(watcher, 32);
  await clock.advance(100);
  const first = await Promise.all(openings);
  const last = await failure(() => backend.open(target(), PATIENT));
  return {
    first: [...new Set(first.map(({ started }) => started))],
    last: [last.kind, last.started],
    parked: parkedThreads(),
  };
}

export async function closeWaits() {
  const { session, running, release } = await occupied();
  const order: string[] = [];
  const call = running.then(() => order.push('call'));
  const closed = session.close().then(() => order.push('close'));
  const late = await failure(() => nothing(session));
  order.push('released');
  await release();
  await Promise.all([call, closed, session.close()]);
  return { order, late: late.kind };
}

export async function closeDoesNotWaitForHanging() {
  const session = await open();
  const watcher = await open();
  const call = missed(() => hang(session, 150));
  await hanging(watcher, 1);
  const closed = session.close().then(() => clock.now);
  await clock.advance(300);
  return { missed: (await call).kind, at: await closed };
}

export async function closeOfParked() {
  const session = await open();
  const watcher = await open();
  const call = missed(() => hang(session, 50));
  await hanging(watcher, 1);
  await clock.advance(50);
  await call;
  await session.close();
  const later = await failure(() => nothing(session));
  return { at: clock.now, later: later.kind };
}

/** A probe that finds no supplicant, for every thread it is asked about. */
export async function missingSupplicant() {
  const asked: number[] = [];
  const probe = { isMissedBy: (thread: number) => asked.push(thread) > 0 };
  const backend = nativeBackend({ probe });
  const watcher = await open();
  const opening = missed(() => backend.open(target('hangs'), PATIENT));
  await hanging(watcher, 1);
  await clock.advance(1000);
  const answer = await backend.open(target(), PATIENT);
  if ('refused' in answer) throw new Error('refused');
  const { session } = answer;
  const waiting = [() => hang(session, 5000), () => nothing(session), () => nothing(session)].map(missed);
  await hanging(watcher, 2);
  await clock.advance(1000);
  const calls = await Promise.all(waiting);
  return { opening: await opening, calls, thread: asked.every((thread) => thread > 1) };
}

/** A supplicant that is back at the second look, and one that was there all the time. */
export async function restartingSupplicant() {
  let looks = 0;
  const watcher = await open();
  const backend = nativeBackend({ probe: { isMissedBy: () => looks++ % 2 === 0 } });
  const answer = await backend.open(target(), PATIENT);
  if ('refused' in answer) throw new Error('refused');
  const call = answer.session.invoke(Command.WAIT, [], PATIENT);
  await napping(watcher, 1);
  await clock.advance(1600);
  await turn();
  await invoke(watcher, Command.RELEASE);
  const { result } = await call;
  await answer.session.close();
  return { result, looks };
}
