// SPDX-License-Identifier: MIT
/** Faults to order in the supplicant, and states of the machine to go back to; OP-TEE's own tests are what meets them. */
import { setTimeout as delay } from 'node:timers/promises';

import type { Fault } from '../../machine/machine.mjs';
import { DATA, DIRECTORY, FILES, protectDirectory } from './support/disk';
import { Uid, useMachine } from './support/machine';
import { shell } from './support/power';

const on = useMachine(() => Promise.resolve({ product: false, states: true }));

/** Creates, reads and removes objects; whether that went well. */
async function useStorage(): Promise<boolean> {
  const { stdout } = await on.machine.exec(['xtest', '-t', 'regression', '6001'], { timeoutMs: 300_000 });
  // Where the test can't begin, it has no part that failed, and is called OK.
  return /^[1-9]\d* subtests of which 0 failed$/m.test(stdout.toString());
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
});

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

test('an operation fails, once or from then on', async () => {
  expect((await struckBy({ kind: 'EIO', at: 5 })).struck).toBe(1);
  await on.machine.loadState('used');
  const lasting = await struckBy({ kind: 'EIO', at: 2, times: Infinity });
  expect(lasting).toMatchObject({ fine: false, struck: lasting.operations - 1 });
  await on.machine.loadState('used');
  const { fine, struck, trace } = await struckBy({ kind: 'EMFILE', at: 2, times: Infinity });
  expect({ fine, struck }).toEqual({ fine: false, struck: trace.slice(1).split('o').length - 1 });
  await on.machine.armFault();
  expect((await on.machine.faultReport()).operations).toBe(0);
  await expect(on.machine.armFault({ kind: 'ENONSENSE' as 'EIO', at: 1 })).rejects.toThrow('ENONSENSE');
});

test('the machine stops, and goes back to a state in which a process goes on', async () => {
  const { machine } = on;
  const alice = await on.user('alice');
  await alice.run(({ state }) => (state.known = 'before'));
  await machine.saveState('known');
  await alice.run(({ state }) => (state.known = 'after'));
  const later = await machine.user({ uid: Uid.bob });
  await machine.writeFile(`${DATA}/mark`, 'written later');
  await machine.exec(['sync']);

  await machine.armFault({ kind: 'stop', at: 4 });
  const stuck = alice.run(() => new Promise(() => undefined));
  await Promise.all([
    expect(useStorage()).rejects.toThrow(),
    expect(stuck).rejects.toThrow('The OP-TEE machine has stopped'),
    machine.untilOff(),
  ]).finally(() => machine.loadState('known'));

  expect(await alice.run(({ state }) => state.known as string)).toBe('before');
  await expect(later.run(() => 1)).rejects.toThrow('went back to an earlier state');
  expect((await machine.exec(['cat', `${DATA}/mark`])).code).toBe(1);
  expect(await useStorage()).toBe(true);

  await alice.kill();
  await expect(alice.run(() => 1)).rejects.toThrow('SIGKILL');
  await machine.loadState('known');
  expect(await alice.run(({ state }) => state.known as string)).toBe('before');

  // Who waits for the end of a process is not told of its end in another life.
  const unharmed = alice.kill('SIGCONT');
  await machine.exec(['true']);
  await Promise.all([expect(unharmed).rejects.toThrow('went back to an earlier state'), machine.loadState('known')]);
  expect(await alice.run(({ state }) => state.known as string)).toBe('before');
});

test('the disk may be left as it is', async () => {
  const { machine } = on;
  await machine.supplicant('stop');
  await machine.exec(['umount', DATA]);
  await machine.saveState('unmounted');
  await machine.exec(['mount', '/dev/vdb', DATA]);
  await machine.writeFile(`${DATA}/mark`, 'kept');
  await machine.exec(['umount', DATA]);
  const mark = async () => {
    await machine.exec(['mount', '/dev/vdb', DATA]);
    return (await machine.exec(['cat', `${DATA}/mark`])).stdout.toString();
  };
  await machine.loadState('unmounted', { keepDisk: true });
  expect(await mark()).toBe('kept');
  await machine.loadState('unmounted');
  expect(await mark()).toBe('');
  await expect(machine.loadState('nowhere')).rejects.toThrow('nowhere');
});

/** No code of ours has a part in this either: OP-TEE keeps the versions of TAs in an object, and has no second copy. */
test('where the file of TA versions is damaged, OP-TEE starts no TA, until it is put back', async () => {
  const { machine } = on;
  const file = `${FILES}/0`;
  // Of the TA os_test, which is loaded anew each time.
  const runsTa = async () =>
    (await machine.exec(['xtest', '-t', 'regression', '1004'])).stdout.toString().includes('regression_1004 OK');
  expect(await runsTa()).toBe(true);
  const kept = (await machine.exec(['cat', file])).stdout;
  for (const damage of ['truncate -s 100 "$1"', 'rm "$1"']) {
    await machine.exec(['sh', '-c', damage, 'sh', file]);
    const before = machine.secureLog().length;
    expect(await runsTa()).toBe(false);
    expect(machine.secureLog().slice(before)).toMatch(/sys_open_ta_bin|ldelf failed with res: 0xf0100001/);
    await machine.writeFile(file, kept, 0o600);
    expect(await runsTa()).toBe(true);
  }
});

/**
 * Nor in this: the supplicant calls a file absent whatever kept it from being opened, OP-TEE then makes a new directory, and
 * where that fails too it removes what it takes for its own beginning. What is mounted can't be removed.
 */
describe('where no file can be opened', () => {
  const mark = `${DATA}/mark`;
  /** Whether the directory of all objects is still the file that it was. */
  const isThere = async () => (await on.machine.exec(['busybox', 'test', DIRECTORY, '-ef', mark])).code === 0;

  beforeEach(() => shell(on.machine, `ln ${DIRECTORY} ${mark}`));

  test('OP-TEE removes its directory of all objects', async () => {
    await struckBy({ kind: 'EMFILE', at: 1, times: Infinity });
    expect(await isThere()).toBe(false);
  });

  test('it cannot where that is mounted onto itself, and all goes on afterwards', async () => {
    await protectDirectory(on.machine);
    const { fine } = await struckBy({ kind: 'EMFILE', at: 1, times: Infinity });
    expect({ fine, isThere: await isThere() }).toEqual({ fine: false, isThere: true });
    await on.machine.armFault();
    expect(await useStorage()).toBe(true);
    expect(await isThere()).toBe(true);
  });

  test('for two attempts and no longer, it begins another one in the same file', async () => {
    await protectDirectory(on.machine);
    const { trace } = await struckBy({ kind: 'EMFILE', at: 1, times: 2 });
    expect(await isThere()).toBe(true);
    // It is written without having been read.
    expect(trace).toMatch(/^o{4}sw/);
    await on.machine.loadState('used');
    expect((await struckBy({ kind: 'EMFILE', at: 1, times: 1 })).trace).toMatch(/^o{2}r/);
  });
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
  // One may be seen that is just being started, or just being refused the device; none that stays.
  const running = async () => {
    const { stdout } = await machine.exec(['ps', '-C', 'tee-supplicant,xtest', '-o', 'comm=']);
    return stdout.toString();
  };
  while ((await running()) !== 'xtest\n') await delay(100);

  client.kill('SIGKILL');
  await client.closed;
  while ((await machine.exec(['pidof', 'tee-supplicant'])).code !== 0) await delay(100);
  expect(await useStorage()).toBe(true);
});
