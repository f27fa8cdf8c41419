// SPDX-License-Identifier: MIT
/** The changes that faults are put in the way of. */

/** Keys, and of how many bytes the value of each is and which one; see valueOf() in guest.ts. */
export type Contents = Readonly<Record<string, Value>>;

/** A value by its size and its generation: those of two generations differ everywhere. */
export interface Value {
  readonly size: number;
  readonly generation: number;
}

/** What a change does to a key: a value is stored, or the key is deleted. */
export type Change = Readonly<Record<string, Value | null>>;

export interface Operation {
  readonly name: string;
  /** What alice has before; empty: the storage of the whole device was never used. */
  readonly before: Contents;
  /** One key: put or delete; several: a batch. */
  readonly change: Change;
  /** By how many the persistent objects of alice grow, two copies of each; told where that is the point of the operation. */
  readonly objects?: number;
  /** Only each so manieth file operation is struck, and the last twenty. */
  readonly every?: number;
}

const KIB = 1024;
const old = (size: number): Value => ({ size, generation: 1 });
const next = (size: number): Value => ({ size, generation: 2 });

const keys = (count: number, size: number): Contents =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k/${String(index)}`, old(size)]));

/** Some small values, and one that is an object of its own. */
const usual: Contents = { ...keys(8, 32), 'k/large': old(9000) };

/** Values as large as fit into a leaf: few of them fill it. */
const LARGEST_INLINE = 3500;

export const operations: readonly Operation[] = [
  { name: 'first put on a device', before: {}, change: { 'k/0': next(32) } },
  { name: 'put of a new key, 32 B', before: usual, change: { 'k/new': next(32) } },
  { name: 'put of a new key, 64 KiB', before: usual, change: { 'k/new': next(64 * KIB) } },
  { name: 'put of a new key, 1 MiB', before: usual, change: { 'k/new': next(KIB * KIB) }, every: 10 },
  { name: 'overwrite, 32 B', before: usual, change: { 'k/1': next(32) } },
  {
    name: 'overwrite, 64 KiB',
    before: { ...usual, 'k/1': old(64 * KIB) },
    change: { 'k/1': next(64 * KIB) },
  },
  {
    name: 'overwrite, 1 MiB',
    before: { ...usual, 'k/1': old(KIB * KIB) },
    change: { 'k/1': next(KIB * KIB) },
    every: 10,
  },
  { name: 'delete, 32 B', before: usual, change: { 'k/1': null } },
  { name: 'delete, 64 KiB', before: { ...usual, 'k/1': old(64 * KIB) }, change: { 'k/1': null } },
  {
    name: 'batch of five',
    before: usual,
    change: { 'k/new': next(32), 'k/other': next(6000), 'k/1': next(40), 'k/2': null, 'k/large': null },
  },
  {
    name: 'put that makes the first leaf',
    before: keys(3, LARGEST_INLINE),
    change: { 'k/new': next(LARGEST_INLINE) },
    objects: 2,
  },
  {
    name: 'put that splits a leaf',
    before: keys(12, LARGEST_INLINE),
    change: { 'k/new': next(LARGEST_INLINE) },
    objects: 2,
  },
];

/** What is stored after a change. */
export function changed({ before, change }: Operation): Contents {
  const entries = Object.entries({ ...before, ...change });
  return Object.fromEntries(entries.filter((entry): entry is [string, Value] => entry[1] !== null));
}
