// SPDX-License-Identifier: MIT
/** Programs that use the API, some of them badly. The TA's storage is the memory of the process. */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { SecureStorage } from '../../../src-ts/index.js';
import { Command, PROTOCOL_VERSION, TA_UUID } from '../../../src-ts/protocol/contract.js';
import { nativeBackend, parkedThreads } from '../../../src-ts/native/backend.js';
import { Login } from '../../../src-ts/tee/seam.js';
import { until } from '../support/clock.js';
import { messageOf, startWorker } from '../support/workers.js';

const MIB = 1024 * 1024;
const open = (domain: string, timeoutMs = 30_000) => SecureStorage.open({ domain, timeoutMs });

/** Threads of sessions that this process has. */
const sessionThreads = () =>
  readdirSync('/proc/self/task').filter((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === 'tee-session\n';
    } catch {
      return false; // it has just ended
    }
  }).length;

/** Returns when there are none; if some stay, the process is ended for taking too long. */
async function noThreadsLeft(): Promise<true> {
  await until(() => sessionThreads() === 0);
  return true;
}

/** 'done', or why not: an error's code, or what a signal was aborted with. */
const ending = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );

const distinct = (words: readonly string[]) => [...new Set(words)].sort();

export async function everyMethod() {
  const store = await open('methods');
  const long = '\u{10348}'.repeat(256); // 1024 bytes
  const wrong: unknown[] = [];
  for (const size of [0, 1, 63, 64, 65, 3583, 3584, 3585, 65_535, 65_536, 65_537, MIB - 1, MIB]) {
    const value = randomBytes(size);
    await store.put(long, value);
    if ((await store.get(long))?.equals(value) !== true) wrong.push(size);
  }
  await store.put('a', '', { ifAbsent: true });
  const { previous } = await store.put('a', randomBytes(70_000), { returnPrevious: true });
  const { value: random } = await store.generate('r', { size: MIB, return: true });
  const revisions = await store.batch([
    ...Array.from({ length: 500 }, (_, i) => ({ type: 'put' as const, key: `b/${String(i)}`, value: 'v'.repeat(i) })),
    { type: 'delete', key: 'nothing' },
  ]);
  const many = await store.getMany([long, 'a', 'r', 'nothing']);
  const walked: number[] = [];
  for await (const { value } of store.entries({ prefix: 'b/' })) walked.push(value.length);
  const counts = {
    previous: previous?.length,
    random: random.length,
    revisions: revisions.length,
    many: [...many.values()].map((value) => value?.length ?? null),
    walked: walked.reduce((sum, length) => sum + length, 0),
    listed: (await store.list({ after: 'b/1', limit: 7 })).length,
    keys: (await store.keys()).length,
    entry: (await store.getEntry('a', { encoding: 'base64' }))?.value.length,
    has: [await store.has(long), await store.has('nothing')],
    stat: (await store.stat('r'))?.size,
    deleted: [await store.delete('r'), await store.delete('r')],
    backend: (await store.info()).backend,
    cleared: await store.clear({ confirm: true }),
  };
  const refused = await Promise.all([
    ending(store.get('')),
    ending(store.get(`${long}k`)),
    ending(store.put('a', Buffer.alloc(MIB + 1))),
    ending(store.put('\ud800', '')),
    ending(store.get('a', { timeoutMs: 0 })),
    ending(store.get('a', { signal: AbortSignal.abort('early') })),
    ending(
      store.batch([
        { type: 'put', key: 'a', value: Buffer.alloc(MIB) },
        { type: 'put', key: 'b', value: Buffer.alloc(MIB) },
      ]),
    ),
    ending(SecureStorage.open({ taUuid: '00000000-0000-4000-8000-000000000000' })),
    ending(SecureStorage.open({ domain: 'd'.repeat(65) })),
  ]);
  await store.close();
  return { wrong, counts, refused, closed: await ending(store.get('a')), left: await noThreadsLeft() };
}

/** One program: writes, reads back and deletes, again and again. Returns how often it did not find what it wrote. */
async function work(domain: string, rounds: number): Promise<number> {
  const store = await open(domain);
  let mistakes = 0;
  for (let i = 0; i < rounds; i++) {
    const value = randomBytes((i * 997) % 9000);
    const key = `k${String(i % 7)}`;
    const [, found] = await Promise.all([store.put(key, value), store.get(key), store.list()]);
    if (found?.equals(value) !== true) mistakes++;
  }
  await store.clear({ confirm: true });
  await store.close();
  return mistakes;
}

export async function manySessions() {
  const mistakes = await Promise.all(Array.from({ length: 24 }, (_, i) => work(`many/${String(i)}`, 10)));
  return { mistakes: mistakes.reduce((sum, count) => sum + count, 0), left: await noThreadsLeft() };
}

export async function manyWorkers() {
  const workers = Array.from({ length: 4 }, (_, i) => startWorker(__filename, 'inWorker', `worker/${String(i)}`));
  const ends = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
  const mistakes = await Promise.all([...workers.map(messageOf), work('main', 20)]);
  return { mistakes, codes: await Promise.all(ends), left: await noThreadsLeft() };
}

/** The worker of that. */
export async function inWorker(domain: string) {
  const mistakes = await Promise.all([work(`${domain}/a`, 10), work(`${domain}/b`, 10)]);
  const { parentPort } = require('node:worker_threads') as typeof import('node:worker_threads');
  parentPort?.postMessage(mistakes[0] + mistakes[1]);
}

/** Several stores that never rest. */
async function hammer(domain: string): Promise<never> {
  const stores = await Promise.all(Array.from({ length: 3 }, (_, i) => open(`${domain}/${String(i)}`)));
  const value = randomBytes(200_000);
  const forEver = async (store: SecureStorage): Promise<never> => {
    for (;;) await Promise.all([store.put('k', value), store.get('k'), store.list(), store.delete('other')]);
  };
  return Promise.race(stores.map(forEver));
}

/** The worker that is terminated; it says when it has begun. */
export async function busyWorker(domain: string) {
  const { parentPort } = require('node:worker_threads') as typeof import('node:worker_threads');
  await Promise.all([hammer(domain), open(domain).then(() => parentPort?.postMessage('busy'))]);
}

/** Workers end in the middle of their calls, sooner or later, while the main thread works with the same TEE. */
export async function terminatedWorkers() {
  const rounds = Array.from({ length: 12 }, async (_, i) => {
    const worker = startWorker(__filename, 'busyWorker', `terminated/${String(i % 3)}`);
    // Some before they have opened anything.
    if (i % 4 > 0) await messageOf(worker);
    await delay(i * 7);
    return worker.terminate();
  });
  const [mistakes] = await Promise.all([work('main', 30), ...rounds]);
  return { mistakes, left: await noThreadsLeft(), parked: parkedThreads() };
}

export async function exitInMidCall(ms: number) {
  void hammer('exit/main');
  const worker = startWorker(__filename, 'busyWorker', 'exit/worker');
  await messageOf(worker);
  await delay(ms);
  process.send?.({ value: 'busy' }, () => process.exit(3));
  await new Promise(() => undefined);
}

/** Deadlines and signals that strike anywhere: before, in the queue, during the call, after it. */
export async function interrupted() {
  const store = await open('interrupted');
  const value = randomBytes(300_000);
  const endings: string[] = [];
  for (let i = 0; i < 40; i++) {
    const abort = new AbortController();
    const timeoutMs = 1 + (i % 10);
    const calls = [
      store.put('k', value, { signal: abort.signal }),
      store.get('k', { timeoutMs }),
      store.put('l', value, { timeoutMs, signal: abort.signal }),
      store.list({ signal: abort.signal }),
    ].map(ending);
    if (i % 8 === 7) await Promise.all(calls);
    else if (i % 5 > 0) await delay(i % 5);
    abort.abort('stopped');
    endings.push(...(await Promise.all(calls)));
  }
  // What was given up comes back.
  await until(() => parkedThreads() === 0);
  await store.put('k', 'last');
  const last = await store.get('k', { encoding: 'utf8' });
  await store.close();
  return { endings: distinct(endings), last, left: await noThreadsLeft() };
}

/** Stores are closed while calls run; what was begun ends well. */
export async function closedInMidCall() {
  const value = randomBytes(100_000);
  const ends = await Promise.all(
    Array.from({ length: 10 }, async (_, i) => {
      const store = await open(`closed/${String(i)}`);
      const before = Array.from({ length: 5 }, () => ending(store.put('k', value)));
      if (i % 2 > 0) await delay(i);
      const closed = [store.close(), store.close()];
      const after = await ending(store.get('k'));
      await Promise.all(closed);
      return { before: distinct(await Promise.all(before)), after };
    }),
  );
  return { ends: distinct(ends.map((end) => JSON.stringify(end))), left: await noThreadsLeft() };
}

/** Stores that nobody has any more, some with calls under way. */
export async function garbage() {
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const store = await open(`garbage/${String(i)}`);
      const put = store.put('k', randomBytes(50_000));
      if (i % 2 > 0) await put;
    }),
  );
  const most = sessionThreads();
  await until(() => {
    globalThis.gc?.();
    return sessionThreads() === 0;
  });
  return { most: most > 0 };
}

/** The TA dies again and again under those that use it; only the TA built for tests has the command. */
export async function panics() {
  const params = [
    { type: 'value-in', a: PROTOCOL_VERSION, b: 0 },
    { type: 'memref-in', data: Buffer.from('panics') },
  ] as const;
  const panic = async () => {
    const answer = await nativeBackend().open({ uuid: TA_UUID, login: Login.USER, params }, { timeoutMs: 30_000 });
    if ('refused' in answer) return;
    await answer.session.invoke(Command.TEST_PANIC, [], { timeoutMs: 30_000 });
    await answer.session.close();
  };
  const stores = await Promise.all(Array.from({ length: 6 }, (_, i) => open(`panics/${String(i)}`)));
  const endings: string[] = [];
  for (let i = 0; i < 10; i++) {
    const calls = stores.map((store) => ending(store.put('k', randomBytes(i * 1000))));
    endings.push(...(await Promise.all([...calls, ...stores.map((store) => ending(store.get('k')))])));
    await Promise.all([panic(), ...stores.map((store) => ending(store.get('k')))]);
  }
  await Promise.all(stores.map((store) => store.close()));
  return { endings: distinct(endings), left: await noThreadsLeft() };
}
