// SPDX-License-Identifier: MIT
/** Operations that fail and machines that stop: more of test/e2e/machine-faults.test.ts. */
import type { Fault } from '../../tools/machine/machine.mjs';
import { Uid, useMachine } from '../e2e/support/machine';

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

test('an operation fails, once or from then on', async () => {
  expect((await struckBy({ kind: 'EIO', at: 5 })).struck).toBe(1);
  await on.machine.loadState('used');
  const lasting = await struckBy({ kind: 'EMFILE', at: 2, times: Infinity });
  expect(lasting).toMatchObject({ fine: false, struck: lasting.operations - 1 });
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
  await machine.writeFile('/var/lib/optee-client/data/mark', 'written later');
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
  expect((await machine.exec(['cat', '/var/lib/optee-client/data/mark'])).code).toBe(1);
  expect(await useStorage()).toBe(true);

  await alice.kill();
  await expect(alice.run(() => 1)).rejects.toThrow('SIGKILL');
  await machine.loadState('known');
  expect(await alice.run(({ state }) => state.known as string)).toBe('before');
});

test('the disk may be left as it is', async () => {
  const { machine } = on;
  const data = '/var/lib/optee-client/data';
  await machine.supplicant('stop');
  await machine.exec(['umount', data]);
  await machine.saveState('unmounted');
  await machine.exec(['mount', '/dev/vdb', data]);
  await machine.writeFile(`${data}/mark`, 'kept');
  await machine.exec(['umount', data]);
  const mark = async () => {
    await machine.exec(['mount', '/dev/vdb', data]);
    return (await machine.exec(['cat', `${data}/mark`])).stdout.toString();
  };
  await machine.loadState('unmounted', { keepDisk: true });
  expect(await mark()).toBe('kept');
  await machine.loadState('unmounted');
  expect(await mark()).toBe('');
  await expect(machine.loadState('nowhere')).rejects.toThrow('nowhere');
});
