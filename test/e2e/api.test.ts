// SPDX-License-Identifier: MIT
/** Every method of the API on real OP-TEE: the suite that holds on all backends. */
import { LeftOut } from '../conformance/backend.js';
import { conformance } from '../conformance/index.js';
import type { OpenStore } from '../conformance/store.js';
import type { OpenOptions } from '../../src-ts/arguments/options.js';
import { Command, PROTOCOL_VERSION, TA_UUID } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Login } from '../../src-ts/tee/seam.js';
import { damageFilesOf } from './support/damage.js';
import { buildForGuest } from './support/guest-program.js';
import { TA_FILE, Uid, useMachine } from './support/machine.js';
import { input } from './support/packed.js';
import { openRemoteStore } from './support/remote-store.js';
import { mustOpenSession } from './support/remote-tee.js';
import { buildTa } from './support/ta.js';

/** Largest values take seconds on an emulated disk. */
const PATIENCE_MS = 120_000;

/** A Trusted Application with a storage of its own, and little of it. */
const SMALL_UUID = '5e9f0a31-85d6-4fb1-a247-9d3e6f508100';
const smallTa = {
  TA_UUID: SMALL_UUID,
  CFG_SECSTOR_QUOTA_KEYS: '5',
  CFG_SECSTOR_QUOTA_BYTES: '10000',
};
/** One that can be told to panic. */
const PANIC_UUID = '6fa01b42-96e7-40c2-b358-ae4f70619211';

/** Changes the user of a process, which the machine's Node.js refuses to do. */
const CREDENTIALS = '/usr/lib/test/credentials.node';

const machineOfFile = useMachine(async () => ({
  storage: 'memory',
  files: {
    [CREDENTIALS]: buildForGuest('credentials', 'addon'),
    [TA_FILE.replace(TA_UUID, SMALL_UUID)]: await buildTa(smallTa),
    [TA_FILE.replace(TA_UUID, PANIC_UUID)]: await buildTa({ TA_UUID: PANIC_UUID, CFG_SECSTOR_TEST: 'y' }),
  },
}));

/** With patience; options that are no object go through as they are. */
const patient = (options: OpenOptions = {}): OpenOptions =>
  typeof options === 'object' && (options as unknown) !== null ? { timeoutMs: PATIENCE_MS, ...options } : options;

const openAs =
  (user: keyof typeof Uid): OpenStore =>
  async (options) =>
    openRemoteStore(await machineOfFile.user(user), patient(options));

const open = openAs('alice');

async function panic(): Promise<void> {
  const version = { type: 'value-in', a: PROTOCOL_VERSION, b: 0 } as const;
  const target = { uuid: PANIC_UUID, login: Login.USER, params: [version, input('panic')] };
  const session = await mustOpenSession(await machineOfFile.user('bob'), target);
  expect(await session.invoke(Command.TEST_PANIC, [])).toMatchObject({ result: TeeResult.TARGET_DEAD });
  await session.close();
}

conformance({
  name: 'OP-TEE in QEMU',
  open,
  // Each user has a group of the same number.
  identity: { uid: Uid.alice, gid: Uid.alice },
  info: {
    backend: 'optee',
    secure: true,
    // OP-TEE with RPMB claims more.
    ...(process.env.OPTEE_MACHINE_VERSION === 'rpmb'
      ? { antiRollback: 1000, rollbackProtected: null }
      : { antiRollback: 100, rollbackProtected: false }),
    owner: 'fc34275c-d8dd-5ba7-968b-504718363b87',
  },
  fillable: { taUuid: SMALL_UUID },
  runs: 1,
  distant: true,
  isAvailable: async (options) => {
    const alice = await machineOfFile.user('alice');
    return alice.run(({ require }, given) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
      return SecureStorage.isAvailable(given);
    }, patient(options));
  },
  diagnose: async (options) => {
    const alice = await machineOfFile.user('alice');
    return alice.run(({ require }, given) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
      return SecureStorage.diagnose(given);
    }, patient(options));
  },
  inProcess: new LeftOut('its stores live in a process of the machine, and what comes from there is a copy'),
  rootProcess: {
    open: openAs('root'),
    become: async (uid) => {
      const root = await machineOfFile.user('root');
      await root.run(
        ({ require }, addon, id) => {
          (require(addon) as { seteuid(id: number): void }).seteuid(id);
        },
        CREDENTIALS,
        uid,
      );
    },
  },
  panicking: { open: (options) => open({ ...options, taUuid: PANIC_UUID }), panic },
  damageable: {
    // Nobody else's objects are written meanwhile.
    open: (options) => openAs('carol')({ ...options, taUuid: PANIC_UUID }),
    damage: async (work) => {
      await damageFilesOf(machineOfFile.machine, work);
      // The Trusted Application has what it read in its memory.
      await panic();
    },
  },
});
