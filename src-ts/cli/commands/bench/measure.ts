// SPDX-License-Identifier: MIT
import { SecureStorageError } from '../../../errors/error.js';
import type { SecureStorage } from '../../../store.js';

/** Durations of one operation, in milliseconds. */
export interface Measured {
  readonly operation: string;
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** How often each kind of operation is done. */
export interface Rounds {
  readonly reads: number;
  /** Fewer: each one wears the flash memory. */
  readonly writes: number;
}

const SIZES = { '32 B': 32, '4 KiB': 4 * 1024, '64 KiB': 64 * 1024 } as const;
const LISTED = 32;
/** What there is at most at one time, with keys; the quota must have room for it. */
const NEEDS = { keys: LISTED + 1, bytes: 80 * 1024 };

/** All keys begin so, and none else is touched. */
export const PREFIX = 'bench/';

/**
 * Measures a store, whose keys with the prefix are deleted before and after, whatever happens in between.
 * @param open opens another store of the same kind
 * @param signal ends it early, with the signal's reason
 * @throws SecureStorageError ERR_QUOTA if the keys would not fit, before anything is stored
 */
export async function measureAll(
  store: SecureStorage,
  open: () => Promise<SecureStorage>,
  { reads, writes }: Rounds,
  signal: AbortSignal,
): Promise<Measured[]> {
  await checkQuota(store);
  const measure = (operation: string, count: number, work: () => Promise<unknown>) =>
    measured(operation, count, work, signal);
  await store.clear({ prefix: PREFIX, confirm: true });
  try {
    // The cheapest command there is: no storage is read, nothing is copied.
    const results = [await measure('has, no such key', reads, () => store.has(`${PREFIX}absent`))];
    results.push(await measure('open and close', writes, async () => (await open()).close()));
    for (const [name, size] of Object.entries(SIZES)) {
      const key = `${PREFIX}value`;
      const value = Buffer.alloc(size, 0x5a);
      results.push(await measure(`put ${name}`, writes, () => store.put(key, value)));
      results.push(await measure(`get ${name}`, reads, () => store.get(key)));
    }
    await store.batch(
      Array.from({ length: LISTED }, (_, n) => ({ type: 'put', key: `${PREFIX}list/${String(n)}`, value: 'listed' })),
    );
    results.push(await measure(`list ${String(LISTED)} keys`, reads, () => store.list({ prefix: `${PREFIX}list/` })));
    return results;
  } finally {
    await store.clear({ prefix: PREFIX, confirm: true });
  }
}

async function checkQuota(store: SecureStorage): Promise<void> {
  const { limits, used } = await store.info();
  if (limits.keys - used.keys >= NEEDS.keys && limits.bytes - used.bytes >= NEEDS.bytes) return;
  const detail = `the benchmark needs room for ${String(NEEDS.keys)} keys and ${String(NEEDS.bytes)} bytes`;
  throw new SecureStorageError('ERR_QUOTA', { operation: 'bench', detail });
}

async function measured(
  operation: string,
  count: number,
  work: () => Promise<unknown>,
  signal: AbortSignal,
): Promise<Measured> {
  await work();
  const durations: number[] = [];
  for (let n = 0; n < count; n++) {
    signal.throwIfAborted();
    const start = performance.now();
    await work();
    durations.push(performance.now() - start);
  }
  durations.sort((a, b) => a - b);
  return { operation, count, p50: rank(durations, 0.5), p99: rank(durations, 0.99) };
}

/** The smallest duration that this part of all does not exceed. */
function rank(sorted: readonly number[], part: number): number {
  return sorted[Math.ceil(part * sorted.length) - 1] ?? NaN;
}
