// SPDX-License-Identifier: MIT
/** Arguments and callbacks that nobody would write: the addon refuses them or serves them, and takes no harm. */
import { valueOf } from './support/run.js';

const of = (name: string) => valueOf('hostile.ts', name);

test('what a getter throws is thrown on, and nothing is carried out', async () => {
  const revoked = expect.stringContaining('revoked') as string;
  await expect(of('throwingGetters')).resolves.toEqual({
    errors: [...Array<string>(6).fill('mine'), revoked, 'mine'],
    result: 0,
    settled: [2, 1001],
  });
});

test('a getter may use the session', async () => {
  await expect(of('reentrantGetter')).resolves.toEqual({ order: [2, 1, 1001], submitted: 1 });
});

test('bytes may be shared, a part of others, detached, or given twice', async () => {
  await expect(of('oddBytes')).resolves.toEqual({
    shared: [1, 1, 1, 1, 1, 1, 1, 1],
    view: [1, 2, 3, 4, 5, 6, 7, 8],
    detached: [0, 0, 0, 0, 0, 0, 0, 0],
    both: [
      [2, 3, 1],
      [2, 3, 1],
    ],
  });
});

test('a request may be given up twice, before it was made and after its end', async () => {
  await expect(of('givingUpTwice')).resolves.toEqual({
    unknown: [false, 0, 0],
    finished: [false, 0, 0],
    running: [2, 2, 1],
    queued: [1, 0],
    behind: 0,
    closed: [false, 0, 0, 1, 1],
    settled: [2, 5, 1001],
  });
});

test('an environment may end while it is told of the first of several outcomes', async () => {
  await expect(of('exitInSettle')).resolves.toEqual({ codes: [7, 7, 7, 7], result: 0 });
});
