// SPDX-License-Identifier: MIT
/** The simulator on Windows' own Node.js, which Wine runs: the suite that holds on all backends, and what Windows does otherwise. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import type { OpenOptions, SecureStorage } from '../../src-ts/index.js';
import { namedUuid } from '../../src-ts/tee/client-uuid.js';
import { LeftOut } from '../conformance/backend.js';
import { conformance } from '../conformance/index.js';
import type { Store } from '../conformance/store.js';
import { damageFilesOf, withOwn } from '../conformance/support/host.js';
import { openRemoteStore } from '../e2e/support/remote-store.js';
import { windowsPath, WineProcess } from './support/wine-process';

type Package = typeof import('../../src-ts/index.js');

const folder = mkdtempSync(path.join(os.tmpdir(), 'secstor-windows-'));
const damageable = path.join(folder, 'damaged');

let started: WineProcess | undefined;
const running = (): WineProcess => {
  if (started === undefined) throw new Error('no process is running');
  return started;
};

beforeAll(async () => {
  started = await WineProcess.start();
}, 120_000);

afterAll(async () => {
  await started?.close();
  rmSync(folder, { recursive: true });
}, 60_000);

const simulated = (directory: string, options?: OpenOptions): OpenOptions =>
  withOwn({ backend: 'simulator', simulator: { directory: windowsPath(directory) }, timeoutMs: 120_000 }, options);

const openIn =
  (directory: string) =>
  (options?: OpenOptions): Promise<Store> =>
    openRemoteStore(running(), simulated(directory, options));

const own = path.join(folder, 'own');

/** Calls a function of SecureStorage over there. */
const called = <N extends 'isAvailable' | 'diagnose'>(name: N): (typeof SecureStorage)[N] =>
  ((options?: OpenOptions) =>
    running().run(
      ({ require }, method, given) =>
        (require('optee-secure-storage') as Package).SecureStorage[method as 'isAvailable'](given),
      name,
      simulated(own, options),
    )) as (typeof SecureStorage)[N];

conformance({
  name: 'simulator on Windows (Wine)',
  open: openIn(own),
  identity: new LeftOut('Windows has no numbers of users and groups'),
  info: {
    backend: 'simulator',
    secure: false,
    antiRollback: 0,
    // There it is made of the user's name.
    owner: namedUuid(`user=${os.userInfo().username}`),
  },
  fillable: {},
  runs: 2,
  distant: true,
  isAvailable: called('isAvailable'),
  diagnose: called('diagnose'),
  inProcess: new LeftOut('its stores live in a process of Windows, and what comes from there is a copy'),
  rootProcess: new LeftOut('Windows has no numbers of users and groups'),
  panicking: new LeftOut("the simulator's thread can be ended from within its process only"),
  damageable: {
    open: openIn(damageable),
    damage: (work) => damageFilesOf(path.join(damageable, 'v1', 'objects'), work),
  },
});

describe('processes of Windows', () => {
  const shared = path.join(folder, 'shared');

  test('share a directory, and see what the others store', async () => {
    const another = await WineProcess.start();
    const stores = [await openIn(shared)(), await openRemoteStore(another, simulated(shared))] as const;
    for (let round = 0; round < 5; round++) {
      await stores[round % 2 === 0 ? 0 : 1].put('k', String(round));
      for (const store of stores) expect(await store.get('k', { encoding: 'utf8' })).toBe(String(round));
    }
    await another.close();
    await stores[0].put('k', 'after');
    expect(await stores[0].get('k', { encoding: 'utf8' })).toBe('after');
    await stores[0].close();
  });

  test('that are killed lose nothing that was acknowledged', async () => {
    const killed = await WineProcess.start();
    const store = await openRemoteStore(killed, simulated(shared));
    await store.put('acknowledged', 'v');
    await killed.kill();
    const after = await openIn(shared)();
    expect(await after.get('acknowledged', { encoding: 'utf8' })).toBe('v');
    await after.put('acknowledged', 'w');
    await after.close();
  });

  test('keep the data in the folder that was named', () => {
    expect(readdirSync(shared)).toContain('v1');
  });
});
