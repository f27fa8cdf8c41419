// SPDX-License-Identifier: MIT
/**
 * OP-TEE with an RPMB partition: what it then refuses, and what the package says of it. tee-supplicant emulates the RPMB
 * in its memory, so that it is lost with it: nothing here stops it or reboots.
 */
import type { SecureStorageError } from '../../src-ts/errors/error.js';
import { Command, PROTOCOL_VERSION, TA_UUID } from '../../src-ts/protocol/contract.js';
import { Login } from '../../src-ts/tee/seam.js';
import { errorOf } from '../conformance/errors';
import { DATA, DIRECTORY, FILES } from '../e2e/support/disk';
import { TA_FILE, useMachine, type MachineOfFile } from '../e2e/support/machine';
import { input } from '../e2e/support/packed';
import { shell } from '../e2e/support/power';
import { openRemoteStore } from '../e2e/support/remote-store';
import { mustOpenSession } from '../e2e/support/remote-tee';
import { buildTa } from '../e2e/support/ta';
import type { Store } from '../conformance/store';

const PATIENT = { timeoutMs: 120_000 };

/** A Trusted Application that can be told to panic, and so to close all files. */
const FORGETFUL = '7b1f6a02-3c5d-4e8a-9f10-2d4c6e8fa035';

const openAs = async (on: MachineOfFile, user: 'alice' | 'bob', domain: string, taUuid = TA_UUID): Promise<Store> =>
  openRemoteStore(await on.user(user), { ...PATIENT, domain, taUuid });

/** Has the directory contain what another has, or nothing. It stays the same one: supplicants from 4.11 on keep it open. */
const contentsOf = (folder?: string): string =>
  `rm ${FILES}/*; ${folder === undefined ? '' : `cp -a ${DATA}/${folder}/. ${FILES}`}`;

/** What `optee-storage doctor` prints. */
async function toldByDoctor(on: MachineOfFile): Promise<string> {
  const { stdout } = await on.machine.exec(['optee-storage', 'doctor', '--timeout', '60000'], { uid: 1000 });
  return stdout.toString();
}

/** Stored, read, listed and deleted, by two users. */
async function expectWork(on: MachineOfFile): Promise<void> {
  for (const user of ['alice', 'bob'] as const) {
    const store = await openAs(on, user, 'work');
    for (const size of [0, 32, 5000]) await store.put(`k/${String(size)}`, Buffer.alloc(size, user));
    expect(await store.keys()).toEqual(['k/0', 'k/32', 'k/5000']);
    for (const size of [0, 32, 5000])
      expect((await store.get(`k/${String(size)}`))?.equals(Buffer.alloc(size, user))).toBe(true);
    expect(await store.delete('k/32')).toBe(true);
    await store.close();
  }
}

describe('OP-TEE that keeps the state of its directory in RPMB', () => {
  const on = useMachine(async () => ({
    version: 'rpmb',
    files: {
      [TA_FILE.replace(TA_UUID, FORGETFUL)]: await buildTa({ TA_UUID: FORGETFUL, CFG_SECSTOR_TEST: 'y' }, 'rpmb'),
    },
  }));

  /** Runs a script while no Trusted Application has a file open: each would go on with those that it has. */
  const unseen = async (script: string): Promise<void> => {
    const session = await mustOpenSession(await on.user('alice'), {
      uuid: FORGETFUL,
      login: Login.USER,
      params: [{ type: 'value-in', a: PROTOCOL_VERSION, b: 0 }, input('state')],
    });
    await session.invoke(Command.TEST_PANIC, []);
    await session.close();
    await shell(on.machine, script);
  };

  test('stores for each user, and says that OP-TEE claims protection', async () => {
    await expectWork(on);
    const store = await openAs(on, 'alice', 'work');
    expect(await store.info()).toMatchObject({ antiRollback: 1000, rollbackProtected: null });
    await store.close();
    expect(await toldByDoctor(on)).toMatch(/^note +rollback .*\b1000\b/m);
  });

  /** What every call is answered with while OP-TEE refuses the directory, and what the error says of it. */
  const expectRefused = async (): Promise<void> => {
    const store = await openAs(on, 'bob', 'refused', FORGETFUL).catch((error: unknown) => error as SecureStorageError);
    const { code, message } = store instanceof Error ? store : await errorOf(store.get('k'));
    expect(code).toBe('ERR_CORRUPT');
    expect(message).toContain('CFG_REE_FS_ALLOW_RESET=y');
    expect(message).toMatch(/only the newest state/);
    expect(message).not.toMatch(/not signed/);
  };

  test.each([
    ['an older copy of all files', contentsOf('older')],
    ['a directory without dirf.db', `rm ${DIRECTORY}`],
    ['an empty directory', contentsOf()],
  ])('%s is refused, and named as what it is; the newest state put back works again', async (_what, replaced) => {
    const store = await openAs(on, 'alice', 'state', FORGETFUL);
    await store.put('k', 'older');
    await shell(on.machine, `rm -rf ${DATA}/older ${DATA}/newest; cp -a ${FILES} ${DATA}/older`);
    await store.put('k', 'newest');
    await store.close();
    await unseen(`cp -a ${FILES} ${DATA}/newest; ${replaced}`);
    await expectRefused();
    await shell(on.machine, `rm -f ${FILES}/*; cp -a ${DATA}/newest/. ${FILES}`);
    const again = await openAs(on, 'alice', 'state', FORGETFUL);
    expect(await again.get('k', { encoding: 'utf8' })).toBe('newest');
    await again.put('k', 'later');
    await again.close();
  });
});

describe('OP-TEE that has RPMB and does not protect its directory by it', () => {
  const on = useMachine(() => Promise.resolve({ version: 'rpmb-elsewhere' }));

  test('claims protection, takes an older copy, and is not said to be protected', async () => {
    await expectWork(on);
    const store = await openAs(on, 'alice', 'state');
    await store.put('k', 'older');
    await shell(on.machine, `cp -a ${FILES} ${DATA}/older`);
    await store.put('k', 'newest');
    await shell(on.machine, contentsOf('older'));
    expect(await store.get('k', { encoding: 'utf8' })).toMatch(/^(older|newest)$/);
    await store.put('other', 'x');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('older');
    expect(await store.info()).toMatchObject({ antiRollback: 1000, rollbackProtected: null });
    await store.close();
    expect(await toldByDoctor(on)).toContain('CFG_REE_FS_INTEGRITY_RPMB=n');
  });
});

describe('OP-TEE that stores in RPMB alone', () => {
  const on = useMachine(() => Promise.resolve({ version: 'rpmb-alone' }));

  test('stores for each user', () => expectWork(on));

  test('what does not fit is refused, the error says what is full, and all that was there stays', async () => {
    const store = await openAs(on, 'alice', 'full');
    await store.put('k', 'there');
    const { code, message } = await errorOf(store.put('large', Buffer.alloc(300_000)));
    expect(code).toBe('ERR_NO_SPACE');
    expect(message).toContain('RPMB');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('there');
    expect(await store.get('large')).toBeNull();
    await store.put('k', 'still works');
    await store.close();
  });
});
