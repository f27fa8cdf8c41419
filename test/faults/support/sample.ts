// SPDX-License-Identifier: MIT
/** Some of all cases, spread over the changes and the faults: which ones follows from a seed. */
import { createHash } from 'node:crypto';

import type { Prepared } from './laboratory';
import type { Operation } from './operations';
import { kinds, placesOf, type Kind } from './sweep';

/** How many cases of a change are tried, and with which kind of fault they begin. */
export interface Share {
  readonly operation: Operation;
  readonly count: number;
  readonly first: number;
}

/** In an order that follows from the seed and from what they are called. */
function shuffled<T>(items: readonly T[], seed: number, nameOf: (item: T) => string): T[] {
  const rank = (item: T) =>
    createHash('sha256')
      .update(`${String(seed)}|${nameOf(item)}`)
      .digest('hex');
  const ranked = items.map((item) => ({ item, rank: rank(item) }));
  return ranked.sort((a, b) => (a.rank < b.rank ? -1 : Number(a.rank > b.rank))).map(({ item }) => item);
}

/** How much a change writes, roughly: what takes longest is begun first. */
const effort = ({ before, change }: Operation): number =>
  Object.values({ ...before, ...change }).reduce((sum, value) => sum + (value?.size ?? 0), 0);

/** A share for each change, the greatest effort first; with few cases some have none. */
export function sharesOf(operations: readonly Operation[], count: number, seed: number): Share[] {
  const shares = shuffled(operations, seed, ({ name }) => name).map((operation, index, { length }) => ({
    ...{ operation, first: index },
    count: Math.floor(count / length) + (index < count % length ? 1 : 0),
  }));
  return shares.filter((share) => share.count > 0).sort((a, b) => effort(b.operation) - effort(a.operation));
}

/** The cases of a share: the kinds of fault take turns as long as they have places left. Those of a kind follow each other. */
export function casesOf(
  { operation, count, first }: Share,
  { trace }: Pick<Prepared, 'trace'>,
  seed: number,
): { kind: Kind; at: number }[] {
  const order = shuffled(kinds, seed, ({ name }) => name);
  const rotated = [...order.slice(first % order.length), ...order.slice(0, first % order.length)];
  const waiting = rotated.map((kind) => {
    const nameOf = (at: number) => [operation.name, kind.name, at].join('|');
    return { kind, chosen: [] as number[], places: shuffled(placesOf({ operation, trace }, kind), seed, nameOf) };
  });
  for (let missing = count; missing > 0 && waiting.some(({ places }) => places.length > 0);) {
    for (const { chosen, places } of waiting) {
      const at = missing > 0 ? places.shift() : undefined;
      if (at === undefined) continue;
      chosen.push(at);
      missing--;
    }
  }
  return waiting.flatMap(({ kind, chosen }) => chosen.sort((a, b) => a - b).map((at) => ({ kind, at })));
}
