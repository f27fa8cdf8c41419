// SPDX-License-Identifier: MIT
/**
 * Mixed load of two users in five processes for an hour (OPTEE_SOAK_MINUTES), with a fault every few seconds. Each time
 * everything is compared with what must be there, and what the processes and the secure world use is measured: it must
 * not grow. Between the faults, services that keep forty sessions open all the time store and read values of all sizes,
 * none of which may be refused. Clients and supplicants are ended between calls, for amid one Linux and OP-TEE may need a boot afterwards
 * (docs/security.md), which would begin everything anew; random.test.ts does that.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { fillDisk, makeRoom, protectDirectory } from '../e2e/support/disk';
import { printTable, median } from '../e2e/support/table';
import { Crew, LATE_MS, PATIENCE_MS, type Member } from './support/crew';
import type { Footprint } from './support/load';
import { Records, say } from './support/records';
import { Stayers } from './support/stayers';

const MINUTES = Number(process.env.OPTEE_SOAK_MINUTES ?? 60);
const START_MS = 20 * 60_000;
const TIMEOUT_MS = 5000;
/** How many calls the services that stay make after each fault. */
const VISIT_CALLS = 6;
const KIB = 1024;
const MIB = KIB * KIB;

const seed = Number(process.env.OPTEE_TEST_SEED ?? Date.now() % 1_000_000);

/**
 * What is done amid a round. Reads that fail are left to sweep.test.ts: OP-TEE itself may crash of one. Files that cannot be
 * opened can be until nobody works any more, for in between OP-TEE may begin another directory (docs/security.md).
 */
const troubles = [
  'none',
  'none',
  'disk full',
  'no file can be opened',
  'short writes',
  'supplicant paused',
  'paused beyond deadlines',
  'supplicant restarted',
  'client killed',
] as const;
type Trouble = (typeof troubles)[number];

/** What a process may use more in the last quarter of the time than in the second one: medians are compared. */
const bounds: Readonly<Record<keyof Footprint, number>> = {
  rss: 6 * MIB,
  heap: MIB,
  external: 256 * KIB,
  descriptors: 2,
  threads: 2,
};
/** The same for the memory of OP-TEE itself, where its sessions and the objects of storage are. */
const CORE_BOUND = 8 * KIB;

interface Sample {
  readonly footprints: Readonly<Record<string, Footprint>>;
  /** Bytes in use in OP-TEE's heap. */
  readonly core: number;
}

interface Growth {
  readonly what: string;
  readonly early: number;
  readonly late: number;
  readonly bound: number;
}

interface Run {
  readonly minutes: number;
  readonly seed: number;
  readonly rounds: number;
  /** Sessions that were open all the time, besides those of the load. */
  readonly staying: number;
  readonly changes: number;
  readonly reads: number;
  readonly troubles: Readonly<Record<string, number>>;
  /** Calls that failed, by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly late: number;
  readonly growth: readonly Growth[];
  readonly wrong: readonly string[];
}

const runs = new Records<Run>('soak', ({ minutes }) => String(minutes));
let crew: Crew | undefined;

afterAll(async () => {
  await crew?.close();
}, 60_000);

let salt = 0;
function random(): number {
  let mixed = Math.imul(seed ^ (++salt * 7919), 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return ((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32;
}

class Soak {
  readonly #crew: Crew;
  readonly #stayers: Stayers;
  readonly #steady: readonly Member[];
  readonly #mortal: readonly Member[];
  readonly samples: Sample[] = [];
  readonly wrong: string[] = [];
  readonly troubles: Record<string, number> = {};
  readonly failures: Record<string, number> = {};
  changes = 0;
  reads = 0;
  late = -TIMEOUT_MS;

  constructor(opened: Crew, stayers: Stayers) {
    this.#crew = opened;
    this.#stayers = stayers;
    this.#steady = opened.writers;
    this.#mortal = opened.pool;
  }

  /** One time of load with something going wrong, and what came of it. */
  async round(): Promise<void> {
    const trouble = troubles[Math.floor(random() * troubles.length)] ?? 'none';
    this.troubles[trouble] = (this.troubles[trouble] ?? 0) + 1;
    const all = [...this.#steady, ...this.#mortal];
    const before = all.map(({ at }) => at);
    const wrong = await this.#crew.unlessCrashed(async (signal) => {
      await this.#make(trouble, all, signal);
      const found = await this.#crew.judge();
      return [...found, ...(await this.#stayers.visit(VISIT_CALLS))];
    });
    // All processes are new then, and nothing could be said of what they use.
    if (wrong === 'crashed') throw new Error(`OP-TEE has crashed after ${trouble}`);
    for (const what of wrong) this.#blame(`${trouble}: ${what}`);
    this.changes += all.reduce((sum, { at }, which) => sum + at - (before[which] ?? 0), 0);
    await this.#sample();
  }

  async #make(trouble: Trouble, all: readonly Member[], signal: AbortSignal): Promise<void> {
    const { machine } = this.#crew;
    if (trouble === 'client killed') return this.#killClient();
    for (const member of all) await member.work();
    await delay(random() * 2000);
    if (trouble === 'supplicant paused' || trouble === 'paused beyond deadlines') {
      await machine.supplicant('pause');
      await delay(trouble === 'supplicant paused' ? 1000 : TIMEOUT_MS + 1500);
      await machine.supplicant('continue');
    } else if (trouble === 'disk full') await fillDisk(machine);
    else if (trouble === 'no file can be opened') {
      await machine.armFault({ kind: 'EMFILE', at: 1 + Math.floor(random() * 40), times: Infinity });
    } else if (trouble === 'short writes') {
      await machine.armFault({
        kind: 'short',
        at: 1 + Math.floor(random() * 40),
        times: 1 + Math.floor(random() * 40),
      });
    }
    await delay(2000 + random() * 3000);
    for (const member of all) await this.#rest(member, trouble);
    await machine.armFault();
    if (trouble === 'disk full') await makeRoom(machine);
    if (trouble === 'supplicant restarted') await this.#crew.renewSupplicant(signal);
  }

  async #rest(member: Member, trouble: Trouble): Promise<void> {
    const { code, late, reads, wrong } = await member.rest();
    await member.call('calm', PATIENCE_MS);
    if (code !== '') this.failures[code] = (this.failures[code] ?? 0) + 1;
    this.reads += reads;
    this.late = Math.max(this.late, late);
    for (const what of wrong) this.#blame(`${trouble}: ${member.prefix} read ${what}`);
    if (late > LATE_MS) this.#blame(`${trouble}: a call ended ${late.toFixed(0)} ms after its deadline`);
  }

  async #killClient(): Promise<void> {
    const victim = this.#mortal[Math.floor(random() * this.#mortal.length)];
    if (victim === undefined) return;
    await victim.work();
    await delay(random() * 2000);
    await this.#rest(victim, 'client killed');
    await victim.process.kill();
    await victim.replace(this.#crew.machine, seed);
    await victim.call('open', TIMEOUT_MS);
  }

  #blame(what: string): void {
    say(`WRONG: ${what}`);
    this.wrong.push(what);
  }

  async #sample(): Promise<void> {
    const footprints: Record<string, Footprint> = {};
    for (const member of this.#steady) footprints[member.prefix] = await member.call('measure');
    const { stdout } = await this.#crew.machine.exec(['xtest', '--stats', '--alloc']);
    const core = /Allocated:\s+(\d+)/i.exec(stdout.toString())?.[1];
    this.samples.push({ footprints, core: Number(core ?? NaN) });
  }

  /** What each process and OP-TEE used early and late. */
  growth(): Growth[] {
    const quarter = Math.max(1, Math.floor(this.samples.length / 4));
    const early = this.samples.slice(quarter, 2 * quarter);
    const late = this.samples.slice(-quarter);
    const compare = (what: string, bound: number, of: (sample: Sample) => number): Growth => {
      return { what, bound, early: median(early.map(of)), late: median(late.map(of)) };
    };
    const names = Object.keys(bounds) as (keyof Footprint)[];
    const processes = this.#steady.flatMap(({ prefix }) =>
      names.map((name) => compare(`${prefix} ${name}`, bounds[name], (s) => s.footprints[prefix]?.[name] ?? NaN)),
    );
    return [...processes, compare('OP-TEE heap', CORE_BOUND, ({ core }) => core)];
  }
}

test(
  `${String(MINUTES)} minutes of load and faults`,
  async () => {
    const known = runs.get(String(MINUTES));
    if (known?.wrong.length === 0) {
      say(`${String(MINUTES)} minutes were gone through before`);
      return;
    }
    crew = await Crew.open(seed, 2);
    await protectDirectory(crew.machine);
    await crew.openStores(TIMEOUT_MS, [...crew.writers, ...crew.pool]);
    const stayers = await Stayers.start(crew.machine, seed);
    const soak = new Soak(crew, stayers);
    const end = Date.now() + MINUTES * 60_000;
    for (let lastSaid = 0; Date.now() < end;) {
      await soak.round();
      if (Date.now() - lastSaid < 30_000) continue;
      lastSaid = Date.now();
      const { changes, reads, failures, samples } = soak;
      const left = ((end - Date.now()) / 60_000).toFixed(0);
      say(`${left} minutes left; ${JSON.stringify({ changes, reads, failures, last: samples.at(-1) })}`);
    }
    const growth = soak.growth();
    for (const { what, early, late, bound } of growth) {
      if (!(late - early <= bound)) soak.wrong.push(`${what} grew from ${String(early)} to ${String(late)}`);
    }
    const { samples, changes, reads, troubles: made, failures, late, wrong } = soak;
    const staying = await stayers.open();
    const counts = {
      minutes: MINUTES,
      seed,
      rounds: samples.length,
      staying,
      changes,
      reads,
      troubles: made,
      failures,
    };
    runs.add({ ...counts, late: Math.round(late), growth, wrong });
    say(JSON.stringify({ ...counts, late }));
    printTable('What is used', [
      ['', 'early', 'late', 'may grow by'],
      ...growth.map((each) => [each.what, each.early, each.late, each.bound]),
    ]);
    expect(wrong).toEqual([]);
  },
  START_MS + 2 * MINUTES * 60_000,
);
