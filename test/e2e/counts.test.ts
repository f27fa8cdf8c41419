// SPDX-License-Identifier: MIT
/**
 * What operations cost the normal world, counted at the tee-supplicant: requests from the secure world, and writes that
 * wait for the disk. The targets are those of the design; one persistent object per key, the usual form, is beside them.
 */
import type { Store } from '../conformance/store';
import type { SupplicantCounters, UserProcess } from '../../machine/machine.mjs';
import { effort } from './support/effort';
import { useMachine } from './support/machine';
import { openRemoteStore } from './support/remote-store';
import { median, printTable } from './support/table';

const SIZES = [10, 100, 1_000, ...effort([], [10_000])];
/** Puts that are counted one by one, of existing and of new keys. */
const PUTS = 12;
/** Each object has a twin, and so has each write. */
const COPIES = 2;

/** Requests and synchronous writes of the operations at one size of the store. */
interface Row {
  readonly size: number;
  readonly coldGet: number;
  readonly coldList: number | undefined;
  readonly warm: number;
  readonly puts: readonly { readonly requests: number; readonly syncWrites: number }[];
  readonly objects: number;
}

const rows: Row[] = [];
const machineOfFile = useMachine();

const requests = (counters: SupplicantCounters): number => counters.requests - counters.loadTa;

async function counted(work: () => Promise<unknown>): Promise<SupplicantCounters> {
  const { machine } = machineOfFile;
  await machine.resetSupplicantCounters();
  await work();
  return machine.supplicantCounters();
}

const open = (user: UserProcess): Promise<Store> => openRemoteStore(user, { timeoutMs: 60_000 });

/** Brings the store to so many secrets of 32 B, the keys in a scattered order, a few at a time. */
async function fill(store: Store, from: number, to: number): Promise<void> {
  const names = Array.from({ length: to - from }, (_, n) => secret(from + n));
  const scattered = (name: string): string => name.slice(-2) + name.slice(-4);
  names.sort((a, b) => scattered(a).localeCompare(scattered(b)));
  for (let n = 0; n < names.length; n += 50) {
    const puts = names.slice(n, n + 50).map((key) => ({ type: 'put' as const, key, value: Buffer.alloc(32, key) }));
    await store.batch(puts);
  }
}

/** After a boot, with the TA loaded already by somebody else, so that only the storage is counted. */
async function freshBoot(): Promise<UserProcess> {
  machineOfFile.forgetUsers();
  await machineOfFile.machine.shutdown();
  await machineOfFile.machine.boot();
  const [alice, bob] = await Promise.all([machineOfFile.user('alice'), machineOfFile.user('bob')]);
  await open(bob);
  return alice;
}

const secret = (n: number): string => `app/secret-${String(n).padStart(5, '0')}`;

/** @param list whether the list after a boot is counted too, which takes one more boot */
async function measure(size: number, list: boolean): Promise<Row> {
  const key = secret(Math.floor(size / 2));
  let coldList: number | undefined;
  if (list) {
    const lister = await freshBoot();
    const counters = await counted(async () => {
      expect(await (await open(lister)).keys()).toHaveLength(size);
    });
    coldList = requests(counters);
  }

  const alice = await freshBoot();
  let store: Store | undefined;
  const coldGet = await counted(async () => {
    store = await open(alice);
    expect(await store.get(key)).toEqual(Buffer.alloc(32, key));
  });
  if (store === undefined) throw new Error('not opened');
  const opened = store;

  await opened.keys();
  const warm = await counted(() =>
    Promise.all([
      opened.get(key),
      opened.getMany([key, 'none']),
      opened.has(key),
      opened.stat(key),
      opened.get('none'),
      opened.list(),
      opened.info(),
    ]),
  );

  const puts: { requests: number; syncWrites: number }[] = [];
  for (let n = 0; n < PUTS; n++) {
    const name = n % 2 === 0 ? secret((n * 37) % size) : `app/added-${String(n)}`;
    const counters = await counted(() => opened.put(name, Buffer.alloc(32, 1)));
    puts.push({ requests: requests(counters), syncWrites: counters.syncWrites });
  }
  await opened.clear({ prefix: 'app/added-', confirm: true });
  const { objects } = (await opened.info()).used;
  return { size, coldGet: requests(coldGet), coldList, warm: requests(warm), puts, objects };
}

const medianOf = (row: Row, what: 'requests' | 'syncWrites'): number => median(row.puts.map((put) => put[what]));
const mostOf = (row: Row, what: 'requests' | 'syncWrites'): number => Math.max(...row.puts.map((put) => put[what]));

function rowOf(size: number): Row {
  const row = rows.find((candidate) => candidate.size === size);
  if (row === undefined) throw new Error(`nothing was measured with ${String(size)} secrets`);
  return row;
}

describe('requests to the tee-supplicant', () => {
  let stored = 0;

  test.each(SIZES)(
    'are counted with %i secrets of 32 B stored',
    async (size) => {
      await fill(await open(await machineOfFile.user('alice')), stored, size);
      stored = size;
      rows.push(await measure(size, size === 1_000));
    },
    15 * 60_000,
  );

  afterAll(() => {
    printTable(
      `Supplicant requests, and synchronous writes, with so many secrets of 32 B (${String(COPIES)} copies of all)`,
      [
        ['', ...rows.map(({ size }) => size), 'target', 'one object per key, 1 000'],
        ['open and first get after boot', ...rows.map(({ coldGet }) => coldGet), '60', 1_583],
        ['open and list of all after boot', ...rows.map(({ coldList }) => coldList ?? ''), '500', 521_271],
        ['get, getMany, has, stat, list, info: warm', ...rows.map(({ warm }) => warm), '0', ''],
        ['put, requests, median', ...rows.map((row) => medianOf(row, 'requests')), `${String(COPIES)} x 80`, 4_164],
        ['put, requests, most', ...rows.map((row) => mostOf(row, 'requests')), '', ''],
        [
          'put, synchronous writes, median',
          ...rows.map((row) => medianOf(row, 'syncWrites')),
          `${String(COPIES)} x 20`,
          14,
        ],
        ['put, synchronous writes, most', ...rows.map((row) => mostOf(row, 'syncWrites')), '', ''],
        ['persistent objects', ...rows.map(({ objects }) => objects), '32', 1_000],
      ],
    );
  });

  test('a warm get, has, stat or list asks for nothing', () => {
    expect(rows.map(({ warm }) => warm)).toEqual(rows.map(() => 0));
  });

  test('the first get after boot takes at most 60 with 1 000 secrets', () => {
    expect(rowOf(1_000).coldGet).toBeLessThanOrEqual(60);
  });

  test('a list of 1 000 keys after boot takes at most 500', () => {
    expect(rowOf(1_000).coldList).toBeLessThanOrEqual(500);
  });

  test('a put with 1 000 secrets takes at most 80, and 20 synchronous writes, for each copy', () => {
    expect(medianOf(rowOf(1_000), 'requests')).toBeLessThanOrEqual(COPIES * 80);
    expect(medianOf(rowOf(1_000), 'syncWrites')).toBeLessThanOrEqual(COPIES * 20);
  });

  test('1 000 secrets take at most 32 persistent objects', () => {
    expect(rowOf(1_000).objects).toBeLessThanOrEqual(32);
  });

  test('the first get after boot grows at most 8 times from the smallest store to the largest', () => {
    expect(rowOf(SIZES.at(-1) ?? 0).coldGet).toBeLessThanOrEqual(8 * rowOf(10).coldGet);
  });
});
