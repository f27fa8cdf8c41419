// SPDX-License-Identifier: MIT
/** The real addon over the real TA, on the software TEE of soft-tee/ in place of OP-TEE. */
import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';

import type { OpenOptions } from '../../../src-ts/arguments/options.js';
import { SecureStorage } from '../../../src-ts/store.js';

export const root = path.resolve(__dirname, '../../..');
/** Where libteec.so.2 is, for LD_LIBRARY_PATH of child processes. */
export const libraryFolder = path.join(root, 'build/soft-tee/lib');

/** Builds libteec.so.2 over the software TEE if it is not up to date. */
export function buildSoftTee(): void {
  const tool = [path.join(root, 'tools/soft-tee.mjs')];
  const folder = execFileSync(process.execPath, tool, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  expect(folder.trim()).toBe(libraryFolder);
}

/** From dlfcn.h of the GNU C Library; Node.js does not name it. */
const RTLD_NODELETE = 0x1000;

let ready: Promise<void> | undefined;

/**
 * Loads the library into this process, where the addon's dlopen("libteec.so.2") then finds it by its SONAME.
 * LD_LIBRARY_PATH would have to be set before the process starts. It is no addon, so process.dlopen() fails after having
 * loaded it; RTLD_NODELETE keeps it. Its storage is this process's memory, which the files of tests that run in one
 * process share: what others have left in the default domain is cleared.
 */
export function loadSoftTee(): Promise<void> {
  ready ??= (async () => {
    buildSoftTee();
    const library = path.join(libraryFolder, 'libteec.so.2');
    expect(() => {
      process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | RTLD_NODELETE);
    }).toThrow('did not self-register');
    const store = await SecureStorage.open();
    await store.clear({ confirm: true });
    await store.close();
  })();
  return ready;
}

/** Opens a store over the software TEE. */
export async function openSoftStore(options?: OpenOptions): Promise<SecureStorage> {
  await loadSoftTee();
  return SecureStorage.open(options);
}
