// SPDX-License-Identifier: MIT
/**
 * Every change of the store with every fault at every file operation of the supplicant, one after the other: the old
 * state or the new one, what was acknowledged is there, nothing else is touched, and the store goes on working.
 * `npm run test:faults` runs it; it takes hours.
 */
import { operations, type Operation } from './support/operations';
import { Records, say } from './support/records';
import { closeStages, keyOf, onAllStages, prepare, stageCount, tryCase, type Case } from './support/stages';
import { kinds, placesOf, type Kind } from './support/sweep';

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

/** What the changes do when nothing goes wrong. */
const rehearsals = new Records<Rehearsal>('rehearsals', ({ operation }) => operation);
const cases = new Records<Case>('sweep', keyOf);

const spent: number[] = [];
let lastSaid = 0;

afterAll(closeStages, 60_000);

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
  return `${String(count)} cases left, about ${((count * usual) / stageCount / 3600_000).toFixed(1)} h`;
}

async function rehearse(operation: Operation): Promise<string> {
  const { trace } = (await prepare(0, operation)).prepared;
  rehearsals.add({ operation: operation.name, trace });
  return trace;
}

async function tryOne(stage: number, operation: Operation, kind: Kind, at: number): Promise<void> {
  const tried = await tryCase(stage, operation, kind, at);
  spent.push(tried.ms);
  cases.add(tried);
  if (Date.now() - lastSaid < SAY_EVERY_MS) return;
  lastSaid = Date.now();
  say(`${operation.name}, ${kind.name} at ${String(at)}: ${tried.outcome}, ${tried.state}; ${estimate()}`);
}

test(
  'every change goes well without a fault',
  async () => {
    for (const operation of operations) {
      if (rehearsals.get(operation.name) !== undefined) continue;
      const trace = await rehearse(operation);
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
      if (rehearsals.get(operation.name) === undefined) await rehearse(operation);
      const waiting = left(operation).filter((entry) => entry.kind === kind);
      await onAllStages(async (stage) => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await tryOne(stage, operation, kind, next.at);
      });
      const all = cases.all.filter((entry) => entry.operation === operation.name && entry.kind === kind.name);
      expect(all.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
      expect(all.length).toBeGreaterThan(0);
    },
    DAY_MS,
  );
});
