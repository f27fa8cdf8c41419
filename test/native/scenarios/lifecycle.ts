// SPDX-License-Identifier: MIT
/** Every way in which an environment can end, and what a process is left with. */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { loadAddon } from '../../../src-ts/native/addon.js';
import { nativeBackend, parkedThreads } from '../../../src-ts/native/backend.js';
import { counter, failure, invoke, open, PATIENT } from '../support/common.js';
import { Command, Counter, target } from '../support/fake.js';
import { messageOf, startWorker } from '../support/workers.js';

/** What a program may have done when its environment ends. */
const prefixes = {
  load: () => void loadAddon(),
  create: () => void loadAddon().createSession(() => undefined),
  opening: () => void nativeBackend().open(target('slow'), PATIENT),
  openingForEver: () => void nativeBackend().open(target('hangs'), PATIENT),
  openingMissed: () => failure(() => nativeBackend().open(target('hangs'), { timeoutMs: 50 })),
  refused: () => nativeBackend().open(target('refused'), PATIENT),
  open: () => open(),
  openClose: async () => (await open()).close(),
  openClosing: async () => void (await open()).close(),
  openInvoke: async () => invoke(await open(), Command.INCREMENT),
  openOutliving: async () => {
    void sleep(await open(), 3000);
    const watcher = await open();
    while ((await counter(watcher, Counter.NAPS)) === 0) await delay(5);
    await watcher.close();
  },
  openPending: async () => void sleep(await open(), 2000),
  openPendingShort: async () => void sleep(await open(), 20),
  openQueued: async () => {
    const session = await open();
    for (let i = 0; i < 10; i++) void sleep(session, 2000);
  },
  openHanging: async () => void (await open()).invoke(Command.HANG, [], PATIENT),
  openParked: async () => failure(async () => (await open()).invoke(Command.HANG, [], { timeoutMs: 50 })),
  openParkedClosing: async () => {
    const session = await open();
    await failure(() => session.invoke(Command.HANG, [], { timeoutMs: 50 }));
    void session.close();
  },
  manyOpen: () => Promise.all(Array.from({ length: 8 }, () => open())),
} as const;

export type Prefix = keyof typeof prefixes;

const sleep = (session: Awaited<ReturnType<typeof open>>, ms: number) =>
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
  // Time for a call that outlives its environment to come back and to be dropped.
  await delay(100);
  const session = await open();
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
  let after = before;
  for (
    const end = performance.now() + 15_000;
    after.join() !== '1,1' && performance.now() < end;
    after = await left()
  ) {
    await delay(50);
  }
  await watcher.close();
  return { before, after };
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
  for (let i = 0; i < 20 && (await counter(watcher, Counter.SESSIONS)) > before; i++) {
    globalThis.gc?.();
    await delay(20);
  }
  const after = await counter(watcher, Counter.SESSIONS);
  await watcher.close();
  return { before, between, after };
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
  return { grown: threads() - before, parked: parkedThreads() };
}

export async function threadName() {
  const session = await open();
  const { params } = await invoke(session, Command.THREAD_NAME, { type: 'memref-out', size: 16 });
  await session.close();
  return (params[0] as { data: Buffer }).data.toString();
}

export async function hangingClose() {
  const session = await open();
  const begin = performance.now();
  await session.close();
  return { ms: performance.now() - begin, parked: parkedThreads() };
}
