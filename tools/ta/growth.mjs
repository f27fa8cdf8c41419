// SPDX-License-Identifier: MIT
// @ts-check
/** What accesses cost as a store grows: measured on the software TEE, and held to limits. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { withLock } from '../lib/lock.mjs';
import { ROOT } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';

const BUILD = path.join(ROOT, 'build', 'growth');

/**
 * What calls of one kind cost, each: objects looked up, read, written and removed, both copies counted.
 * @typedef {{ opened: number, reads: number, readKiB: number, writes: number, writtenKiB: number, removes: number }} Cost
 */

/**
 * A store of some size. `batchCount` and `getManyCount` say of how many keys those were.
 * @typedef {object} Row
 * @property {number} keys
 * @property {number} objects
 * @property {number} root its size in bytes
 * @property {Cost} put of a new key, the mean since the row before
 * @property {Cost} update
 * @property {Cost} getCold
 * @property {Cost} getWarm
 * @property {Cost} listCold
 * @property {number} batchCount
 * @property {Cost} batch
 * @property {number} getManyCount
 * @property {Cost} getMany
 * @property {Cost} clear of all keys
 * @property {number} objectsAfterClear
 * @property {number} heapPeak in bytes
 * @property {number} secureMemory heap, stack and static variables of the TA, in bytes
 */

/** @typedef {{ name: string, key: number, value: number, counts: readonly number[] }} Store */

const ALL = [10, 100, 1000, 10_000];

/** @type {readonly Store[]} */
export const STORES = [
  { name: 'values of 32 B', key: 20, value: 32, counts: ALL },
  { name: 'values of 1 KiB', key: 20, value: 1024, counts: ALL },
  { name: 'keys of 1 KiB, values of 32 B', key: 1024, value: 32, counts: ALL },
  { name: 'values of 5 KiB', key: 20, value: 5 * 1024, counts: ALL },
  { name: 'values of 40 KiB', key: 20, value: 40 * 1024, counts: [10, 100, 300] },
  { name: 'values of 1 MiB', key: 20, value: 1024 * 1024, counts: [10, 100] },
];

/** @param {number} jobs */
export async function buildGrowth(jobs) {
  mkdirSync(path.dirname(BUILD), { recursive: true });
  await withLock(`${BUILD}.lock`, async () => {
    const settings = ['-DCMAKE_C_COMPILER=clang', '-DCMAKE_BUILD_TYPE=Release', '-DSOFT_TEE_SANITIZE='];
    await run('cmake', ['-S', path.join(ROOT, 'test', 'ta'), '-B', BUILD, ...settings]);
    await run('cmake', ['--build', BUILD, '--parallel', String(jobs), '--target', 'growth']);
  });
}

/** @param {Store} store @returns {Promise<Row[]>} one for each size that the quota allows */
export async function measure({ key, value, counts }) {
  const output = await run(path.join(BUILD, 'bin', 'growth'), [key, value, ...counts].map(String));
  return output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * What may not be exceeded.
 * @type {readonly { what: string, store: Store, limits: Readonly<Record<string, (row: Row) => [is: number, most: number]>> }[]}
 */
const LIMITS = [
  {
    what: '1 000 values of 32 B',
    store: { ...storeNamed('values of 32 B'), counts: [1000] },
    limits: {
      objects: (row) => [row.objects, 32],
      'objects read by the first get': (row) => [row.getCold.reads, 2],
      'KiB read by the first get': (row) => [row.getCold.readKiB, 40],
      'objects looked up by a get': (row) => [row.getWarm.opened, 0],
      'objects read by a list': (row) => [row.listCold.reads, 10],
      'objects read by an update': (row) => [row.update.reads, 2],
      'objects written by an update': (row) => [row.update.writes, 2.2],
      'KiB written by an update': (row) => [row.update.writtenKiB, 24],
      'objects after a clear': (row) => [row.objectsAfterClear, 2],
      'bytes of secure memory': (row) => [row.secureMemory, 3 * MIB + 10 * KIB],
    },
  },
  {
    what: '10 000 values of 1 KiB',
    store: { ...storeNamed('values of 1 KiB'), counts: [10_000] },
    limits: {
      objects: (row) => [row.objects, 240],
      'objects read by the first get': (row) => [row.getCold.reads, 2],
      'KiB written by an update': (row) => [row.update.writtenKiB, 100],
      'objects read by a batch': (row) => [row.batch.reads, 100],
      'objects read by a getMany': (row) => [row.getMany.reads, 100],
      'objects after a clear': (row) => [row.objectsAfterClear, 2],
    },
  },
];

/** @param {string} name */
function storeNamed(name) {
  const store = STORES.find((other) => other.name === name);
  if (store === undefined) throw new Error(`there is no store "${name}"`);
  return store;
}

/**
 * The quick form: two stores, held to their limits.
 * @param {number} jobs
 * @returns {Promise<{ name: string, problem: string | undefined }[]>} one for each store
 */
export async function checkGrowth(jobs) {
  await buildGrowth(jobs);
  const results = [];
  for (const { what, store, limits } of LIMITS) {
    const [row] = await measure(store);
    if (row === undefined) throw new Error(`nothing was measured of ${what}`);
    const exceeded = Object.entries(limits)
      .map(([name, of]) => ({ name, of: of(row) }))
      .filter(({ of: [is, most] }) => is > most)
      .map(({ name, of: [is, most] }) => `  ${name}: ${is}, at most ${most}\n`);
    results.push({ name: `what ${what} cost`, problem: exceeded.join('') || undefined });
  }
  return results;
}
