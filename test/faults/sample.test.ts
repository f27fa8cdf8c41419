// SPDX-License-Identifier: MIT
/**
 * Some cases of sweep.test.ts, spread over all changes and faults, for a change that should not wait for hours.
 * `npm run test:faults -- --sample 300` runs it. Each machine takes one change after the other, and boots once.
 */
import { operations } from './support/operations';
import { Records, say } from './support/records';
import { casesOf, sharesOf, type Share } from './support/sample';
import { closeStages, keyOf, onAllStages, prepare, tryCase, type Case } from './support/stages';

const DAY_MS = 24 * 3600_000;
const SAY_EVERY_MS = 30_000;
const size = Number(process.env.OPTEE_FAULTS_SAMPLE);
const seed = Number(process.env.OPTEE_FAULTS_SEED);

/** A case of a sample, which its size and seed stand for. */
interface Sampled extends Case {
  readonly size: number;
  readonly seed: number;
}

const sampled = new Records<Sampled>('sample', (record) =>
  [record.size, record.seed, keyOf(record)].map(String).join('|'),
);
const isOfThis = (record: Sampled): boolean => record.size === size && record.seed === seed;

afterAll(closeStages, 60_000);

let lastSaid = 0;

async function tryShare(stage: number, share: Share): Promise<void> {
  const { operation } = share;
  const { prepared } = await prepare(stage, operation);
  for (const { kind, at } of casesOf(share, prepared, seed)) {
    const key = [size, seed, keyOf({ operation: operation.name, kind: kind.name, at })].map(String).join('|');
    // A case that was wrong is tried again.
    if (sampled.get(key)?.wrong.length === 0) continue;
    const tried = await tryCase(stage, operation, kind, at);
    sampled.add({ size, seed, ...tried });
    if (Date.now() - lastSaid < SAY_EVERY_MS) continue;
    lastSaid = Date.now();
    const count = sampled.all.filter(isOfThis).length;
    say(`${operation.name}, ${kind.name} at ${String(at)}: ${tried.outcome}; ${String(count)} of ${String(size)}`);
  }
}

test(
  `a sample of ${String(size)} cases, with the seed ${String(seed)}`,
  async () => {
    const waiting = sharesOf(operations, size, seed);
    await onAllStages(async (stage) => {
      for (let share = waiting.shift(); share; share = waiting.shift()) await tryShare(stage, share);
    });
    const all = sampled.all.filter(isOfThis);
    say(`${String(all.length)} cases were tried`);
    expect(all.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
    expect(all.length).toBeGreaterThan(0);
  },
  DAY_MS,
);
