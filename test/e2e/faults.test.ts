// SPDX-License-Identifier: MIT
/**
 * A sample of the faults of test/faults/sweep.test.ts: each kind at a place chosen by chance, amid a batch that adds, replaces and
 * deletes small values and large ones. OPTEE_TEST_SEED=N repeats a choice.
 */
import { Laboratory, type Prepared } from '../faults/support/laboratory';
import { operations } from '../faults/support/operations';
import { judge, kinds, placesOf } from '../faults/support/sweep';

const START_MS = 20 * 60_000;
const CASE_MS = 300_000;

const seed = Number(process.env.OPTEE_TEST_SEED ?? Date.now() % 1_000_000);
let laboratory: Laboratory;
let prepared: Prepared;

beforeAll(async () => {
  const operation = operations.find(({ name }) => name === 'batch of five');
  if (operation === undefined) throw new Error('there is no such operation');
  laboratory = await Laboratory.open();
  prepared = await laboratory.prepare(operation);
  process.stdout.write(`${String(prepared.trace.length)} file operations, seed ${String(seed)}\n`);
}, START_MS);

afterAll(async () => {
  await laboratory.close();
}, 60_000);

test.each(kinds)(
  '$name: the old state or the new one, and the store goes on working',
  async (kind) => {
    const places = placesOf(prepared, kind);
    const at = places[(seed * 7919 + kinds.indexOf(kind) * 104_729) % places.length] ?? 0;
    const observed = await laboratory.strike(prepared, kind, at);
    const verdict = judge(prepared, observed);
    process.stdout.write(`${kind.name} at ${String(at)}: ${verdict.outcome}, ${verdict.state}\n`);
    expect({ at, wrong: verdict.wrong }).toEqual({ at, wrong: [] });
  },
  CASE_MS,
);
