// SPDX-License-Identifier: MIT
/** Changes are made in the order of their calls, whatever becomes of sessions: above a TEE whose queue goes on by itself. */
import fc from 'fast-check';

import type { SecureStorage } from '../../src-ts/store.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { errorOf } from './support/errors.js';
import { FifoTee, type Trouble } from './support/fifo-tee.js';

const { COMMUNICATION, STORAGE_NOT_AVAILABLE, TARGET_DEAD } = TeeResult;
const losing = { STORAGE_NOT_AVAILABLE, TARGET_DEAD, COMMUNICATION };

let tee: FifoTee;
let store: SecureStorage;
beforeEach(async () => {
  tee = new FifoTee();
  store = await tee.store();
});
afterEach(() => store.close());

describe.each(Object.entries(losing))('after %s', (_name, result) => {
  test.each([false, true])('a put stays before the next one (carried out: %s)', async (carriedOut) => {
    tee.troubles.set(0, { result, carriedOut });
    const [first, second] = await Promise.all([store.put('k', 'first'), store.put('k', 'second')]);
    expect(tee.values.get('k')?.value).toBe('second');
    expect(second.revision).toBeGreaterThan(first.revision);
  });

  test('what is deleted does not come back', async () => {
    tee.troubles.set(0, { result, carriedOut: false });
    const results = await Promise.all([store.put('token', 'x'), store.delete('token')]);
    expect(results[1]).toBe(true);
    expect(tee.values.size).toBe(0);
  });

  test('a change that is not sent again is reported, and those behind it are made', async () => {
    tee.troubles.set(0, { result, carriedOut: true });
    const [error] = await Promise.all([errorOf(store.put('k', 'once', { ifAbsent: true })), store.put('k', 'then')]);
    expect(error.outcomeUnknown).toBe(true);
    expect(tee.carriedOut).toEqual(['k', 'k']);
    expect(tee.values.get('k')?.value).toBe('then');
  });

  test('a call that comes while the session is opened again waits for its turn', async () => {
    tee.troubles.set(0, { result, carriedOut: false });
    const calls = [store.put('a', '1'), store.put('b', '2')];
    while (tee.sessions < 2) await new Promise((resolve) => setImmediate(resolve));
    calls.push(store.put('c', '3'));
    await Promise.all(calls);
    expect(tee.carriedOut).toEqual(['a', 'b', 'c']);
  });

  test('that does not end, each call fails for itself and none hangs', async () => {
    for (let n = 0; n < 100; n++) tee.troubles.set(n, { result, carriedOut: false });
    const errors = await Promise.all([1, 2, 3, 4].map((n) => errorOf(store.put('k', String(n)))));
    expect(errors.map(({ outcomeUnknown }) => outcomeUnknown)).toEqual([true, true, true, true]);
    expect(tee.values.size).toBe(0);
  });
});

interface Step {
  readonly kind: 'put' | 'delete';
  readonly key: 'a' | 'b';
  readonly conditional: boolean;
  /** Whether the next call waits for this one. */
  readonly awaited: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('put', 'delete'),
  key: fc.constantFrom('a', 'b'),
  conditional: fc.boolean(),
  awaited: fc.boolean(),
});
const trouble: fc.Arbitrary<Trouble> = fc.record({
  result: fc.constantFrom(...Object.values(losing)),
  carriedOut: fc.boolean(),
});

/** What the calls leave behind if they are made in their order, without those that were `left` out. */
function outcomeOf(steps: readonly Step[], left: ReadonlySet<number>): string {
  const values = new Map<string, number>();
  steps.forEach(({ kind, key }, n) => {
    if (left.has(n)) return;
    if (kind === 'put') values.set(key, n);
    else values.delete(key);
  });
  return JSON.stringify([...values].sort());
}

function subsets(all: readonly number[]): ReadonlySet<number>[] {
  return all.reduce<ReadonlySet<number>[]>(
    (sets, one) => [...sets, ...sets.map((set) => new Set([...set, one]))],
    [new Set()],
  );
}

test('any calls with any failures leave what the calls leave in their order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(fc.nat(12), trouble), { maxLength: 4 }),
      async (steps, troubles) => {
        const other = new FifoTee();
        const opened = await other.store();
        for (const [request, what] of troubles) other.troubles.set(request, what);
        const unknown: number[] = [];
        const calls: Promise<void>[] = [];
        for (const [n, { kind, key, conditional, awaited }] of steps.entries()) {
          // The TEE of this test does not look at the condition; with one, a call is not sent again.
          const options = conditional ? { ifRevision: 1 } : {};
          const call = kind === 'put' ? opened.put(key, String(n), options) : opened.delete(key, options);
          const settled = call.then(
            () => undefined,
            (error: unknown) => {
              expect(error).toMatchObject({ outcomeUnknown: true });
              unknown.push(n);
            },
          );
          calls.push(settled);
          if (awaited) await settled;
        }
        await Promise.all(calls);
        await opened.close();
        const stored = [...other.values].map(([key, { value }]) => [key, Number(value)]);
        const possible = subsets(unknown).map((left) => outcomeOf(steps, left));
        expect(possible).toContain(JSON.stringify(stored.sort()));
      },
    ),
    { numRuns: 300 },
  );
});
