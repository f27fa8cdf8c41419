// SPDX-License-Identifier: MIT
/** Every way in which an environment can end, and what a process is left with. */
import { readFileSync } from 'node:fs';
import { loadAddon } from '../../../src-ts/native/addon.js';
import { nativeBackend, parkedThreads } from '../../../src-ts/native/backend.js';
import type { TeeFailure, TeeSession } from '../../../src-ts/tee/seam.js';
import { Clock, until } from '../support/clock.js';
import { counter, failure, invoke, open, PATIENT } from '../support/common.js';
import { Command, Counter, target } from '../support/fake.js';
import { messageOf, startWorker } from '../support/workers.js';

const IN_MS = 50;

/** What a program may have done when its environment ends. */
const prefixes = {
  load: () => void loadAddon(),
  create: () => void loadAddon().createSession(() => undefined, []),
  opening: () => void nativeBackend().open(target('slow'), PATIENT),
  openingForEver: () => void nativeBackend().open(target('hangs'), PATIENT),
  openingMissed: () => givenUp(() => nativeBackend().open(target('hangs'), { timeoutMs: IN_MS })),
  refused: () => nativeBackend().open(target('refused'), PATIENT),
  open: () => open(),
  openClose: async () => (await open()).close(),
  openClosing: async () => void (await open()).close(),
  openInvoke: async () => invoke(await open(), Command.INCREMENT),
  openOutliving: async () => {
    void wait(await open());
    const watcher = await open();
    await until(async () => (await counter(watcher, Counter.NAPS)) > 0);
    await watcher.close();
  },
  openPending: async () => void wait(await open()),
  openPendingShort: async () => void sleep(await open(), 20),
  openQueued: async () => {
    const session = await open();
    for (let i = 0; i < 10; i++) void wait(session);
  },
  openHanging: async () => void (await open()).invoke(Command.HANG, [], PATIENT),
  openParked: () => openParked(),
  openParkedClosing: async () => {
    const session = await openParked();
    void session.close();
  },
  manyOpen: () => Promise.all(Array.from({ length: 8 }, () => open())),
} as const;

export type Prefix = keyof typeof prefixes;

/** It has begun in the TEE, which does not answer, and was given up. */
async function givenUp(action: () => Promise<unknown>): Promise<void> {
  const clock = new Clock();
  const watcher = await open();
  const hanging = () => counter(watcher, Counter.HANGS);
  const before = await hanging();
  const missed = failure(action);
  await until(async () => (await hanging()) > before);
  await clock.advance(IN_MS);
  await missed;
  await watcher.close();
}

async function openParked(): Promise<TeeSession> {
  const session = await open();
  await givenUp(() => session.invoke(Command.HANG, [], { timeoutMs: IN_MS }));
  return session;
}

/** What becomes of requests behind one after which the session stops. */
export async function stopped() {
  const stopAt = [0x80001111, 0x80002222];
  const session = await open(target('plain', { stopAt }));
  const answered = (name: string, result: number): Promise<unknown[]> =>
    invoke(session, Command.RESULT, { type: 'value-in', a: result, b: 4 }).then(
      (outcome) => [name, outcome.result],
      (error: unknown) => [name, (error as TeeFailure).kind, (error as TeeFailure).started],
    );
  const calls = await Promise.all([
    answered('another result', 0x80003333),
    answered('the result', 0x80002222),
    answered('behind it', 0),
    answered('behind that', 0x80001111),
  ]);
  const later = await answered('later', 0);
  await session.close();
  return [...calls, later, await answered('after its end', 0)];
}

/** A call that never comes back, unless somebody releases it. */
const wait = (session: TeeSession) => session.invoke(Command.WAIT, [], PATIENT).catch(() => undefined);

const sleep = (session: TeeSession, ms: number) =>
  session.invoke(Command.SLEEP, [{ type: 'value-in', a: ms, b: 0 }], PATIENT).catch(() => undefined);

export async function exitAfter(prefix: Prefix) {
  await prefixes[prefix]();
  process.send?.({ value: prefix }, () => process.exit(0));
  await new Promise(() => undefined);
}

/** In a worker thread: the worker's environment ends, the process goes on and can still use the addon. */
export async function terminateAfter({ prefix, loadedBefore }: { prefix: Prefix; loadedBefore: boolean }) {
  if (loadedBefore) loadAddon();
  const worker = startWorker(__filename, 'inWorker', prefix);
  await messageOf(worker);
  await worker.terminate();
  const session = await open();
  // A call that outlives its environment comes back and is dropped.
  const waiting = () => counter(session, Counter.NAPS);
  for (let left = await waiting(); left > 0; left--) await invoke(session, Command.RELEASE);
  await until(async () => (await waiting()) === 0);
  const { result } = await invoke(session, Command.INCREMENT);
  await session.close();
  return result;
}

/** The entry of such a worker. */
export async function inWorker(prefix: Prefix) {
  await prefixes[prefix]();
  (require('node:worker_threads') as typeof import('node:worker_threads')).parentPort?.postMessage('ready');
  setInterval(() => undefined, 1000);
}

/** A call that comes back when its environment is long gone; its thread then closes the session and ends. */
export async function outlived() {
  const worker = startWorker(__filename, 'inWorker', 'openOutliving' satisfies Prefix);
  await messageOf(worker);
  await worker.terminate();
  const watcher = await open();
  const left = () => Promise.all([Counter.CONTEXTS, Counter.SESSIONS].map((c) => counter(watcher, c)));
  const before = await left();
  await invoke(watcher, Command.RELEASE);
  await until(async () => (await left()).join() === '1,1');
  await watcher.close();
  return before;
}

export async function eightWorkers() {
  loadAddon();
  const workers = Array.from({ length: 8 }, () => startWorker(__filename, 'inWorker', 'openQueued'));
  await Promise.all(workers.map(messageOf));
  const session = await open();
  const { result } = await invoke(session, Command.INCREMENT);
  await Promise.all(workers.map((worker) => worker.terminate()));
  await session.close();
  return result;
}

/** An idle session neither keeps the process alive nor is it closed while it could be used. */
export async function idle() {
  const session = await open();
  const { result } = await invoke(session, Command.INCREMENT);
  (globalThis as Record<string, unknown>).keep = session;
  return result;
}

/** A pending call keeps the process alive. */
export async function pending() {
  const session = await open();
  void sleep(session, 300).then(() => {
    process.stdout.write('answered\n');
    return session.close();
  });
}

export async function garbage() {
  const watcher = await open();
  const before = await counter(watcher, Counter.SESSIONS);
  await (async () => {
    const session = await open();
    await invoke(session, Command.INCREMENT);
  })();
  const between = await counter(watcher, Counter.SESSIONS);
  await until(async () => {
    globalThis.gc?.();
    return (await counter(watcher, Counter.SESSIONS)) === before;
  });
  await watcher.close();
  return { before, between };
}

/** Sessions, blocks and contexts that are left when all are closed. */
export async function leftovers() {
  const sessions = await Promise.all(Array.from({ length: 5 }, () => open()));
  const watcher = await open();
  await Promise.all(
    sessions.map((session) => invoke(session, Command.INCREMENT, { type: 'memref-out', size: 100_000 })),
  );
  const during = await Promise.all(
    [Counter.CONTEXTS, Counter.SESSIONS, Counter.BLOCKS].map((c) => counter(watcher, c)),
  );
  await nativeBackend().open(target('refused'), PATIENT);
  await Promise.all(sessions.map((session) => session.close()));
  const after = await Promise.all([Counter.CONTEXTS, Counter.SESSIONS, Counter.BLOCKS].map((c) => counter(watcher, c)));
  await watcher.close();
  return { during, after };
}

const threads = () => Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

/** Threads that 50 sessions leave behind. */
export async function threadsLeft() {
  await (await open()).close();
  const before = threads();
  for (let i = 0; i < 50; i++) await (await open()).close();
  // The system counts a thread that is ending for a moment more.
  await until(() => threads() <= before);
  return { parked: parkedThreads() };
}

export async function threadName() {
  const session = await open();
  const { params } = await invoke(session, Command.THREAD_NAME, { type: 'memref-out', size: 16 });
  await session.close();
  return (params[0] as { data: Buffer }).data.toString();
}

export async function hangingClose() {
  const clock = new Clock();
  const watcher = await open();
  const session = await open();
  const closed = session.close().then(() => clock.now);
  await until(async () => (await counter(watcher, Counter.HANGS)) === 1);
  await clock.advance(10_000);
  return { at: await closed, parked: parkedThreads(), timers: clock.left };
}
