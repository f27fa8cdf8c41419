// SPDX-License-Identifier: MIT
/** Programs that use the API, over the addon and the real TA on the software TEE: many sessions, ends of all kinds. */
import { run, valueOf } from './support/run.js';

// Building the software TEE takes its time, once.
jest.setTimeout(120_000);

const of = (name: string, nodeOptions: readonly string[] = []) =>
  valueOf('store.ts', name, { library: 'soft-tee', nodeOptions });

test('every method, with sizes around the boundaries and with what is refused', async () => {
  await expect(of('everyMethod')).resolves.toEqual({
    wrong: [],
    counts: {
      previous: 0,
      random: 1024 * 1024,
      revisions: 501,
      many: [1024 * 1024, 70_000, 1024 * 1024, null],
      walked: (499 * 500) / 2,
      listed: 7,
      keys: 503,
      entry: 93_336,
      has: [true, false],
      stat: 1024 * 1024,
      deleted: [true, false],
      backend: 'optee',
      cleared: 502,
    },
    refused: [
      'ERR_INVALID_KEY',
      'ERR_KEY_TOO_LONG',
      'ERR_VALUE_TOO_LARGE',
      'ERR_INVALID_KEY',
      'ERR_INVALID_ARG',
      'early',
      'ERR_BATCH_TOO_LARGE',
      'ERR_TA_NOT_FOUND',
      'ERR_INVALID_ARG',
    ],
    closed: 'ERR_CLOSED',
    left: true,
  });
});

test('24 stores at once', async () => {
  await expect(of('manySessions')).resolves.toEqual({ mistakes: 0, left: true });
});

test('worker threads work beside the main thread, and end', async () => {
  await expect(of('manyWorkers')).resolves.toEqual({ mistakes: [0, 0, 0, 0, 0], codes: [0, 0, 0, 0], left: true });
});

test('worker threads are terminated in the middle of calls while the main thread works', async () => {
  await expect(of('terminatedWorkers')).resolves.toEqual({ mistakes: 0, left: true, parked: 0 });
});

test.each([0, 5, 50])('process.exit() in the middle of calls, after %d ms', async (argument) => {
  const ended = await run('store.ts', 'exitInMidCall', { library: 'soft-tee', argument, leakCheck: false });
  expect(ended).toMatchObject({ value: 'busy', code: 3, signal: null, stderr: '' });
});

test('calls are given up at any moment, by deadlines and signals', async () => {
  const { endings, ...rest } = (await of('interrupted')) as { endings: string[] };
  expect(rest).toEqual({ last: 'last', left: true });
  expect(endings).toEqual(expect.arrayContaining(['done', 'stopped']));
  expect(['ERR_BUSY', 'ERR_TIMEOUT', 'done', 'stopped']).toEqual(expect.arrayContaining(endings));
});

test('stores are closed while calls run', async () => {
  const ends = [JSON.stringify({ before: ['done'], after: 'ERR_CLOSED' })];
  await expect(of('closedInMidCall')).resolves.toEqual({ ends, left: true });
});

test('stores that are garbage are closed, also with calls under way', async () => {
  await expect(of('garbage', ['--expose-gc'])).resolves.toEqual({ most: true });
});

test('the TA panics under the sessions of others', async () => {
  await expect(of('panics')).resolves.toEqual({ endings: ['done'], left: true });
});
