// SPDX-License-Identifier: MIT
/** Calls that do not return in time, over the fake libteec: a real TEE does not hang on demand. */
import { run, valueOf } from './support/run.js';
import { SLOWNESS } from './support/sanitizer.js';

const of = (name: string) => valueOf('deadlines.ts', name);
/** Not before `ms`, and not long after: there are other tests beside this one. */
const about = (ms: number) => ({
  ms: { asymmetricMatch: (value: number) => value > ms - 5 && value < ms + 800 * SLOWNESS },
});

test('a call that hangs misses its deadline; later ones fail at once; the process can exit', async () => {
  const { value, code, signal, msToExit } = await run('deadlines.ts', 'hangingCall');
  expect(value).toMatchObject({
    missed: { kind: 'timeout', started: true, ...about(100) },
    later: { kind: 'timeout', started: false, ...about(0) },
    parked: [0, 1],
  });
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(msToExit).toBeLessThan(500 * SLOWNESS);
});

test('an opening that hangs misses its deadline, and the process can exit', async () => {
  const { value, code, msToExit } = await run('deadlines.ts', 'hangingOpen');
  expect(value).toMatchObject({ kind: 'timeout', started: true, ...about(100) });
  expect(code).toBe(0);
  expect(msToExit).toBeLessThan(500 * SLOWNESS);
});

test('a queued call that misses its deadline has not begun and never does', async () => {
  await expect(of('queuedCalls')).resolves.toMatchObject({
    queued: { kind: 'timeout', started: false, ...about(100) },
    after: 'served',
    parked: 0,
  });
});

test('a session is of use again when its call comes back late', async () => {
  await expect(of('comesBack')).resolves.toEqual({
    missed: 'timeout',
    parked: 1,
    refused: 'timeout',
    result: 0,
    parkedAfter: 0,
  });
});

test('a session that opens too late is closed', async () => {
  await expect(of('lateOpen')).resolves.toMatchObject({ missed: { kind: 'timeout' }, meanwhile: 2, later: 1 });
});

test('an abort signal takes requests out of the queue and leaves the running one', async () => {
  await expect(of('abortsQueuedOnly')).resolves.toEqual({
    running: 0,
    queued: 'not any more',
    early: 'not any more',
    next: 0,
  });
});

test('requests are carried out in the order of the calls', async () => {
  await expect(of('keepsOrder')).resolves.toEqual([0, 1, 2, 3]);
});

test('eight hanging sessions stop neither fs nor a ninth session', async () => {
  await expect(of('stopsNobodyElse')).resolves.toEqual({
    result: 0,
    quick: true,
    missed: Array<string>(8).fill('timeout'),
    parked: 8,
  });
});

test('the queue has an end', async () => {
  await expect(of('fullQueue')).resolves.toEqual({ served: 1024, last: Array<string>(6).fill('queue-full') });
  await expect(of('fullMemory')).resolves.toEqual({ served: 16, last: 'queue-full' });
});

test('no further session is opened while 32 hang', async () => {
  await expect(of('tooManyParked')).resolves.toEqual({ first: 1, last: ['timeout', false], parked: 32 });
});

test('close() waits for the requests made before, and refuses later ones', async () => {
  await expect(of('closeWaits')).resolves.toEqual({ order: ['call', 'close'], late: 'closed' });
});

test('close() waits for a hanging call until its deadline only', async () => {
  await expect(of('closeDoesNotWaitForHanging')).resolves.toMatchObject({ missed: 'timeout', ...about(150) });
});

test('close() of a session that hangs already does not wait', async () => {
  await expect(of('closeOfParked')).resolves.toMatchObject({ ...about(0), later: 'closed' });
});

test('a missing supplicant is told within a second, and to all that wait', async () => {
  const soon = { kind: 'no-supplicant', ms: { asymmetricMatch: (value: number) => value < 1000 * SLOWNESS } };
  await expect(of('missingSupplicant')).resolves.toMatchObject({
    opening: { ...soon, started: true },
    calls: [
      { ...soon, started: true },
      { ...soon, started: false },
      { ...soon, started: false },
    ],
    thread: true,
  });
});

test('a supplicant that restarts is no false alarm', async () => {
  await expect(of('restartingSupplicant')).resolves.toEqual({ result: 0, looked: true });
});
