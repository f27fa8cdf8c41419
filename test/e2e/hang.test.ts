// SPDX-License-Identifier: MIT
/**
 * A tee-supplicant that hangs (SIGSTOP), and with it the secure world: every call rejects at its deadline, the process
 * is not held up otherwise, and once the supplicant goes on, the store is what it was.
 */
import type { OpenOptions } from '../../src-ts/arguments/options.js';
import type { UserProcess } from '../../machine/machine.mjs';
import { caughtUp, type Failed } from './support/failing.js';
import { TEE_GROUP, Uid, useMachine } from './support/machine.js';
import { cutOff, saveOff, switchOn } from './support/power.js';
import { RemoteObject } from './support/remote-object.js';
import { runScript } from './support/script.js';

const HELD = { a: 'value of a', b: 'value of b' };
const PATIENT_MS = 60_000;
const DEADLINE_MS = 500;
/** A timer that is set for so much later than a call's deadline strikes after it, whatever the machine's pace. */
const LATER_MS = 50;
const FILES = 100;
/** The least deadline of calls that hang while files are read. */
const HANGING_MS = 3000;

interface Kind {
  /** The method and what it is given before the options. */
  readonly call: readonly [string, ...unknown[]];
  /** What is stored once the call was carried out; without it, the call changes nothing. */
  readonly made?: Readonly<Record<string, unknown>>;
}

const change = [
  { type: 'delete', key: 'a' },
  { type: 'put', key: 'c', value: 'of c' },
] as const;

const kinds: readonly Kind[] = [
  { call: ['get', 'a'] },
  { call: ['getEntry', 'a'] },
  { call: ['getMany', ['a', 'b']] },
  { call: ['has', 'a'] },
  { call: ['stat', 'a'] },
  { call: ['list'] },
  { call: ['keys'] },
  { call: ['entries'] },
  { call: ['info'] },
  { call: ['put', 'a', 'another'], made: { ...HELD, a: 'another' } },
  { call: ['delete', 'a'], made: { b: HELD.b } },
  { call: ['batch', change], made: { b: HELD.b, c: 'of c' } },
  { call: ['generate', 'c'], made: { ...HELD, c: expect.any(String) as string } },
  { call: ['clear'], made: {} },
];

/** A group for each kind of call, so that each has a store that nobody has read yet. */
const groupOf = (index: number): number => 2000 + index;

const on = useMachine(() => Promise.resolve({ states: true }));
let alice: UserProcess;

beforeAll(async () => {
  const { machine } = on;
  alice = await machine.user({ uid: Uid.alice, groups: [TEE_GROUP, ...kinds.map((_, index) => groupOf(index))] });
  await saveOff(machine);
  await switchOn(machine);
  const operations = Object.entries(HELD).map(([key, value]) => ({ type: 'put', key, value }));
  for (const index of kinds.keys()) await (await open({ group: groupOf(index) })).make('batch', operations);
  await (await open({})).make('batch', operations);
  await cutOff(machine);
}, 10 * PATIENT_MS);

afterEach(() => on.machine.supplicant('continue'));

/** How a call failed at its deadline: neither before it, nor after a timer of the same process for a later time. */
interface Missed extends Failed {
  readonly early: boolean;
  readonly late: boolean;
}

const IN_TIME = { code: 'ERR_TIMEOUT', early: false, late: false };

/** A store in alice's process. */
interface Opened {
  make(method: string, ...args: readonly unknown[]): Promise<unknown>;
  contents(): Promise<Record<string, string>>;
  /** Makes a call with a deadline, and says how it failed. */
  fail(timeoutMs: number, call: Kind['call']): Promise<Missed>;
}

/** Opens one with time enough, and fails as opening a store does. */
async function open(options: OpenOptions): Promise<Opened> {
  const remote = await RemoteObject.make(
    alice,
    async ({ require }, given, laterMs) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
      const store = await SecureStorage.open(given);
      const make = (method: string, ...args: unknown[]): unknown =>
        (store as unknown as Record<string, (...rest: unknown[]) => unknown>)[method]?.(...args);
      const fail = async (timeoutMs: number, [method, ...args]: Kind['call']) => {
        const options = { timeoutMs, ...(method === 'clear' && { confirm: true }) };
        const began = performance.now();
        const made = make(method, ...args, options) as Promise<unknown> | AsyncGenerator;
        const call = 'next' in made ? made.next() : made;
        let late = false;
        const timer = setTimeout(() => (late = true), timeoutMs + laterMs);
        const ended = await call.then(
          () => ({ code: 'none', message: '', outcomeUnknown: false }),
          (error: unknown) => {
            const { code, message, outcomeUnknown } = error as Failed;
            return { code, message, outcomeUnknown };
          },
        );
        clearTimeout(timer);
        // A timer of Node.js may strike a moment too soon.
        return { ...ended, early: performance.now() - began < timeoutMs - 5, late };
      };
      const contents = async () => {
        const found: Record<string, string> = {};
        for await (const { key, value } of store.entries()) found[key] = value.toString();
        return found;
      };
      return { make, fail, contents };
    },
    { timeoutMs: PATIENT_MS, ...options },
    LATER_MS,
  );
  return {
    make: (method, ...args) => remote.call('make', [method, ...args]),
    contents: () => remote.call('contents', []) as Promise<Record<string, string>>,
    fail: (timeoutMs, call) => remote.call('fail', [timeoutMs, call]) as Promise<Missed>,
  };
}

async function expectWorks(store: Opened): Promise<void> {
  await store.make('put', 'works', 'again');
  expect(await store.make('get', 'works', { encoding: 'utf8' })).toBe('again');
  await store.make('delete', 'works');
}

// First of all, while nothing has loaded the Trusted Application.
test('open rejects at its deadline, and goes well once the supplicant goes on', async () => {
  await on.machine.supplicant('pause');
  const { message, ...ended } = await alice.run(
    async ({ require }, timeoutMs, laterMs) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
      const began = performance.now();
      const opening = SecureStorage.open({ timeoutMs });
      let late = false;
      const timer = setTimeout(() => (late = true), timeoutMs + laterMs);
      const { code, message } = await opening.then(
        () => ({ code: 'none', message: '' }),
        (reason: unknown) => reason as Failed,
      );
      clearTimeout(timer);
      return { code, message, early: performance.now() - began < timeoutMs - 5, late };
    },
    DEADLINE_MS,
    LATER_MS,
  );
  expect(ended).toEqual(IN_TIME);
  expect(message).toContain('Check that tee-supplicant runs and answers');
  await on.machine.supplicant('continue');
  const store = await caughtUp(() => open({}));
  expect(await store.contents()).toEqual(HELD);
  await expectWorks(store);
});

describe('rejects at its deadline, and the store holds what it held or what the call made of it:', () => {
  test.each(kinds.map((kind, index) => [kind.call[0], index, kind] as const))('%s', async (_name, index, kind) => {
    const store = await open({ group: groupOf(index) });
    await on.machine.supplicant('pause');
    const { message, ...ended } = await store.fail(DEADLINE_MS, kind.call);
    expect(ended).toEqual({ ...IN_TIME, outcomeUnknown: kind.made !== undefined });
    expect(message).toContain('Check that tee-supplicant runs and answers');
    await on.machine.supplicant('continue');
    const found = await caughtUp(() => store.contents());
    expect(kind.made === undefined ? [HELD] : [HELD, kind.made]).toContainEqual(found);
  });
});

test(`with all of them at once, ${String(FILES)} files are read`, async () => {
  const stores = await Promise.all(kinds.map(() => open({ domain: 'files' })));
  await stores[0]?.make('put', 'b', HELD.b);
  const read = () =>
    alice.run(async ({ require }, count) => {
      const { readFile } = require('node:fs/promises') as typeof import('node:fs/promises');
      const began = performance.now();
      const files = await Promise.all(Array.from({ length: count }, () => readFile('/etc/passwd', 'utf8')));
      return { read: files.filter((text) => text.includes('alice')).length, ms: performance.now() - began };
    }, FILES);
  await read();
  const before = await read();
  // All are read long before the calls end, on a busy host too.
  const hangingMs = HANGING_MS + Math.ceil(10 * before.ms);
  await on.machine.supplicant('pause');
  // What can be read without the supplicant would not hang.
  const put = stores[0]?.fail(hangingMs, ['put', 'a', 'held up']);
  // Node.js keeps timers for the same time in one list, and goes through it before it looks at others.
  const others = kinds.slice(1).map(({ call }, index) => stores[index + 1]?.fail(hangingMs + index + 1, call));
  const calls = [put, ...others].filter((call) => call !== undefined);
  let over = 0;
  for (const call of calls) void call.then(() => over++);
  // By then the process has begun with all of them.
  await alice.run(() => undefined);
  const during = await read();
  expect([before.read, during.read, over]).toEqual([FILES, FILES, 0]);
  process.stdout.write(
    `${String(FILES)} files: ${before.ms.toFixed(0)} ms before, ${during.ms.toFixed(0)} ms during\n`,
  );
  const ends = await Promise.all(calls);
  const byMethod = kinds.map(({ call: [method] }, index) => [method, ends[index]]);
  expect(byMethod).toMatchObject(kinds.map(({ call: [method] }) => [method, IN_TIME]));
  await on.machine.supplicant('continue');
  for (const store of stores) await caughtUp(() => store.make('has', 'b'));
  await expectWorks(await open({ domain: 'files' }));
});

test('a program ends all the same, amid a call too', async () => {
  const { value, timersStruck } = await runScript(
    on.machine,
    { uid: Uid.alice },
    async ({ SecureStorage, pause }, timeoutMs, patientMs) => {
      const opened = await SecureStorage.open({ timeoutMs: patientMs });
      await pause();
      return opened.put('a', 'late', { timeoutMs }).then(
        () => 'none',
        (error: unknown) => (error as { code: string }).code,
      );
    },
    [DEADLINE_MS, PATIENT_MS],
    () => on.machine.supplicant('pause'),
  );
  // It ended, though the call still hangs.
  expect([value, timersStruck]).toEqual(['ERR_TIMEOUT', 0]);
  await on.machine.supplicant('continue');
  // Linux ends a supplicant that answers a request whose client is gone, and the Trusted Application with it.
  const store = await caughtUp(() => open({}), ['ERR_TIMEOUT', 'ERR_NO_SUPPLICANT', 'ERR_TA_DEAD']);
  const found = await caughtUp(() => store.contents(), ['ERR_TIMEOUT', 'ERR_NO_SUPPLICANT', 'ERR_TA_DEAD']);
  expect([HELD, { ...HELD, a: 'late' }]).toContainEqual(found);
  await expectWorks(store);
});
