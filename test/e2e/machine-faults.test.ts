// SPDX-License-Identifier: MIT
/** Faults to order in the supplicant, and states of the machine to go back to; OP-TEE's own tests are what meets them. */
import { setTimeout as delay } from 'node:timers/promises';

import type { Fault } from '../../tools/machine/machine.mjs';
import { useMachine } from './support/machine';

const on = useMachine(() => Promise.resolve({ product: false, states: true }));

/** Enough for a host that is busy with other work. */
const TEST_MS = 300_000;
jest.setTimeout(TEST_MS);

/** Creates, reads and removes objects; whether that went well. */
async function useStorage(): Promise<boolean> {
  const { stdout } = await on.machine.exec(['xtest', '-t', 'regression', '6001'], { timeoutMs: TEST_MS });
  return /^regression_6001 OK$/m.test(stdout.toString());
}

async function struckBy(fault: Fault) {
  await on.machine.armFault(fault);
  const fine = await useStorage();
  return { fine, ...(await on.machine.faultReport()) };
}

// The storage is used once, for its directory is made then.
beforeAll(async () => {
  expect(await useStorage()).toBe(true);
  await on.machine.saveState('used');
}, TEST_MS);

beforeEach(() => on.machine.loadState('used'));

test('without a fault, operations are noted, as many as are counted', async () => {
  const { machine } = on;
  await machine.resetSupplicantCounters();
  await machine.armFault();
  expect(await useStorage()).toBe(true);
  const { operations, struck, trace } = await machine.faultReport();
  const { fileOpens, fileReads, fileWrites, fsyncs, fileTruncates, fileRemoves } = await machine.supplicantCounters();
  const noted = (letter: string) => trace.split(letter).length - 1;
  expect(['o', 'r', 'w', 's', 't', 'u'].map(noted)).toEqual([
    fileOpens,
    fileReads,
    fileWrites,
    fsyncs,
    fileTruncates,
    fileRemoves,
  ]);
  expect({ operations, struck }).toEqual({ operations: trace.length, struck: 0 });
});

test('a short write is gone on with', async () => {
  const { machine } = on;
  await machine.armFault();
  await useStorage();
  const { operations, trace } = await machine.faultReport();
  await machine.loadState('used');
  const at = trace.indexOf('w') + 1;
  expect(await struckBy({ kind: 'short', at })).toMatchObject({ fine: true, struck: 1, operations: operations + 1 });
});

/**
 * No code of ours has a part in this: Linux's driver frees its device for another supplicant only when the secure world
 * has given back the memory of the dead one, and the secure world waits for the dead one's answer. It ends when the
 * client is killed that waits for both.
 */
test('a supplicant killed amid a request is replaced when the client that waits for it has ended', async () => {
  const { machine } = on;
  await machine.armFault({ kind: 'kill', at: 3 });
  const client = machine.spawn(['xtest', '-t', 'regression', '6001'], { onData: () => undefined });
  while ((await machine.faultReport()).struck === 0) await delay(100);
  await delay(3000);
  const { stdout } = await machine.exec(['ps', '-C', 'tee-supplicant,xtest', '-o', 'comm=']);
  expect(stdout.toString()).toBe('xtest\n');

  client.kill('SIGKILL');
  await client.closed;
  while ((await machine.exec(['pidof', 'tee-supplicant'])).code !== 0) await delay(100);
  expect(await useStorage()).toBe(true);
});
