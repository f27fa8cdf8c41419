// SPDX-License-Identifier: MIT
/** The API over the store in memory that applications test with, and the faults that they can order. */
import { type MemoryOpenOptions, MemoryTee } from '../../src-ts/testing/index.js';
import { diagnose } from '../../src-ts/doctor/diagnose.js';
import type { OpenOptions } from '../../src-ts/arguments/options.js';
import { openElsewhere } from '../e2e/support/remote-store.js';
import { buildCommandLine } from '../unit/support/cli.js';
import { LeftOut } from './backend.js';
import { conformance } from './index.js';
import { HOST_RUNS, ownIdentity, rootProcess, useProcess, withOwn } from './support/host.js';

let tee: MemoryTee;
beforeAll(async () => {
  buildCommandLine();
  tee = await MemoryTee.create();
}, 120_000);
afterAll(async () => {
  await tee.close();
});

/** With as much time as the other backends. */
const open = (options?: MemoryOpenOptions) => tee.open(withOwn({ timeoutMs: 10_000 }, options));
/** diagnose() hands on every option of a store's open(), of which this one has fewer, though none is given. */
const openGiven = (options: OpenOptions = {}) =>
  tee.open(Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)));
const diagnoseMemory = (options?: OpenOptions) => diagnose(options, openGiven, { backend: 'simulator' });
const another = useProcess();

conformance({
  name: 'memory, for tests of applications',
  open,
  identity: ownIdentity,
  info: { backend: 'memory', secure: false, antiRollback: 0 },
  fillable: {},
  runs: HOST_RUNS,
  distant: false,
  isAvailable: async (options) => (await diagnoseMemory(options)).ok,
  diagnose: diagnoseMemory,
  inProcess: true,
  rootProcess: rootProcess(another, (process, options) =>
    openElsewhere(
      process,
      async ({ require, state }, given) => {
        const { MemoryTee: Here } =
          require('optee-secure-storage/testing') as typeof import('../../src-ts/testing/index.js');
        state.tee ??= await Here.create();
        return (state.tee as MemoryTee).open(given);
      },
      options,
    ),
  ),
  panicking: {
    open,
    panic: () => {
      tee.fail({ kind: 'ta-dead' });
      return Promise.resolve();
    },
  },
  damageable: new LeftOut('nothing outside of the process holds what it stores; a fault "corrupt" can be ordered'),
});
