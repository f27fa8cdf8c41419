// SPDX-License-Identifier: MIT
/** The API over the real addon and the real TA, on the software TEE behind a libteec for this machine. */
import { SecureStorage } from '../../src-ts/index.js';
import { Command, PROTOCOL_VERSION, TA_UUID } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { nativeBackend } from '../../src-ts/native/backend.js';
import { Login } from '../../src-ts/tee/seam.js';
import { openRemoteStore } from '../e2e/support/remote-store.js';
import { buildCommandLine, softEnvironment } from '../unit/support/cli.js';
import { libraryFolder, loadSoftTee, openSoftStore } from '../unit/support/soft-tee.js';
import { conformance } from './index.js';
import { damageFilesOf, HOST_RUNS, ownIdentity, rootProcess, useFolder, useProcess } from './support/host.js';

beforeAll(async () => {
  buildCommandLine();
  await loadSoftTee();
}, 120_000);

/** Makes the TA panic; only one that was built for tests has the command. */
async function panic(): Promise<void> {
  const params = [
    { type: 'value-in', a: PROTOCOL_VERSION, b: 0 },
    { type: 'memref-in', data: Buffer.from('panic') },
  ] as const;
  const opened = await nativeBackend().open({ uuid: TA_UUID, login: Login.USER, params }, { timeoutMs: 60_000 });
  if (!('session' in opened)) throw new Error('the session was refused');
  const { result } = await opened.session.invoke(Command.TEST_PANIC, [], { timeoutMs: 60_000 });
  await opened.session.close();
  expect(result).toBe(TeeResult.TARGET_DEAD);
}

const storage = useFolder();
/** Another process, with storage in its memory. */
const inMemory = useProcess(() => ({ LD_LIBRARY_PATH: libraryFolder }));
/** One with storage in a folder. The software TEE is off while no store is open there. */
const inFolder = useProcess(() => softEnvironment(storage));

conformance({
  name: 'addon on the software TEE',
  open: openSoftStore,
  identity: ownIdentity,
  info: { backend: 'optee', secure: true, antiRollback: 100 },
  fillable: {},
  runs: HOST_RUNS,
  distant: false,
  isAvailable: (options) => SecureStorage.isAvailable(options),
  diagnose: (options) => SecureStorage.diagnose(options),
  inProcess: true,
  rootProcess: rootProcess(inMemory, openRemoteStore),
  panicking: { open: openSoftStore, panic },
  damageable: {
    open: (options) => openRemoteStore(inFolder(), options),
    damage: (work) => damageFilesOf(storage, work),
  },
});
