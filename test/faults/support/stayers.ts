// SPDX-License-Identifier: MIT
/**
 * Services that never close their sessions, of two users, for as long as a soak takes: whatever the Trusted Application
 * keeps of a session was put somewhere in its memory at some bad moment, and stays there. Values of all sizes must fit
 * all the same.
 */
import type { Machine, RunContext, UserProcess } from '../../../machine/machine.mjs';
import { Uid } from '../../e2e/support/machine';

/** How many stores each of the two processes has open. */
const STORES = 20;
/** Within which a call must end: those of large values take seconds in an emulated machine. */
const TIMEOUT_MS = 60_000;

interface StayerTools {
  /** Makes some calls. @returns what went wrong */
  visit(calls: number): Promise<string[]>;
  /** How many stores are open. */
  open(): number;
}

/** Puts the tools into the state of a process, opens all stores, and makes a call in each, so that memory is in use in between. */
async function installStayer(
  { require, state }: RunContext,
  { seed, count, timeoutMs }: { seed: number; count: number; timeoutMs: number },
): Promise<string[]> {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index');
  type Store = import('../../../src-ts/index').SecureStorage;
  const stores: Store[] = [];
  /** The sizes of what is stored, by domain and key; a value is one letter again and again. */
  const stored = new Map<string, { size: number; letter: number }>();
  let mixed = seed >>> 0;
  const dice = (limit: number): number => {
    mixed = (Math.imul(mixed, 1664525) + 1013904223) >>> 0;
    return Math.floor((mixed / 2 ** 32) * limit);
  };
  /** Mostly small; each user has room for ten of the large ones. */
  const some = (): { key: string; size: number } => {
    const kind = dice(10);
    if (kind < 5) return { key: `small ${String(dice(40))}`, size: dice(4000) };
    if (kind < 8) return { key: `middle ${String(dice(2))}`, size: dice(130_000) };
    return { key: 'large', size: 500_000 + dice(548_576) };
  };
  /** Domains share the large key's name, so that no more than ten of the stores may have it. */
  const openStore = async (n: number): Promise<Store> =>
    SecureStorage.open({ domain: `stays ${String(n % 10)}`, timeoutMs });
  const check = (what: string, value: Buffer | null): string[] => {
    const known = stored.get(what);
    if (known === undefined) return value === null ? [] : [`${what}: there is one that nobody stored`];
    const is = value !== null && value.length === known.size && value.equals(Buffer.alloc(known.size, known.letter));
    return is ? [] : [`${what}: not what was stored`];
  };
  const call = async (store: Store, n: number): Promise<string[]> => {
    const { key, size } = some();
    const what = `${String(n % 10)} ${key}`;
    if (dice(3) === 0) return check(what, await store.get(key));
    const value = { size, letter: 97 + dice(26) };
    const returnPrevious = dice(8) === 0;
    const bytes = Buffer.alloc(value.size, value.letter);
    // OP-TEE ends a TA that asks for a file which cannot be opened (libutee). Each session is told once, and goes on.
    const put = () => store.put(key, bytes, { returnPrevious });
    const { previous } = await put().catch(async (error: unknown) => {
      if ((error as { code?: string }).code !== 'ERR_TA_DEAD') throw error;
      await put();
      return { previous: undefined };
    });
    const wrong = previous === undefined ? [] : check(what, previous);
    stored.set(what, value);
    return wrong;
  };
  const called = async (store: Store, n: number): Promise<string[]> => {
    try {
      return await call(store, n);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      return [`${code ?? ''} ${message}`];
    }
  };
  const tools: StayerTools = {
    async visit(calls) {
      const wrong: string[] = [];
      for (let made = 0; made < calls; made++) {
        const n = dice(count);
        const store = stores[n];
        if (store !== undefined) wrong.push(...(await called(store, n)));
      }
      return wrong;
    },
    open: () => stores.length,
  };
  state.stayer = tools;
  const wrong: string[] = [];
  for (let n = 0; n < count; n++) {
    const store = await openStore(n);
    stores.push(store);
    wrong.push(...(await called(store, n)));
  }
  return wrong;
}

export class Stayers {
  readonly #processes: readonly UserProcess[];

  private constructor(processes: UserProcess[]) {
    this.#processes = processes;
  }

  static async start(machine: Machine, seed: number): Promise<Stayers> {
    const processes: UserProcess[] = [];
    for (const uid of [Uid.alice, Uid.bob]) {
      const started = await machine.user({ uid });
      const wrong = await started.run(installStayer, { seed: seed + uid, count: STORES, timeoutMs: TIMEOUT_MS });
      if (wrong.length > 0) throw new Error(`With all stores being opened: ${wrong.join('; ')}`);
      processes.push(started);
    }
    return new Stayers(processes);
  }

  /** Some calls by each user, while nothing else goes wrong. @returns what is wrong */
  async visit(calls: number): Promise<string[]> {
    const wrong: string[] = [];
    for (const each of this.#processes) wrong.push(...(await each.run(visit, calls)));
    return wrong;
  }

  /** How many sessions are open. */
  async open(): Promise<number> {
    const counts: number[] = [];
    for (const each of this.#processes) counts.push(await each.run(open));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

/* These run in the machine. */
const visit = ({ state }: RunContext, calls: number): Promise<string[]> => (state.stayer as StayerTools).visit(calls);
const open = ({ state }: RunContext): number => (state.stayer as StayerTools).open();
