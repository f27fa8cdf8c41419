// SPDX-License-Identifier: MIT
/** Processes of this machine that replay traces as one user, each on one backend. */
import { chmodSync } from 'node:fs';
import path from 'node:path';

import { libraryFolder } from '../../unit/support/soft-tee.js';
import type { Replayer } from '../trace.js';
import { HostProcess } from './host-process.js';
import { ownIdentity } from './host.js';

/** Those whose stores a test of this machine can open: root's can be anybody, other ones only who they are. */
export const replayUsers: readonly number[] = ownIdentity.uid === 0 ? [1000, 1001] : [ownIdentity.uid];

/** @param folder that all users may write to; each gets a simulator of its own there */
export async function simulatorReplayer(uid: number, folder: string): Promise<Replayer & { process: HostProcess }> {
  chmodSync(folder, 0o777);
  const directory = path.join(folder, `of ${String(uid)}`);
  return {
    process: await processOf(uid, { OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: directory }),
    open: ({ require }, options) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
      return SecureStorage.open(options);
    },
  };
}

export async function softTeeReplayer(uid: number): Promise<Replayer & { process: HostProcess }> {
  return {
    process: await processOf(uid, { LD_LIBRARY_PATH: libraryFolder }),
    open: ({ require }, options) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
      return SecureStorage.open(options);
    },
  };
}

export async function memoryReplayer(uid: number): Promise<Replayer & { process: HostProcess }> {
  return {
    process: await processOf(uid, {}),
    open: async ({ require, state }, options) => {
      const { MemoryTee } =
        require('optee-secure-storage/testing') as typeof import('../../../src-ts/testing/index.js');
      state.tee ??= await MemoryTee.create();
      return (state.tee as InstanceType<typeof MemoryTee>).open(options);
    },
  };
}

/** The process becomes the user once it has loaded what that user may not be able to read. */
async function processOf(uid: number, env: NodeJS.ProcessEnv): Promise<HostProcess> {
  const started = new HostProcess(env);
  await started.run(({ require }, id) => {
    require('optee-secure-storage');
    if (process.geteuid?.() === id) return;
    process.setegid?.(id);
    process.seteuid?.(id);
  }, uid);
  return started;
}
