// SPDX-License-Identifier: MIT
/** Random sequences of operations come out as a plain Map would have them. */
import fc from 'fast-check';

import type { Backend } from './backend.js';
import { Model } from './model.js';
import { operations, type Operation } from './operations.js';
import { makePerformer } from './perform.js';
import type { Store } from './store.js';

const SIZES = [0, 1, 200, 3583, 3585, 5000, 20_000, 70_000];
/** Reading larger values takes two requests. */
const ONE_REQUEST = SIZES.filter((size) => size < 50_000);
/** Shrinking carries out many sequences. */
const TEST_MS = 600_000;

export function propertySuite({ name, open, runs }: Backend): void {
  const seed = Number(process.env.OPTEE_TEST_SEED ?? Date.now() % 2 ** 31);
  const parameters = { seed, numRuns: runs };

  beforeAll(() => {
    process.stdout.write(`properties of ${name}: OPTEE_TEST_SEED=${String(seed)}, ${String(runs)} runs\n`);
  });

  let count = 0;
  /** Gives empty stores of domains of their own to a sequence, and a model of them. */
  const withStores = async (number: number, work: (stores: Store[], model: Model) => Promise<void>) => {
    const domain = `property/${String(process.pid)}/${String(Date.now())}/${String(count++)}`;
    const stores = await Promise.all(
      Array.from({ length: number }, (_, index) => open({ domain: `${domain}/${String(index)}` })),
    );
    try {
      await work(stores, new Model(number, (await stores[0]?.info())?.used ?? { keys: 0, bytes: 0 }));
    } finally {
      for (const store of stores) await store.clear({ confirm: true });
      for (const store of stores) await store.close();
    }
  };

  test(
    'one after the other, on two stores',
    async () => {
      const shape = { stores: 2, keys: 30, sizes: SIZES, batch: 40 };
      const sequence = fc.array(operations(shape), { minLength: 1, maxLength: 60, size: 'max' });
      await fc.assert(
        fc.asyncProperty(sequence, async (all) => {
          await withStores(2, async (stores, model) => {
            const perform = makePerformer(stores);
            for (const operation of all) model.check(operation, await perform(operation));
          });
        }),
        parameters,
      );
    },
    TEST_MS,
  );

  test(
    'all at once, carried out in the order of the calls',
    async () => {
      const shape = { stores: 1, keys: 8, sizes: ONE_REQUEST, batch: 8 };
      const sequence = fc.array(operations(shape).filter(needsNoAnswer), { minLength: 2, maxLength: 40, size: 'max' });
      await fc.assert(
        fc.asyncProperty(sequence, async (all) => {
          await withStores(1, async (stores, model) => {
            const outcomes = await Promise.all(all.map(makePerformer(stores)));
            all.forEach((operation, index) => {
              model.check(operation, outcomes[index] ?? { returned: 'nothing' });
            });
          });
        }),
        parameters,
      );
    },
    TEST_MS,
  );

  test(
    'however often stores are closed and opened in between',
    async () => {
      const shape = { stores: 1, keys: 10, sizes: SIZES, batch: 8 };
      const sequence = fc.array(operations(shape).filter(needsNoAnswer), { minLength: 1, maxLength: 12, size: 'max' });
      await fc.assert(
        fc.asyncProperty(sequence, async (all) => {
          await withStores(1, async ([store], model) => {
            const { domain } = (await store?.info()) ?? {};
            for (const operation of all) {
              const opened = await open({ domain });
              model.check(operation, await makePerformer([opened])(operation));
              await opened.close();
            }
          });
        }),
        parameters,
      );
    },
    TEST_MS,
  );
}

/**
 * Whether it can be called before any other has ended: it expects no revision, and is one request that no other call of
 * the store can come between.
 */
function needsNoAnswer({ method, args }: Operation): boolean {
  const manyRequests: Operation['method'][] = ['getMany', 'entries', 'list', 'keys'];
  return !manyRequests.includes(method) && !JSON.stringify(args).includes('"ifRevision"');
}
