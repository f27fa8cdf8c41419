// SPDX-License-Identifier: MIT
/**
 * Mixed load whose every step is known beforehand: what a writer has stored after so many steps follows from a number,
 * so that it can be judged after any fault how far it came, and whether each value is whole and its own.
 */
import type { RunContext } from '../../../machine/machine.mjs';

/** Keys and their values in short: size and step at which each was written. */
export type Digest = Readonly<Record<string, string>>;

/** Where a writer is. */
export interface Progress {
  /** Steps that were acknowledged. */
  readonly acknowledged: number;
  /** The error that ended it; empty while it works. */
  readonly code: string;
  readonly message: string;
  /** Whether the step after these may have been made. */
  readonly open: boolean;
  /** The latest that a call ended after its deadline, in milliseconds. */
  readonly late: number;
  /** Reads that returned anything but what was stored. */
  readonly wrong: readonly string[];
  readonly reads: number;
}

/** What a process has, after garbage was collected: bytes and counts. */
export interface Footprint {
  readonly rss: number;
  readonly heap: number;
  /** Outside of V8's heap: Buffers and what the addon tells V8 of. */
  readonly external: number;
  readonly descriptors: number;
  readonly threads: number;
}

export interface Plan {
  /** What a step does: one key is put or deleted, several in a batch; values by size. */
  step(n: number): Record<string, number | null>;
  /** What is stored after so many steps. */
  after(steps: number): Record<string, string>;
}

/**
 * The steps of a writer, by its prefix and a seed. It runs on both sides, and so stands for itself.
 */
export function planOf(seed: number, prefix: string): Plan {
  const KEYS = 12;
  const random = (n: number, salt: number): number => {
    let mixed = Math.imul(n + 1, 0x9e3779b1) ^ Math.imul(seed + salt + prefix.length, 0x85ebca77);
    for (const letter of prefix) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  /** Mostly small values, now and then one that is an object of its own. */
  const sizeOf = (n: number, salt: number): number => {
    const kind = random(n, salt) % 10;
    const upTo = kind < 7 ? 200 : kind < 9 ? 3000 : 20_000;
    return 40 + (random(n, salt + 1) % upTo);
  };
  const keyOf = (n: number, salt: number) => `${prefix}${String(random(n, salt) % KEYS)}`;
  const step = (n: number): Record<string, number | null> => {
    const kind = random(n, 1) % 10;
    if (kind === 0) return { [keyOf(n, 2)]: null };
    if (kind > 2) return { [keyOf(n, 2)]: sizeOf(n, 3) };
    const batch: Record<string, number | null> = {};
    for (let m = 0; m < 4; m++) batch[keyOf(n, 10 + m)] = random(n, 20 + m) % 4 === 0 ? null : sizeOf(n, 30 + 2 * m);
    return batch;
  };
  /** The store as it was asked for last, to go on from. */
  let known: { steps: number; stored: Record<string, string> } = { steps: 0, stored: {} };
  const after = (steps: number): Record<string, string> => {
    if (known.steps > steps) known = { steps: 0, stored: {} };
    const made = { ...known.stored };
    for (let n = known.steps; n < steps; n++) {
      for (const [key, size] of Object.entries(step(n))) {
        // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a plain map of keys
        if (size === null) delete made[key];
        else made[key] = `${String(size)} of step ${String(n)}`;
      }
    }
    known = { steps, stored: made };
    return { ...made };
  };
  return { step, after };
}

/** What the functions below find in the state of a process. */
export interface LoadTools {
  /** @param limitMs within which each call must end */
  open(limitMs: number): Promise<void>;
  /** Starts the load at a step; it goes on until a call fails or stop(). */
  start(first: number): void;
  stop(): Promise<Progress>;
  progress(): Progress;
  /**
   * Waits until no thread of the process is in a call to a driver any more: a call that was given up at its deadline goes
   * on below, and may still change something.
   */
  calm(patienceMs: number): Promise<void>;
  /** Reads everything of the user below a prefix, whichever writer's it is, once the storage works again. */
  find(patienceMs: number, below: string): Promise<Digest>;
  measure(): Footprint;
  close(): Promise<void>;
}

/**
 * Puts the tools into the state of a process, with the package loaded and no store opened.
 * @param makePlan text of planOf()
 */
export function installLoad(
  { require, state }: RunContext,
  { makePlan, seed, prefix }: { makePlan: string; seed: number; prefix: string },
): void {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index');
  const { setTimeout: sleep } = require('node:timers/promises') as typeof import('node:timers/promises');
  const plan = ((0, eval)(`(${makePlan})`) as typeof planOf)(seed, prefix);
  type Failure = Error & { code?: string; outcomeUnknown?: boolean };
  /** What a store may say while its supplicant or Trusted Application is being started again. */
  const passing = new Set(['ERR_NO_SUPPLICANT', 'ERR_TA_DEAD', 'ERR_STORAGE', 'ERR_TIMEOUT', 'ERR_NO_MEMORY']);
  let store: import('../../../src-ts/index').SecureStorage | undefined;
  let working: Promise<void> = Promise.resolve();
  let stopping = false;
  let timeoutMs = 0;
  const none = { code: '', message: '', open: false, late: 0, wrong: [] as string[], reads: 0 };
  let progress = { acknowledged: 0, ...none };

  const valueOf = (key: string, size: number, n: number) => Buffer.alloc(size, `${key} at step ${String(n)}; `);
  /** The digest of a value that is whole and belongs to the key; otherwise what it is instead. */
  const digest = (key: string, value: Buffer): string => {
    const [, found, n] = /^(.*?) at step (\d+); /.exec(value.subarray(0, 64).toString()) ?? [];
    if (n === undefined || found !== key) return `foreign: ${String(found)}`;
    if (!value.equals(valueOf(key, value.length, Number(n)))) return 'mixed';
    return `${String(value.length)} of step ${n}`;
  };
  const timed = async <T>(call: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    try {
      return await call();
    } finally {
      progress.late = Math.max(progress.late, performance.now() - began - timeoutMs);
    }
  };
  const opened = () => {
    if (store === undefined) throw new Error('no store is open');
    return store;
  };
  const make = async (n: number): Promise<void> => {
    const entries = Object.entries(plan.step(n));
    const [key = '', size] = entries[0] ?? [];
    if (entries.length > 1) {
      const operations = entries.map(([name, bytes]) =>
        bytes === null
          ? { type: 'delete' as const, key: name }
          : { type: 'put' as const, key: name, value: valueOf(name, bytes, n) },
      );
      await timed(() => opened().batch(operations));
    } else if (typeof size === 'number') await timed(() => opened().put(key, valueOf(key, size, n)));
    else await timed(() => opened().delete(key));
  };
  const compare = (what: string, found: unknown, wanted: unknown) => {
    progress.reads++;
    const texts = [found, wanted].map((value) => JSON.stringify(value));
    if (texts[0] !== texts[1]) progress.wrong.push(`${what}: ${String(texts[0])} instead of ${String(texts[1])}`);
  };
  /** Looks at what is stored by one method or another; nobody else changes it. */
  const look = async (n: number): Promise<void> => {
    const stored = plan.after(n);
    const key = `${prefix}${String(n % 12)}`;
    const keys = Object.keys(stored).sort();
    if (n % 15 === 3) {
      const entries = await timed(() => opened().list({ prefix }));
      const found = entries.map((entry) => entry.key).sort();
      compare('list', found, keys);
    } else if (n % 15 === 6) {
      const values = await timed(() => opened().getMany(keys));
      const found = keys.map((name) => digest(name, values.get(name) ?? Buffer.alloc(0)));
      compare('getMany', found, Object.values(Object.fromEntries(keys.map((name) => [name, stored[name]]))));
    } else if (n % 15 === 9) {
      const known = await timed(() => opened().stat(key));
      compare(`stat of ${key}`, known === null ? undefined : String(known.size), stored[key]?.split(' ')[0]);
      await timed(() => opened().info());
    } else if (n % 60 === 30) {
      await opened().close();
      store = await timed(() => SecureStorage.open({ domain: 'load', timeoutMs }));
    } else {
      const value = await timed(() => opened().get(key));
      compare(key, value === null ? undefined : digest(key, value), stored[key]);
    }
  };
  const work = async (): Promise<void> => {
    let changing = false;
    try {
      while (!stopping) {
        const n = progress.acknowledged;
        if (n % 3 === 0) await look(n);
        changing = true;
        await make(n);
        changing = false;
        progress.acknowledged = n + 1;
        // For the host to know it even if the machine is cut off.
        process.stdout.write(`${prefix}${String(n + 1)}\n`);
      }
    } catch (error) {
      const { code = 'none', message, outcomeUnknown } = error as Failure;
      progress = { ...progress, code, message, open: changing && outcomeUnknown === true };
    }
  };
  const recovered = async <T>(call: () => Promise<T>, patienceMs: number): Promise<T> => {
    const end = performance.now() + patienceMs;
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!passing.has((error as Failure).code ?? '') || performance.now() > end) throw error;
        await sleep(50);
      }
    }
  };
  /** The calls of other threads that are under way: below, or in the secure world, where Linux sees them as running. */
  const callsToDrivers = (): string[] => {
    const IOCTL = '29 '; // of arm64
    const { readdirSync, readFileSync } = require('node:fs') as typeof import('node:fs');
    const others = readdirSync('/proc/self/task').filter((id) => id !== String(process.pid));
    return others.flatMap((id) => {
      try {
        const call = readFileSync(`/proc/self/task/${id}/syscall`, 'utf8');
        return call.startsWith(IOCTL) || call.startsWith('running') ? [call] : [];
      } catch {
        return []; // It has ended.
      }
    });
  };
  const tools: LoadTools = {
    async open(limitMs) {
      timeoutMs = limitMs;
      store = await recovered(() => SecureStorage.open({ domain: 'load', timeoutMs }), 60_000);
    },
    start(first) {
      stopping = false;
      progress = { acknowledged: first, ...none, wrong: [] };
      working = work();
    },
    async stop() {
      stopping = true;
      await working;
      return progress;
    },
    progress: () => progress,
    async calm(patienceMs) {
      const end = performance.now() + patienceMs;
      while (callsToDrivers().length > 0) {
        if (performance.now() > end) throw new Error(`still under way: ${callsToDrivers().join(', ')}`);
        await sleep(20);
      }
    },
    find: (patienceMs, below) =>
      recovered(async () => {
        const digests: Record<string, string> = {};
        for await (const { key, value } of opened().entries({ prefix: below })) digests[key] = digest(key, value);
        return digests;
      }, patienceMs),
    measure() {
      const { setFlagsFromString } = require('node:v8') as typeof import('node:v8');
      const { runInNewContext } = require('node:vm') as typeof import('node:vm');
      const { readdirSync } = require('node:fs') as typeof import('node:fs');
      setFlagsFromString('--expose-gc');
      (runInNewContext('gc') as () => void)();
      const { rss, heapUsed: heap, external } = process.memoryUsage();
      const count = (folder: string) => readdirSync(`/proc/self/${folder}`).length;
      return { rss, heap, external, descriptors: count('fd'), threads: count('task') };
    },
    async close() {
      await store?.close();
      store = undefined;
    },
  };
  state.load = tools;
}
