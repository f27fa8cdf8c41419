// SPDX-License-Identifier: MIT
/** Which faults a sample has, and what the report says of samples. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { operations } from '../faults/support/operations';
import { casesOf, sharesOf } from '../faults/support/sample';
import { kinds, placesOf } from '../faults/support/sweep';

/** File operations of every kind that a fault can strike; of the first change as few as a small one has. */
const trace = 'orrwwsturn'.repeat(12);

/** All cases of a sample, by change and kind. */
function sampleOf(count: number, seed: number): string[] {
  return sharesOf(operations, count, seed).flatMap((share) =>
    casesOf(share, { trace }, seed).map(({ kind, at }) => `${share.operation.name}|${kind.name}|${String(at)}`),
  );
}

const countBy = (cases: readonly string[], column: number): number[] => {
  const counts = new Map<string, number>();
  for (const each of cases) {
    const value = each.split('|')[column] ?? '';
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts.values()];
};

test.each([12, 120, 300, 1000])('a sample of %i has as many cases, each another one', (count) => {
  const cases = sampleOf(count, 5);
  expect(cases).toHaveLength(count);
  expect(new Set(cases).size).toBe(count);
});

test('changes and kinds of fault get equal shares, also of few cases', () => {
  const few = sampleOf(12, 1);
  expect(countBy(few, 0)).toEqual(operations.map(() => 1));
  expect(countBy(few, 1)).toHaveLength(kinds.length);
  const more = sampleOf(120, 1);
  expect(countBy(more, 0)).toEqual(operations.map(() => kinds.length));
  expect(countBy(more, 1)).toEqual(kinds.map(() => operations.length));
});

test('a kind that has few places leaves its share to the others', () => {
  const share = { operation: operations[1] ?? fail(), count: 40, first: 0 };
  // Two places for a kind that strikes opens.
  const cases = casesOf(share, { trace: `oo${'w'.repeat(60)}` }, 3);
  expect(cases).toHaveLength(40);
  expect(cases.filter(({ kind }) => kind.name === 'EMFILE')).toHaveLength(2);
});

test('no case is one that the whole run would not have, and there are never more', () => {
  const share = { operation: operations[3] ?? fail(), count: 1_000_000, first: 4 };
  const all = kinds.flatMap((kind) => placesOf({ operation: share.operation, trace }, kind).map((at) => [kind, at]));
  const cases = casesOf(share, { trace }, 3).map(({ kind, at }) => [kind, at]);
  expect(cases).toHaveLength(all.length);
  expect(cases).toEqual(expect.arrayContaining(all));
});

test('the seed decides which cases there are, and nothing else does', () => {
  expect(sampleOf(50, 7)).toEqual(sampleOf(50, 7));
  expect(sampleOf(50, 7)).not.toEqual(sampleOf(50, 8));
});

test('the cases of a kind follow one another, because the machine goes on from there', () => {
  for (const share of sharesOf(operations, 600, 2)) {
    const names = casesOf(share, { trace }, 2).map(({ kind }) => kind.name);
    expect(names.filter((name, index) => name !== names[index - 1])).toHaveLength(new Set(names).size);
  }
});

test('the report counts the last attempt of each case, and names what is missing and what is wrong', async () => {
  const { described, failuresIn, samplesIn } = await import('../../tools/faults/sample.mjs');
  const folder = mkdtempSync(path.join(tmpdir(), 'faults-sample-'));
  try {
    const line = (seed: number, at: number, ...wrong: string[]) =>
      JSON.stringify({ size: 2, seed, operation: 'delete', kind: 'EIO', at, wrong });
    const lines = [line(1, 3, 'lost'), line(1, 3), line(1, 4), line(2, 3, 'hung')];
    writeFileSync(path.join(folder, 'sample.jsonl'), `${lines.join('\n')}\n`);
    const samples = samplesIn(folder);
    expect(samples.map(described)).toEqual([
      '2 cases with the seed 1, 0 wrong',
      '1 of 2 cases with the seed 2, 1 wrong',
    ]);
    expect(failuresIn(samples)).toBe('- delete, EIO at 3: hung');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function fail(): never {
  throw new Error('there is no such change');
}
