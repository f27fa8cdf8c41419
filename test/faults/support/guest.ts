// SPDX-License-Identifier: MIT
/** What the users' processes in the machine do; all of it runs there. */
import type { RunContext } from '../../../machine/machine.mjs';
import type { Change, Contents } from './operations';

/** The keys of a store with the digests of their values, or why they could not be read. */
export type Digests = Readonly<Record<string, string>>;

export const equal = (a: Digests, b: Digests): boolean =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

/** How a change came out. */
export interface Outcome {
  /** 'done', or the code of the error. */
  readonly code: string;
  readonly outcomeUnknown: boolean;
  readonly ms: number;
}

/** What a user finds. */
export interface Finding {
  readonly digests: Digests;
  /** How many calls failed before the store worked again. */
  readonly retries: number;
  /** What the store has become unable to do; empty: it works. */
  readonly broken: string;
}

/** How changes went that prove that a store works. */
export type Proof = Omit<Finding, 'digests'>;

/** What the functions below find in the state of a process. */
export interface GuestTools {
  open(): Promise<void>;
  fill(contents: Contents): Promise<void>;
  change(change: Change, timeoutMs: number): Promise<Outcome>;
  /** Reads the whole store. */
  find(): Promise<Finding>;
  /** Makes changes, to prove that the store can be changed. */
  prove(changes: readonly Change[]): Promise<Proof>;
  digestsOf(contents: Contents): Digests;
  objects(): Promise<number>;
}

/**
 * Puts the tools into the state of a process, with the package loaded and no store opened.
 * @param domain of the store
 * @param timeoutMs within which each call must end
 */
export function installTools({ require, state }: RunContext, domain: string, timeoutMs: number): void {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index');
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const { setTimeout: sleep } = require('node:timers/promises') as typeof import('node:timers/promises');
  type Failure = Error & { code?: string; outcomeUnknown?: boolean };
  /** How long a store may take to work again, once what died is started again. */
  const RECOVERY_MS = 20_000;
  /** What a store may say while its supplicant or TA is being started again. */
  const passing = new Set(['ERR_NO_SUPPLICANT', 'ERR_TA_DEAD', 'ERR_STORAGE']);
  let store: import('../../../src-ts/index').SecureStorage;

  const valueOf = (key: string, { size, generation }: Contents[string]) =>
    Buffer.alloc(size, `${key}, generation ${String(generation)}; `);
  const digest = (value: Buffer) => `${String(value.length)} ${createHash('sha256').update(value).digest('hex')}`;

  const describe = ({ code, message }: Failure) => `${code ?? ''} ${message}`.trim();

  const carryOut = async (change: Change, options: { timeoutMs?: number }) => {
    const entries = Object.entries(change);
    const [key = '', value] = entries[0] ?? [];
    if (entries.length === 1) return value ? store.put(key, valueOf(key, value), options) : store.delete(key, options);
    return store.batch(
      entries.map(([name, content]) =>
        content
          ? { type: 'put' as const, key: name, value: valueOf(name, content) }
          : { type: 'delete' as const, key: name },
      ),
      options,
    );
  };
  const read = async () => {
    const values = await store.getMany((await store.list()).map(({ key }) => key));
    return Object.fromEntries([...values].map(([key, value]) => [key, value ? digest(value) : 'gone']));
  };
  /** Makes a call until what was started again serves it. */
  const recovered = async <T>(call: () => Promise<T>) => {
    const end = performance.now() + RECOVERY_MS;
    for (let retries = 0; ; retries++) {
      try {
        return { value: await call(), retries };
      } catch (error) {
        if (!passing.has((error as Failure).code ?? '') || performance.now() > end) throw error;
        await sleep(50);
      }
    }
  };
  const tools: GuestTools = {
    async open() {
      store = (await recovered(() => SecureStorage.open({ domain, timeoutMs }))).value;
    },
    async fill(contents) {
      for (const [key, value] of Object.entries(contents)) await store.put(key, valueOf(key, value));
    },
    async change(change, limitMs) {
      const began = performance.now();
      const ended = (code: string, outcomeUnknown = false) => ({ code, outcomeUnknown, ms: performance.now() - began });
      return carryOut(change, { timeoutMs: limitMs }).then(
        () => ended('done'),
        (error: unknown) => ended((error as Failure).code ?? String(error), (error as Failure).outcomeUnknown),
      );
    },
    async find() {
      const found = await recovered(read).catch((error: unknown) => error as Failure);
      if (found instanceof Error) return { digests: {}, retries: 0, broken: `reading: ${describe(found)}` };
      return { digests: found.value, retries: found.retries, broken: '' };
    },
    async prove(changes) {
      let retries = 0;
      try {
        for (const change of changes) {
          const made = await recovered(() => carryOut(change, {}));
          retries += made.retries;
          // What was to be deleted was there.
          if (made.value === false && made.retries === 0) return { retries, broken: `lost: ${JSON.stringify(change)}` };
        }
        return { retries, broken: '' };
      } catch (error) {
        return { retries, broken: describe(error as Failure) };
      }
    },
    digestsOf: (contents) =>
      Object.fromEntries(Object.entries(contents).map(([key, value]) => [key, digest(valueOf(key, value))])),
    objects: async () => (await store.info()).used.objects,
  };
  state.tools = tools;
}
