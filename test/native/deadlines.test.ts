// SPDX-License-Identifier: MIT
/** Calls that do not return in time, over the fake libteec: a real TEE does not hang on demand. */
import { run, valueOf } from './support/run.js';

const of = (name: string) => valueOf('deadlines.ts', name);

// In all scenarios time passes only when they say so: "at" is the moment by that clock. A call that hangs never returns, so
// a process that waited for it would not end.

test('a call that hangs misses its deadline; later ones wait for their own; the process can exit', async () => {
  const { value, code, signal } = await run('deadlines.ts', 'hangingCall');
  expect(value).toMatchObject({
    late: { kind: 'timeout', started: true, at: 100 },
    later: [250, 320, 280].map((at) => ({ kind: 'timeout', started: false, at })),
    parked: [0, 1],
    timers: 0,
  });
  expect({ code, signal }).toEqual({ code: 0, signal: null });
});

test('an opening that hangs misses its deadline, and the process can exit', async () => {
  const { value, code } = await run('deadlines.ts', 'hangingOpen');
  expect(value).toMatchObject({ kind: 'timeout', started: true, at: 100, timers: 0 });
  expect(code).toBe(0);
});

test('a queued call that misses its deadline has not begun and never does', async () => {
  await expect(of('queuedCalls')).resolves.toMatchObject({
    queued: { kind: 'timeout', started: false, at: 100 },
    after: 0,
    parked: 0,
  });
});

test('what waits behind a call that comes back late is carried out in its order, but for what was given up', async () => {
  await expect(of('comesBack')).resolves.toMatchObject({
    missed: 'timeout',
    parked: 1,
    meanwhile: 0,
    order: ['first 0', 'bytes 0', 'last 0'],
    late: { kind: 'timeout', started: false, at: 130 },
    aborted: 'not any more',
    result: 0,
    timers: 0,
  });
});

test('closing waits for what waits behind a call that hangs, and no longer', async () => {
  await expect(of('closesBehindHanging')).resolves.toMatchObject({
    waiting: { kind: 'timeout', started: false, at: 150 },
    closed: 150,
    after: 'closed',
  });
});

test('a session that opens too late is closed', async () => {
  await expect(of('lateOpen')).resolves.toEqual({ missed: 'timeout', meanwhile: 2, sessions: 1 });
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
    results: [0, 0],
    missed: Array<string>(8).fill('timeout'),
    parked: 8,
  });
});

test('the queue has an end', async () => {
  await expect(of('fullQueue')).resolves.toEqual({ served: 1024, last: Array<string>(6).fill('queue-full') });
  await expect(of('fullMemory')).resolves.toEqual({ served: 16, last: 'queue-full' });
});

test('no further session is opened while 32 hang', async () => {
  await expect(of('tooManyParked')).resolves.toEqual({ first: [true], last: ['timeout', false], parked: 32 });
});

test('close() waits for the requests made before, and refuses later ones', async () => {
  await expect(of('closeWaits')).resolves.toEqual({ order: ['released', 'call', 'close'], late: 'closed' });
});

test('close() waits for a hanging call until its deadline only', async () => {
  await expect(of('closeDoesNotWaitForHanging')).resolves.toEqual({ missed: 'timeout', at: 150 });
});

test('close() of a session that hangs already does not wait', async () => {
  await expect(of('closeOfParked')).resolves.toEqual({ at: 50, later: 'closed' });
});

test('a missing supplicant is told within a second, and to all that wait', async () => {
  const missed = { kind: 'no-supplicant', at: 400 };
  const next = { ...missed, at: 1400 };
  await expect(of('missingSupplicant')).resolves.toMatchObject({
    opening: { ...missed, started: true },
    calls: [
      { ...next, started: true },
      { ...next, started: false },
      { ...next, started: false },
    ],
    thread: true,
  });
});

test('a supplicant that restarts is no false alarm', async () => {
  await expect(of('restartingSupplicant')).resolves.toEqual({ result: 0, looks: 8 });
});
