// SPDX-License-Identifier: MIT
/** What comes up in a board's life: sessions that stay open, directories that are put back, users without number. */
import type { OwnersInfo } from '../../src-ts/connection/store-owners.js';
import type { Store } from '../conformance/store.js';
import { FILES } from './support/disk.js';
import { effort } from './support/effort.js';
import { TEE_GROUP, useMachine } from './support/machine.js';
import { openRemoteStore } from './support/remote-store.js';

const PATIENT = { timeoutMs: 120_000 };

const on = useMachine();

interface Errands {
  readonly seed: number;
  readonly services: number;
  readonly rounds: number;
  readonly returnPrevious: boolean;
}

/** Services of one user that open and keep sessions, and put and get values of all sizes. @returns what went wrong */
async function runErrands(given: Errands): Promise<string[]> {
  const alice = await on.user('alice');
  return alice.run(async ({ require }, { seed, services, rounds, returnPrevious }) => {
    const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
    type Opened = Awaited<ReturnType<typeof SecureStorage.open>>;
    let state = seed;
    const dice = (limit: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    const open = (): Promise<Opened> => SecureStorage.open({ domain: 'errands', timeoutMs: 120_000 });
    // All of them are there from the beginning, and few ever end.
    const stores: Opened[] = [];
    for (let n = 0; n < services; n++) stores.push(await open());
    const sizes: Record<string, [keys: number, least: number, most: number]> = {
      small: [60, 0, 20_000],
      middle: [20, 0, 130_000],
      large: [2, 500_000, 1_048_576],
    };
    const failures: string[] = [];
    for (let round = 0; round < rounds; round++) {
      const at = dice(services);
      if (dice(20) === 0) {
        await stores[at]?.close();
        stores[at] = await open();
      }
      const kind = ['small', 'middle', 'large'][dice(3)] ?? 'small';
      const [keys, least, most] = sizes[kind] ?? [1, 0, 0];
      const key = `${kind}/${String(dice(keys))}`;
      const value = Buffer.alloc(least + dice(most - least + 1), round);
      try {
        if (dice(3) === 0) await stores[at]?.get(key);
        else await stores[at]?.put(key, value, { returnPrevious: returnPrevious && dice(2) === 0 });
      } catch (error) {
        failures.push(`round ${String(round)}, ${key}: ${String(error)}`);
      }
    }
    for (const store of stores) await store.close();
    return failures;
  }, given);
}

describe('services with sessions that stay open, and values up to 1 MiB', () => {
  const services = effort(12, 40);
  const rounds = effort(20, 160);

  test.each(
    effort(
      [[5, true]],
      [5, 77, 4711].flatMap((seed) => [[seed, false] as const, [seed, true] as const]),
    ),
  )(
    'are never refused memory (seed %i, previous values returned: %s)',
    async (seed, returnPrevious) => {
      expect(await runErrands({ seed, services, rounds, returnPrevious })).toEqual([]);
    },
    effort(300_000, 3_600_000),
  );
});

describe('a copy of the directory that is put back while the Trusted Application is loaded', () => {
  const KEYS = 60;
  let store: Store;

  const valuesOf = async () => {
    const entries = await Promise.all(
      Array.from({ length: KEYS }, async (_, n) => store.get(`k/${String(n)}`, { encoding: 'utf8' })),
    );
    return new Set(entries);
  };
  const putAll = (value: string) =>
    store.batch(
      Array.from({ length: KEYS }, (_, n) => ({
        type: 'put' as const,
        key: `k/${String(n)}`,
        value: value.repeat(500),
      })),
    );

  test('has all its keys, before the next change and after it', async () => {
    store = await openRemoteStore(await on.user('bob'), { ...PATIENT, domain: 'restored' });
    await putAll('0');
    await on.machine.supplicant('stop');
    await on.asRoot('cp', '-a', FILES, `${FILES}.copy`);
    await on.machine.supplicant('start');
    for (const value of ['1', '2', '3']) await putAll(value);

    await on.machine.supplicant('stop');
    await on.asRoot('sh', '-c', `rm -r ${FILES} && mv ${FILES}.copy ${FILES}`);
    await on.machine.supplicant('start');
    // The session that was open reads from the memory of the Trusted Application; a new one asks the storage.
    await store.close();
    store = await openRemoteStore(await on.user('bob'), { ...PATIENT, domain: 'restored' });
    expect(await valuesOf()).toEqual(new Set(['0'.repeat(500)]));
    await store.put('another', 'x');
    expect(await valuesOf()).toEqual(new Set(['0'.repeat(500)]));
    expect((await store.verify()).lost).toBe(0);
    await store.close();
  });
});

describe('the ids of one user, in their hundreds', () => {
  const IDS = effort(40, 300);
  const FIRST_ID = 100_000;

  /** Each id of them stores one key. @returns how many could, and the errors of the others */
  async function storeAsEach(): Promise<{ stored: number; errors: string[] }> {
    const root = await on.user('root', { groups: [TEE_GROUP] });
    return root.run(
      async ({ require }, { ids, firstId }) => {
        const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
        const errors = new Set<string>();
        let stored = 0;
        for (let n = 0; n < ids; n++) {
          process.seteuid?.(firstId + n);
          try {
            const store = await SecureStorage.open({ timeoutMs: 120_000 });
            await store.put('k', 'x').then(
              () => stored++,
              (error: unknown) => errors.add((error as { code: string }).code),
            );
            await store.close();
          } finally {
            process.seteuid?.(0);
          }
        }
        return { stored, errors: [...errors] };
      },
      { ids: IDS, firstId: FIRST_ID },
    );
  }

  /** Requests to the supplicant. */
  async function costOfPut(store: Store): Promise<number> {
    await on.machine.resetSupplicantCounters();
    await store.put('mine', 'secret');
    return (await on.machine.supplicantCounters()).requests;
  }

  test('take neither storage nor speed from services', async () => {
    const before = await openRemoteStore(await on.user('alice'), { ...PATIENT, domain: 'service' });
    await before.put('mine', 'first');
    const cost = await costOfPut(before);
    const { stored, errors } = await storeAsEach();
    expect(stored).toBeLessThanOrEqual(16);
    expect(stored).toBeGreaterThan(8);
    expect(errors).toEqual(['ERR_TOO_MANY_OWNERS']);

    // Each object makes OP-TEE's directory longer; of those there are few.
    expect(await costOfPut(before)).toBeLessThan(2 * cost);
    expect(await before.get('mine', { encoding: 'utf8' })).toBe('secret');
    const after = await openRemoteStore(await on.user('carol'), { ...PATIENT, domain: 'service' });
    await after.put('mine', 'secret');
    expect(await after.get('mine', { encoding: 'utf8' })).toBe('secret');

    const root = await openRemoteStore(await on.user('root'), PATIENT);
    const listed: OwnersInfo = await root.owners();
    const ids = listed.owners.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([1000, 1002]));
    await Promise.all([before, after, root].map((store) => store.close()));
  });
});
