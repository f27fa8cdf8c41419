// SPDX-License-Identifier: MIT
/** The API over the simulator: the same TA as WebAssembly, its data in a directory. */
import { chmodSync } from 'node:fs';
import path from 'node:path';

import { SecureStorage, type OpenOptions } from '../../src-ts/index.js';
import { simulatorOf } from '../../src-ts/simulator/backend.js';
import { openElsewhere } from '../e2e/support/remote-store.js';
import { buildCommandLine } from '../unit/support/cli.js';
import type { OpenStore } from './store.js';
import { conformance } from './index.js';
import { damageFilesOf, HOST_RUNS, ownIdentity, rootProcess, useFolder, useProcess, withOwn } from './support/host.js';

beforeAll(buildCommandLine, 120_000);

const simulated = (directory: string, options?: OpenOptions): OpenOptions =>
  withOwn({ backend: 'simulator', simulator: { directory } }, options);

const openIn =
  (directory: string): OpenStore =>
  (options) =>
    SecureStorage.open(simulated(directory, options));

const folder = useFolder();
const directory = path.join(folder, 'own');
const damageable = path.join(folder, 'damaged');
const another = useProcess();

conformance({
  name: 'simulator',
  open: openIn(directory),
  identity: ownIdentity,
  info: { backend: 'simulator', secure: false, antiRollback: 0 },
  fillable: {},
  // Each takes three times as long here: what is stored goes to files.
  runs: HOST_RUNS / 3,
  distant: false,
  isAvailable: (options) => SecureStorage.isAvailable(simulated(directory, options)),
  diagnose: (options) => SecureStorage.diagnose(simulated(directory, options)),
  inProcess: true,
  // A directory is one user's, so each user's store is in another.
  rootProcess: rootProcess(another, (process, options) => {
    chmodSync(folder, 0o777);
    return openElsewhere(
      process,
      ({ require }, given, parent) => {
        const { SecureStorage: here } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
        const own = `${parent}/of ${String(globalThis.process.geteuid?.())}`;
        return here.open({ ...given, backend: 'simulator', simulator: { directory: own } });
      },
      options,
      folder,
    );
  }),
  panicking: {
    open: openIn(directory),
    panic: async () => {
      await simulatorOf(directory).kill();
    },
  },
  damageable: {
    open: openIn(damageable),
    damage: (work) => damageFilesOf(path.join(damageable, 'v1', 'objects'), work),
  },
});
