// SPDX-License-Identifier: MIT
/** The OP-TEE machine with processes of two users that work, and two that look at what came of it. */
import { setTimeout as delay } from 'node:timers/promises';

import type { Machine, UserProcess } from '../../../machine/machine.mjs';
import { Uid } from '../../e2e/support/machine';
import { cutOff, saveOff, switchOn } from '../../e2e/support/power';
import { unlessCrashed } from './crashes';
import { installLoad, planOf, type Digest, type LoadTools, type Plan, type Progress } from './load';

export const PATIENCE_MS = 300_000;
/** How often a supplicant is tried to be started before somebody is taken to be in its way. */
const ATTEMPTS = 5;
/** What a process that was killed takes to go, unless something holds it up. */
const GOING_MS = 2000;
/** Later than this after its deadline, a call counts as hanging; the host may be busy. */
export const LATE_MS = 5000;

export type User = 'alice' | 'bob';

/** A process with the tools of load.ts. */
export class Member {
  readonly user: User;
  readonly prefix: string;
  readonly plan: Plan;
  /** The steps that were found to have been made. */
  at = 0;
  /** The most steps that may have been made. */
  most = 0;
  /** The steps that were acknowledged when the work ended, and whether another one was under way. */
  acknowledged = 0;
  wasOpen = false;
  #process: UserProcess;
  #printed = 0;
  #begun = 0;

  private constructor(user: User, prefix: string, plan: Plan, process: UserProcess) {
    this.user = user;
    this.prefix = prefix;
    this.plan = plan;
    this.#process = process;
  }

  static async start(machine: Machine, user: User, prefix: string, seed: number): Promise<Member> {
    return new Member(user, prefix, planOf(seed, prefix), await startProcess(machine, user, prefix, seed));
  }

  /** Puts another process in the place of one that was ended. */
  async replace(machine: Machine, seed: number): Promise<void> {
    this.#process = await startProcess(machine, this.user, this.prefix, seed);
  }

  get process(): UserProcess {
    return this.#process;
  }

  call<K extends keyof LoadTools>(name: K, ...args: Parameters<LoadTools[K]>) {
    const call = ({ state }: { state: Record<string, unknown> }, tool: string, given: unknown[]) =>
      (state.load as Record<string, (...rest: unknown[]) => unknown>)[tool]?.(...given);
    return this.#process.run(call, name, args) as Promise<Awaited<ReturnType<LoadTools[K]>>>;
  }

  async work(): Promise<void> {
    this.#printed = this.#process.stdout.length;
    this.#begun = this.at;
    await this.call('start', this.at);
  }

  /** Stops the work and takes note of how far it came. */
  async rest(): Promise<Progress> {
    const progress = await this.call('stop');
    this.#note(progress.acknowledged, progress.open ? 1 : 0);
    return progress;
  }

  /** The steps that the host has been told of. */
  get told(): number {
    const lines = this.#process.stdout.subarray(this.#printed).toString().split('\n').slice(0, -1);
    const last = lines.filter((line) => line.startsWith(this.prefix)).at(-1);
    return last === undefined ? this.#begun : Number(last.slice(this.prefix.length));
  }

  /** Ends the process at once, and takes note of how far its work came, unless the machine is set back meanwhile. */
  async end(signal: AbortSignal): Promise<void> {
    const ended = this.#process.kill().catch(() => undefined);
    // One that waits behind another in the secure world goes only when that one does.
    await Promise.race([ended, delay(GOING_MS)]);
    signal.throwIfAborted();
    this.wasCutOff();
  }

  /** Takes note of how far the work came that was cut off. */
  wasCutOff(): void {
    // One step under way, and one whose acknowledgement was still on its way here.
    this.#note(this.told, 2);
  }

  #note(acknowledged: number, open: number): void {
    this.at = this.acknowledged = acknowledged;
    this.most = acknowledged + open;
    this.wasOpen = open > 0;
  }

  /** Compares what was found with what may be there, and goes on from there. @returns what is wrong */
  judge(found: Digest): string[] {
    const text = canonical(Object.entries(found).filter(([key]) => key.startsWith(this.prefix)));
    for (let steps = this.at; steps <= this.most; steps++) {
      if (text !== canonical(Object.entries(this.plan.after(steps)))) continue;
      this.at = this.most = steps;
      return [];
    }
    const where = `${this.user}'s ${this.prefix}, ${String(this.at)} to ${String(this.most)} steps`;
    const broken = Object.entries(found).filter(([key, digest]) => this.#owns(key) && !digest.includes('of step'));
    if (broken.length > 0) return [`${where}: mixed or foreign values ${JSON.stringify(broken)}`];
    for (let steps = this.at - 1; steps >= 0 && steps > this.at - 100; steps--) {
      if (text === canonical(Object.entries(this.plan.after(steps))))
        return [`${where}: lost, there are ${String(steps)}`];
    }
    return [`${where}: damaged, there is ${text} and not ${canonical(Object.entries(this.plan.after(this.at)))}`];
  }

  #owns(key: string): boolean {
    return key.startsWith(this.prefix);
  }
}

async function startProcess(machine: Machine, user: User, prefix: string, seed: number): Promise<UserProcess> {
  const process = await machine.user({ uid: Uid[user] });
  await process.run(installLoad, { makePlan: planOf.toString(), seed, prefix });
  return process;
}

const canonical = (entries: readonly (readonly [string, string])[]): string =>
  JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));

export class Crew {
  readonly machine: Machine;
  /** Two processes of alice's and one of bob's. */
  readonly writers: readonly Member[];
  /** Others of alice's, to be ended. */
  readonly pool: readonly Member[];
  readonly #lookers: readonly Member[];

  private constructor(machine: Machine, writers: Member[], pool: Member[], lookers: Member[]) {
    this.machine = machine;
    this.writers = writers;
    this.pool = pool;
    this.#lookers = lookers;
  }

  /** @param poolSize how many processes there are to be ended */
  static async open(seed: number, poolSize = 0): Promise<Crew> {
    const { Machine } = await import('../../../machine/machine.mjs');
    const machine = await Machine.start({ states: true, processors: 2 });
    try {
      const start = (user: User, prefix: string) => Member.start(machine, user, prefix, seed);
      const writers = [await start('alice', 'one/'), await start('alice', 'two/'), await start('bob', 'bobs/')];
      const pool: Member[] = [];
      while (pool.length < poolSize) pool.push(await start('alice', `pool ${String(pool.length)}/`));
      const crew = new Crew(machine, writers, pool, [await start('alice', 'none'), await start('bob', 'none')]);
      await saveOff(machine);
      await switchOn(machine);
      await crew.#begin();
      return crew;
    } catch (error) {
      await machine.stop();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.machine.stop();
  }

  /** OP-TEE before 4.8 makes its directory with the first object, and is not safe from a power cut just then. */
  async #begin(): Promise<void> {
    await this.openStores(PATIENCE_MS);
    for (const writer of this.writers) {
      await writer.work();
      while ((await writer.call('progress')).acknowledged < 5) await delay(50);
      await writer.rest();
    }
    await this.cutOff();
  }

  /** Cuts the machine off, whatever it does, and switches it on: all processes are there again, and new. */
  cutOff(): Promise<void> {
    return cutOff(this.machine);
  }

  /**
   * Waits for some work on the machine, or for OP-TEE to crash amid it: the machine is switched off and on then, and what
   * was under way is given up.
   */
  async unlessCrashed<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | 'crashed'> {
    const outcome = await unlessCrashed(this.machine, async (signal) => ({ value: await work(signal) }));
    if (outcome) return outcome.value;
    await this.cutOff();
    return 'crashed';
  }

  async openStores(timeoutMs: number, members: readonly Member[] = this.writers): Promise<void> {
    for (const member of [...this.#lookers, ...members]) await member.call('open', timeoutMs);
  }

  /**
   * Compares all stores with what may be there.
   * @param only the member whose keys alone are compared
   * @returns what is wrong
   */
  async judge(only?: Member): Promise<string[]> {
    const wrong: string[] = [];
    for (const looker of this.#lookers.filter(({ user }) => only === undefined || user === only.user)) {
      const found = await looker
        .call('find', PATIENCE_MS, only?.prefix ?? '')
        .catch((error: unknown) => error as Error);
      if (found instanceof Error) wrong.push(`${looker.user} cannot read: ${found.message}`);
      else if (only === undefined) wrong.push(...this.#compare(looker.user, found));
      else wrong.push(...only.judge(found));
    }
    return wrong;
  }

  #compare(user: User, found: Digest): string[] {
    const members = [...this.writers, ...this.pool].filter((member) => member.user === user);
    const others = Object.keys(found).filter((key) => !members.some(({ prefix }) => key.startsWith(prefix)));
    const foreign = others.map((key) => `${user} has ${key}, which nobody stored there`);
    return [...foreign, ...members.flatMap((member) => member.judge(found))];
  }

  /**
   * Puts another supplicant in the place of one that was killed, or is about to end because the client that it works for
   * was. Whoever waits for it stands in the way of its successor, and is ended.
   * @param signal of unlessCrashed(): a supplicant of the machine that was set back is left alone
   * @param busy may be in the way
   * @returns those that were ended
   */
  async renewSupplicant(signal: AbortSignal, busy: readonly Member[] = []): Promise<Member[]> {
    const ended: Member[] = [];
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const error = await this.machine.supplicant('restart').catch((reason: unknown) => reason as Error);
      if (!(error instanceof Error)) return ended;
      const next = busy[ended.length];
      if (attempt % ATTEMPTS !== 0) await delay(200);
      else if (next === undefined) throw error;
      else {
        await next.end(signal);
        ended.push(next);
      }
    }
  }
}
