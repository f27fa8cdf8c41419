// SPDX-License-Identifier: MIT
/**
 * Every change of the store with every fault at every file operation of the supplicant, one after the other: the old
 * state or the new one, what was acknowledged is there, nothing else is touched, and the store goes on working.
 * `npm run test:faults` runs it; it takes hours.
 */
import os from 'node:os';

import { Laboratory, type Observed, type Prepared } from './support/laboratory';
import { operations, type Operation } from './support/operations';
import { Records, say } from './support/records';
import { judge, kinds, placesOf, type Kind, type Verdict } from './support/sweep';

const DAY_MS = 24 * 3600_000;
const PREPARE_MS = 20 * 60_000;
/** What a case takes on an idle host of two processors; the estimate begins with it. */
const USUAL_CASE_MS = 4000;
/** Of the places of a fault, only each so manieth is tried: for a first picture. */
const EVERY = Number(process.env.OPTEE_FAULTS_EVERY ?? 1);
const SAY_EVERY_MS = 30_000;

interface Rehearsal {
  readonly operation: string;
  readonly trace: string;
}

interface Case extends Verdict {
  readonly operation: string;
  readonly kind: string;
  readonly at: number;
  /** The file operation's letter. */
  readonly call: string;
  readonly ms: number;
}

const keyOf = ({ operation, kind, at }: Pick<Case, 'operation' | 'kind' | 'at'>): string =>
  [operation, kind, at].join('|');
const rehearsals = new Records<Rehearsal>('rehearsals', ({ operation }) => operation);
const cases = new Records<Case>('sweep', keyOf);

/** A machine, with what was prepared on it last. */
interface Stage {
  readonly laboratory: Laboratory;
  prepared?: Prepared;
}

/** One for each processor: an emulated machine keeps one busy. */
const stages: (Stage | undefined)[] = Array.from({ length: os.availableParallelism() }, () => undefined);
const spent: number[] = [];
let lastSaid = 0;

afterAll(async () => {
  for (const stage of stages) await stage?.laboratory.close();
}, 60_000);

/** A case that failed is tried again by the next run. */
const isDone = (operation: string, kind: string, at: number): boolean =>
  cases.get(keyOf({ operation, kind, at }))?.wrong.length === 0;

/** The cases of an operation that are left, once it was rehearsed. */
function left(operation: Operation): { kind: Kind; at: number }[] {
  const trace = rehearsals.get(operation.name)?.trace ?? '';
  return kinds.flatMap((kind) =>
    placesOf({ operation, trace }, kind)
      .filter((at, index) => index % EVERY === 0 && !isDone(operation.name, kind.name, at))
      .map((at) => ({ kind, at })),
  );
}

function estimate(): string {
  const count = operations.reduce((sum, operation) => sum + left(operation).length, 0);
  const usual = spent.length === 0 ? USUAL_CASE_MS : spent.reduce((sum, ms) => sum + ms, 0) / spent.length;
  return `${String(count)} cases left, about ${((count * usual) / stages.length / 3600_000).toFixed(1)} h`;
}

async function prepare(index: number, operation: Operation): Promise<{ laboratory: Laboratory; prepared: Prepared }> {
  const stage = (stages[index] ??= { laboratory: await Laboratory.open() });
  if (stage.prepared?.operation !== operation) {
    stage.prepared = await stage.laboratory.prepare(operation);
    rehearsals.add({ operation: operation.name, trace: stage.prepared.trace });
  }
  return { laboratory: stage.laboratory, prepared: stage.prepared };
}

/** Carries a case out; a machine that broke is replaced, once. */
async function strike(index: number, operation: Operation, kind: Kind, at: number) {
  const attempt = async (): Promise<{ observed: Observed; prepared: Prepared }> => {
    const { laboratory, prepared } = await prepare(index, operation);
    return { observed: await laboratory.strike(prepared, kind, at), prepared };
  };
  return attempt().catch(async (error: unknown) => {
    say(`the machine is started anew: ${String(error)}`);
    await stages[index]?.laboratory.close();
    stages[index] = undefined;
    return attempt();
  });
}

async function tryOne(index: number, operation: Operation, kind: Kind, at: number): Promise<void> {
  const began = Date.now();
  const struck = await strike(index, operation, kind, at);
  const verdict = judge(struck.prepared, struck.observed);
  const call = struck.prepared.trace[at - 1] ?? '';
  spent.push(Date.now() - began);
  cases.add({ operation: operation.name, kind: kind.name, at, call, ms: Date.now() - began, ...verdict });
  for (const what of verdict.wrong) say(`WRONG: ${operation.name}, ${kind.name} at ${String(at)} (${call}): ${what}`);
  if (Date.now() - lastSaid < SAY_EVERY_MS) return;
  lastSaid = Date.now();
  say(`${operation.name}, ${kind.name} at ${String(at)}: ${verdict.outcome}, ${verdict.state}; ${estimate()}`);
}

test(
  'every change goes well without a fault',
  async () => {
    for (const operation of operations) {
      if (rehearsals.get(operation.name) !== undefined) continue;
      const { trace } = (await prepare(0, operation)).prepared;
      say(`${operation.name}: ${String(trace.length)} file operations`);
    }
    say(estimate());
  },
  operations.length * PREPARE_MS,
);

describe.each(operations)('$name', (operation) => {
  test.each(kinds)(
    '$name',
    async (kind) => {
      if (rehearsals.get(operation.name) === undefined) await prepare(0, operation);
      const waiting = left(operation).filter((entry) => entry.kind === kind);
      const work = async (index: number) => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await tryOne(index, operation, kind, next.at);
      };
      await Promise.all(stages.map((_, index) => work(index)));
      const all = cases.all.filter((entry) => entry.operation === operation.name && entry.kind === kind.name);
      expect(all.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
      expect(all.length).toBeGreaterThan(0);
    },
    DAY_MS,
  );
});
