// SPDX-License-Identifier: MIT
/** What the backends that run on this machine have in common. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { LeftOut, type Ability, type RootProcess } from '../backend.js';
import type { Identity, Store } from '../store.js';
import type { OpenOptions } from '../../../src-ts/arguments/options.js';
import { HostProcess } from './host-process.js';

/** How many random sequences a property is tried with. */
export const HOST_RUNS = 60;

export const ownIdentity: Identity = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

/** A process for the tests of a file, started by the first that needs it and ended after the last. */
export function useProcess(env: () => NodeJS.ProcessEnv = () => ({})): () => HostProcess {
  let started: HostProcess | undefined;
  afterAll(async () => {
    await started?.close();
  });
  return () => (started ??= new HostProcess(env()));
}

/** Options of open() with those of the backend; what is no object is handed on as it is, for open() to refuse. */
export function withOwn<T extends object>(own: T, options: T = {} as T): T {
  return typeof options !== 'object' || (options as unknown) === null ? options : { ...own, ...options };
}

/** An empty folder for the tests of a file. */
export function useFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'optee-conformance-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A process of root, where this one is root's. */
export function rootProcess(
  processOf: () => HostProcess,
  open: (process: HostProcess, options: OpenOptions) => Promise<Store>,
): Ability<RootProcess> {
  if (ownIdentity.uid !== 0)
    return new LeftOut('only a process of root can become another user; run the tests as root');
  return {
    open: (options = {}) => open(processOf(), options),
    become: (uid) =>
      processOf().run((_context, id) => {
        process.seteuid?.(id);
      }, uid),
  };
}

/** Does some work, and changes every byte of whatever file in the folder it wrote. */
export async function damageFilesOf(folder: string, work: () => Promise<void>): Promise<void> {
  const contents = () =>
    new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))] as const));
  const before = contents();
  await work();
  let damaged = 0;
  for (const [name, bytes] of contents()) {
    if (before.get(name)?.equals(bytes) === true) continue;
    writeFileSync(
      path.join(folder, name),
      bytes.map((byte) => byte ^ 0x5a),
    );
    damaged++;
  }
  expect(damaged).toBeGreaterThan(0);
}
