// SPDX-License-Identifier: MIT
/**
 * What happens at the limits of a device: each is reached for real, calls fail with an error that says what to do, what
 * is stored stays, and once there is room again everything works. Quotas are in test/conformance/quota.ts, for every
 * backend; too many calls of one store in concurrency.ts there.
 */
import { TA_UUID } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import type { Store } from '../conformance/store.js';
import { fillDisk, makeRoom } from './support/disk.js';
import { effort } from './support/effort.js';
import { caughtUp, failed } from './support/failing.js';
import { buildForGuest } from './support/guest-program.js';
import { TA_FILE, Uid, useMachine } from './support/machine.js';
import { openRemoteStore } from './support/remote-store.js';
import { buildTa } from './support/ta.js';

const HOLD_SESSIONS = '/usr/bin/hold-sessions';
const PATIENT = { timeoutMs: 120_000 };
/** A Trusted Application with a sixth of the usual heap, less than its cache may take. */
const SMALL_UUID = '0e4d66a5-1d3f-4c8d-907f-6b2e1d81cf22';
const SMALL_HEAP = 512 * 1024;
const BUSY: readonly string[] = ['ERR_NO_MEMORY', 'ERR_TA_DEAD', 'ERR_NO_SUPPLICANT', 'ERR_TIMEOUT'];

const on = useMachine(async () => ({
  processors: effort<1 | 2>(1, 2),
  files: {
    [HOLD_SESSIONS]: buildForGuest('hold-sessions', 'program'),
    [TA_FILE.replace(TA_UUID, SMALL_UUID)]: await buildTa({
      TA_UUID: SMALL_UUID,
      CFG_SECSTOR_DATA_SIZE: String(SMALL_HEAP),
    }),
  },
}));

/** A store together with what must be in it. */
class Ledger {
  readonly #store: Store;
  /** What each key may hold: more than one where an error left it open. */
  readonly #allowed = new Map<string, (string | null)[]>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Stores a value made of repetitions of a text. @returns the code of the error, or 'none' */
  async put(key: string, text: string, size = text.length): Promise<{ code: string; message: string }> {
    const value = Buffer.alloc(size, text).toString();
    const ended = await failed(this.#store.put(key, value));
    const before = this.#allowed.get(key) ?? [null];
    if (ended.code === 'none') this.#allowed.set(key, [value]);
    else if (ended.outcomeUnknown === true) this.#allowed.set(key, [...before, value]);
    return ended;
  }

  /** Compares everything, and proves that the store can be changed. */
  async settle(): Promise<void> {
    const keys = await caughtUp(() => this.#store.keys(), BUSY);
    expect(keys.filter((key) => !this.#allowed.has(key))).toEqual([]);
    for (const [key, allowed] of this.#allowed) {
      const value = await this.#store.get(key, { encoding: 'utf8' });
      // No value of an error's message: they are large.
      expect([key, allowed.includes(value)]).toEqual([key, true]);
    }
    expect(await this.put('works', 'again')).toMatchObject({ code: 'none' });
    expect(await this.#store.get('works', { encoding: 'utf8' })).toBe('again');
  }
}

async function ledgerOf(user: 'alice' | 'bob', domain: string, taUuid = TA_UUID): Promise<Ledger> {
  const store = await openRemoteStore(await on.user(user), { ...PATIENT, domain, taUuid });
  const ledger = new Ledger(store);
  expect(await ledger.put('small', 'of before')).toMatchObject({ code: 'none' });
  expect(await ledger.put('large', 'large of before', 20_000)).toMatchObject({ code: 'none' });
  return ledger;
}

/** Processes that hold sessions with the Trusted Application. */
class Holders {
  #printed = '';
  #waiting: () => void = () => undefined;
  readonly #process;

  constructor(processes: number, sessions: number) {
    this.#process = on.machine.spawn([HOLD_SESSIONS, String(processes), String(sessions)], {
      uid: Uid.alice,
      onData: (_stream, bytes) => {
        this.#printed += bytes.toString();
        this.#waiting();
      },
    });
  }

  async #line(): Promise<string> {
    while (!this.#printed.includes('\n')) await new Promise<void>((resolve) => (this.#waiting = resolve));
    const [line = '', ...rest] = this.#printed.split('\n');
    this.#printed = rest.join('\n');
    return line;
  }

  /** How many sessions there came to be, and the TEE's answer to one more. */
  async held(): Promise<{ count: number; result: number }> {
    const [count, result] = (await this.#line()).split(' ');
    return { count: Number(count), result: parseInt(result ?? '', 16) };
  }

  async close(sessions: number): Promise<number> {
    void this.#process.write(0, Buffer.from(`${String(sessions)}\n`));
    return Number(await this.#line());
  }

  async end(): Promise<void> {
    void this.#process.end(0);
    await this.#process.closed;
  }
}

/** Counts the codes that calls ended with. */
function counted(ends: readonly { code: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of ends) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

test('the disk is full', async () => {
  const alice = await ledgerOf('alice', 'full disk');
  const bob = await ledgerOf('bob', 'full disk');
  const ends = [];
  await fillDisk(on.machine);
  try {
    for (let n = 0; n < 2; n++) {
      ends.push(await alice.put('large', `large ${String(n)}`, 40_000));
      ends.push(await bob.put(`new ${String(n)}`, String(n)));
    }
    // What needs no room works on.
    const reader = await openRemoteStore(await on.user('bob'), { ...PATIENT, domain: 'full disk' });
    expect(await reader.get('small', { encoding: 'utf8' })).toBe('of before');
  } finally {
    await makeRoom(on.machine);
  }
  say(`disk full: ${JSON.stringify(counted(ends))}`);
  expect(ends.map(({ code }) => code)).not.toContain('none');
  // Debian's supplicant says what is wrong at some places; at others the Trusted Application dies of it.
  for (const { code, message } of ends) {
    expect(['ERR_NO_SPACE', 'ERR_TA_DEAD', 'ERR_STORAGE']).toContain(code);
    expect(message).toMatch(/Make room|Try again|try again/);
  }
  await alice.settle();
  await bob.settle();
});

test("the Trusted Application's heap is full", async () => {
  const alice = await ledgerOf('alice', 'heap', SMALL_UUID);
  const end = await alice.put('large', 'larger', SMALL_HEAP);
  expect(end).toMatchObject({ code: 'ERR_NO_MEMORY', outcomeUnknown: false });
  expect(end.message).toContain('Try again later or with smaller values');
  // The cache makes way for requests.
  for (let n = 0; n < 6; n++) expect(await alice.put(String(n), 'value', 100_000)).toMatchObject({ code: 'none' });
  await alice.settle();
});

describe('the secure world has no memory for another session:', () => {
  const one: [string, number, number] = ['one process has too many', 1, 4096];
  const many: [string, number, number] = ['too many processes have one', 4096, 1];
  test.each(effort([many], [one, many]))('%s', async (_name, processes, sessions) => {
    const alice = await ledgerOf('alice', `${String(processes)} processes`);
    const holders = new Holders(processes, sessions);
    const { count, result } = await holders.held();
    say(`${String(count)} sessions`);
    expect(result).toBe(TeeResult.OUT_OF_MEMORY);
    const refused = await failed(openRemoteStore(await on.user('bob'), PATIENT));
    expect(refused).toMatchObject({ code: 'ERR_NO_MEMORY' });
    expect(refused.message).toContain('Try again later');
    const ends = [];
    for (let n = 0; n < 3; n++) ends.push(await alice.put('small', `amid ${String(n)}`));
    // On the way to enough memory it runs out at ever later places of a change.
    for (let n = 0; n < 12 && processes === 1; n++) {
      await holders.close(4);
      ends.push(await alice.put('large', `while there is more and more ${String(n)}`, 9000));
    }
    say(JSON.stringify(counted(ends)));
    for (const { code } of ends) expect(['none', ...BUSY]).toContain(code);
    await holders.end();
    await alice.settle();
    await (await openRemoteStore(await on.user('bob'), PATIENT)).close();
  });
});

test('far more callers than the secure world has threads are all served', async () => {
  const STORES = 8;
  const users = await Promise.all([on.user('alice'), on.user('bob')]);
  const stores = await Promise.all(
    users.flatMap((user) =>
      Array.from({ length: STORES }, () => openRemoteStore(user, { ...PATIENT, domain: 'many' })),
    ),
  );
  const use = async (store: Store, index: number) => {
    const key = `k/${String(index)}`;
    await store.put(key, String(index));
    expect(await store.get(key, { encoding: 'utf8' })).toBe(String(index));
  };
  await Promise.all(stores.map(use));
  for (const store of stores) expect(await store.keys()).toHaveLength(STORES);
  await Promise.all(stores.map((store) => store.close()));
});

test('all threads of the secure world hang: calls end at their deadline, and all is well when they go on', async () => {
  const alice = await ledgerOf('alice', 'threads');
  const users = await Promise.all([on.user('alice'), on.user('bob')]);
  const stores = await Promise.all(
    users.flatMap((user) => Array.from({ length: 4 }, () => openRemoteStore(user, { ...PATIENT, domain: 'stuck' }))),
  );
  const began = performance.now();
  await Promise.all(stores.map((store) => store.put('k', 'early')));
  // Each call is to have begun by then, whatever the pace of the machine is just now.
  const timeoutMs = 1000 + Math.ceil(10 * (performance.now() - began));
  await on.machine.supplicant('pause');
  try {
    const ends = await Promise.all(stores.map((store) => failed(store.put('k', 'late', { timeoutMs }))));
    expect(counted(ends)).toEqual({ ERR_TIMEOUT: stores.length });
    const opening = failed(openRemoteStore(users[1], { timeoutMs: 1000 }));
    expect(await opening).toMatchObject({ code: 'ERR_TIMEOUT' });
  } finally {
    await on.machine.supplicant('continue');
  }
  await alice.settle();
  for (const store of stores) expect(await caughtUp(() => store.get('k', { encoding: 'utf8' }))).toBe('late');
});
