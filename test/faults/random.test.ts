// SPDX-License-Identifier: MIT
/**
 * The machine, the supplicant and the clients ended at random moments amid mixed load of two users, hundreds of times.
 * After each time, what was acknowledged must be there, what was not is there or not, each value is whole, and
 * everything else is as it was. OPTEE_TEST_SEED=N repeats the choices; moments differ.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { Crew, LATE_MS, type Member } from './support/crew';
import { Records, say } from './support/records';

const DAY_MS = 24 * 3600_000;
const START_MS = 20 * 60_000;
const POOL = 10;
const PATIENT_MS = 30_000;
/** Changes that are acknowledged before an event, at most; a number of them, so that a slow machine is at work too. */
const MOST_CHANGES = 4;
/** Each so manieth client is killed while another user works too, and only then is more looked at than its own keys. */
const WITH_OTHERS = 5;
/** Not longer, for a writer may have met with an error. */
const LONGEST_WAIT_MS = 10_000;
/** Milliseconds after the last of them, at most: somewhat more than a change takes. */
const LONGEST_MS = 400;
/** Deadline where the call may wait for what does not come: see Crew.renewSupplicant(). */
const HOPELESS_MS = 5000;

const seed = Number(process.env.OPTEE_TEST_SEED ?? Date.now() % 1_000_000);
/** A hundredth of the events for a first picture: OPTEE_FAULTS_EVERY=100. */
const every = Number(process.env.OPTEE_FAULTS_EVERY ?? 1);
const wanted = {
  'machine cut off': Math.ceil(200 / every),
  'supplicant killed': Math.ceil(200 / every),
  'client killed': Math.ceil(1000 / every),
} as const;
type Event = keyof typeof wanted;

interface Case {
  readonly event: Event;
  readonly index: number;
  readonly seed: number;
  /** Milliseconds after which it came. */
  readonly after: number;
  /** Changes that were acknowledged since the event before. */
  readonly acknowledged: number;
  /** Writers with a change under way that was found made, and not made. */
  readonly made: number;
  readonly notMade: number;
  readonly ended: number;
  /** Whether OP-TEE crashed of it, and the machine had to be switched off and on. */
  readonly crashed: boolean;
  /** The latest that a call ended after its deadline, in milliseconds; negative: all were in time. */
  readonly late: number;
  readonly wrong: readonly string[];
}

const cases = new Records<Case>('random', ({ event, index }) => `${event}|${String(index)}`);
let crew: Crew | undefined;
/** Whether all processes are there and have their stores open. */
let isUp = false;

afterEach(async () => {
  await crew?.close();
  crew = undefined;
}, 60_000);

/** Numbers from 0 to 1 that follow from the seed. */
function random(event: Event, index: number, salt = 0): number {
  let mixed = Math.imul(seed ^ (index * 7919) ^ (salt * 104_729), 0x9e3779b1);
  for (const letter of event) mixed = Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  return ((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32;
}

interface Struck {
  readonly wrong: readonly string[];
  readonly ended: number;
  readonly late: number;
}

/** Waits for some changes to be acknowledged, then for a part of one. @returns for how many milliseconds */
async function randomMoment(event: Event, index: number, members: readonly Member[]): Promise<number> {
  const began = Date.now();
  const told = () => members.reduce((sum, member) => sum + member.told, 0);
  const until = told() + Math.floor(random(event, index, 1) * (MOST_CHANGES + 1));
  while (told() < until && Date.now() - began < LONGEST_WAIT_MS) await delay(10);
  await delay(random(event, index) * LONGEST_MS);
  return Date.now() - began;
}

async function afterCrash(opened: Crew, members: readonly Member[]): Promise<Struck> {
  for (const member of members) member.wasCutOff();
  await opened.openStores(PATIENT_MS, []);
  isUp = false;
  return { wrong: await opened.judge(), ended: 0, late: 0 };
}

/** Lets members work, has the event happen, and records what came of it. */
async function tryOne(
  opened: Crew,
  event: Event,
  index: number,
  members: readonly Member[],
  strike: (signal: AbortSignal) => Promise<Struck>,
): Promise<void> {
  const before = members.map(({ at }) => at);
  for (const member of members) await member.work();
  const after = await randomMoment(event, index, members);
  const struck = await opened.unlessCrashed(strike);
  const crashed = struck === 'crashed';
  const { wrong, ended, late } = crashed ? await afterCrash(opened, members) : struck;
  const steps = members.map(({ at }, which) => at - (before[which] ?? 0));
  const acknowledged = members.map(({ acknowledged: count }, which) => count - (before[which] ?? 0));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const made = sum(steps) - sum(acknowledged);
  const open = members.filter(({ wasOpen }) => wasOpen).length;
  const hanging = late > LATE_MS ? [`a call ended ${String(late)} ms after its deadline`] : [];
  const all = [...wrong, ...hanging];
  const notMade = Math.max(0, open - made);
  const entry = {
    event,
    index,
    seed,
    after,
    acknowledged: sum(acknowledged),
    made,
    notMade,
    ended,
    crashed,
    late,
    wrong: all,
  };
  cases.add(entry);
  for (const what of all) say(`WRONG: ${event} ${String(index)}: ${what}`);
  say(`${event} ${String(index + 1)} of ${String(wanted[event])}: ${JSON.stringify({ ...entry, wrong: all.length })}`);
}

const isDone = (event: Event, index: number): boolean => cases.get(`${event}|${String(index)}`)?.wrong.length === 0;

/** The numbers of the events that are left. */
const left = (event: Event): number[] =>
  Array.from({ length: wanted[event] }, (_, index) => index).filter((index) => !isDone(event, index));

function expectAllWell(event: Event): void {
  const all = cases.all.filter((entry) => entry.event === event && entry.index < wanted[event]);
  const sum = (of: (entry: Case) => number) => all.reduce((total, entry) => total + of(entry), 0);
  say(
    `${event}: ${String(all.length)} times, ${String(sum((entry) => entry.acknowledged))} changes acknowledged, ` +
      `${String(sum(({ made }) => made))} others found made, ${String(sum(({ ended }) => ended))} processes ended for it, ` +
      `OP-TEE crashed ${String(sum(({ crashed }) => Number(crashed)))} times`,
  );
  expect(all.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  expect(all).toHaveLength(wanted[event]);
}

async function freshCrew(poolSize = 0): Promise<Crew> {
  const opened = await Crew.open(seed, poolSize);
  crew = opened;
  isUp = false;
  return opened;
}

/** Cuts the machine off, so that all processes are there and new, and opens their stores. */
async function refresh(opened: Crew, timeoutMs: number, members?: readonly Member[]): Promise<void> {
  await opened.cutOff();
  await opened.openStores(timeoutMs, members);
  isUp = true;
}

test(
  'machine cut off',
  async () => {
    const event: Event = 'machine cut off';
    if (left(event).length > 0) {
      const opened = await freshCrew();
      for (const index of left(event)) {
        if (!isUp) await refresh(opened, PATIENT_MS);
        await tryOne(opened, event, index, opened.writers, async () => {
          await opened.cutOff();
          for (const writer of opened.writers) writer.wasCutOff();
          await opened.openStores(PATIENT_MS);
          return { wrong: await opened.judge(), ended: 0, late: 0 };
        });
      }
    }
    expectAllWell(event);
  },
  START_MS + DAY_MS,
);

test(
  'supplicant killed',
  async () => {
    const event: Event = 'supplicant killed';
    if (left(event).length > 0) {
      const opened = await freshCrew();
      for (const index of left(event)) {
        if (!isUp) await refresh(opened, HOPELESS_MS);
        await tryOne(opened, event, index, opened.writers, async (signal) => {
          await opened.machine.supplicant('kill');
          const ended = await opened.renewSupplicant(signal, opened.writers);
          const alive = opened.writers.filter((writer) => !ended.includes(writer));
          const progress = await Promise.all(alive.map((writer) => writer.rest()));
          const wrong = progress.flatMap((each) => each.wrong);
          const judged = await opened.judge();
          isUp = ended.length === 0;
          const late = Math.round(Math.max(-HOPELESS_MS, ...progress.map((each) => each.late)));
          return { wrong: [...wrong, ...judged], ended: ended.length, late };
        });
      }
    }
    expectAllWell(event);
  },
  START_MS + DAY_MS,
);

test(
  'client killed',
  async () => {
    const event: Event = 'client killed';
    if (left(event).length > 0) {
      const opened = await freshCrew(POOL);
      const victims: Member[] = [];
      const bob = opened.writers.filter(({ user }) => user === 'bob');
      for (const index of left(event)) {
        if (victims.length === 0 || !isUp) {
          await refresh(opened, HOPELESS_MS, [...opened.pool, ...bob]);
          victims.splice(0, victims.length, ...opened.pool);
        }
        const victim = victims.shift();
        if (victim === undefined) throw new Error('the pool is empty');
        const others = (index + 1) % WITH_OTHERS === 0 ? bob : [];
        await tryOne(opened, event, index, [victim, ...others], async (signal) => {
          await victim.end(signal);
          const progress = await Promise.all(others.map((other) => other.rest()));
          const ended = await opened.renewSupplicant(signal, others);
          const judged = await opened.judge(others.length > 0 ? undefined : victim);
          isUp = ended.length === 0;
          const wrong = [...judged, ...progress.flatMap((each) => each.wrong)];
          return { wrong, ended: ended.length, late: Math.round(Math.max(0, ...progress.map((each) => each.late))) };
        });
      }
    }
    expectAllWell(event);
  },
  START_MS + DAY_MS,
);
