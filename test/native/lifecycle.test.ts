// SPDX-License-Identifier: MIT
/** Sessions' threads and the ends of environments, over the fake libteec. */
import { run, useProcess, valueOf } from './support/run.js';
import { sanitizer } from './support/sanitizer.js';
import type { Prefix } from './scenarios/lifecycle.js';

const quick: Prefix[] = ['load', 'create', 'refused', 'open', 'openClose', 'openClosing', 'openInvoke', 'manyOpen'];
const busy: Prefix[] = ['opening', 'openPendingShort', 'openPending', 'openQueued'];
const stuck: Prefix[] = ['openingForEver', 'openingMissed', 'openHanging', 'openParked', 'openParkedClosing'];
const all = [...quick, ...busy, ...stuck];

// What is stuck, or waits to be released, never returns: a process that waited for it would not end.
test.each(all)('process.exit() after "%s"', async (prefix) => {
  const { value, code, signal, stderr } = await run('lifecycle.ts', 'exitAfter', {
    argument: prefix,
    leakCheck: false,
  });
  expect({ value, code, signal, stderr }).toEqual({ value: prefix, code: 0, signal: null, stderr: '' });
});

// Processes under sanitizers take seconds, so each way to load the addon does half of these.
const inWorker = (half: 'even' | 'odd') =>
  sanitizer === undefined ? all : all.filter((_, index) => (index % 2 === 0) === (half === 'even'));

describe('with the addon loaded in the main thread', () => {
  const of = useProcess('lifecycle.ts');
  test.each(inWorker(sanitizer === 'thread' ? 'even' : 'odd'))(
    'a worker thread is terminated after "%s"',
    async (prefix) => {
      await expect(of('terminateAfter', { prefix, loadedBefore: true })).resolves.toBe(0);
    },
  );
});

describe('with the addon loaded in the worker thread first', () => {
  test.each(inWorker(sanitizer === 'thread' ? 'odd' : 'even'))('which is terminated after "%s"', async (prefix) => {
    await expect(
      valueOf('lifecycle.ts', 'terminateAfter', { argument: { prefix, loadedBefore: false } }),
    ).resolves.toBe(0);
  });
});

test('a call that outlives its environment is dropped, and its session closed', async () => {
  await expect(valueOf('lifecycle.ts', 'outlived')).resolves.toEqual([2, 2]);
});

test('eight worker threads are terminated in mid-call while the main thread goes on', async () => {
  await expect(valueOf('lifecycle.ts', 'eightWorkers')).resolves.toBe(0);
});

test('a session stops at the results that it is told, and hands back what is behind them', async () => {
  await expect(valueOf('lifecycle.ts', 'stopped')).resolves.toEqual([
    ['another result', 0x80003333],
    ['the result', 0x80002222],
    ['behind it', 'closed', false],
    ['behind that', 'closed', false],
    ['later', 'closed', false],
    ['after its end', 'closed', false],
  ]);
});

test('an idle session does not keep the process alive, and is closed at its end', async () => {
  const ended = await run('lifecycle.ts', 'idle', { env: { FAKE_REPORT_CLOSE: '1' } });
  expect(ended).toMatchObject({ value: 0, code: 0, signal: null, stderr: 'fake: sessions 0, blocks 0\n' });
});

test('a pending call keeps the process alive', async () => {
  const ended = await run('lifecycle.ts', 'pending');
  expect(ended).toMatchObject({ code: 0, stdout: 'answered\n' });
});

test('a session that is garbage is closed', async () => {
  const value = await valueOf('lifecycle.ts', 'garbage', { nodeOptions: ['--expose-gc'] });
  expect(value).toEqual({ before: 1, between: 2 });
});

test('closing gives back contexts, sessions and shared memory', async () => {
  await expect(valueOf('lifecycle.ts', 'leftovers')).resolves.toEqual({ during: [6, 6, 5], after: [1, 1, 0] });
});

test('closed sessions leave no thread behind', async () => {
  await expect(valueOf('lifecycle.ts', 'threadsLeft')).resolves.toEqual({ parked: 0 });
});

test('the thread of a session has a name', async () => {
  await expect(valueOf('lifecycle.ts', 'threadName')).resolves.toBe('tee-session');
});

test('a session that does not close is left alone after five seconds', async () => {
  const { value, code } = await run('lifecycle.ts', 'hangingClose', { env: { FAKE_CLOSE_HANGS: '1' } });
  expect(value).toEqual({ at: 5000, parked: 1, timers: 0 });
  expect(code).toBe(0);
});
