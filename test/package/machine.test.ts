// SPDX-License-Identifier: MIT
/** The tarball, as npm installs it, on OP-TEE: nothing of the product but the package is in the machine. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import type { MachineOptions } from '../../machine/machine.mjs';
import { TA_FILE, Uid, useMachine } from '../e2e/support/machine.js';
import { install, MANAGERS } from './support/managers.js';
import { App, ensureTools, freshFolder, packPackage } from './support/place.js';

jest.setTimeout(180_000);

const ROOT = path.resolve(__dirname, '../..');
const APP = '/srv/app';
const PACKAGE = `${APP}/node_modules/optee-secure-storage`;
const ADDON = `${PACKAGE}/prebuilds/linux-arm64/optee-secure-storage.glibc.node`;
const LIBRARIES = '/usr/lib/aarch64-linux-gnu';
/** Where the machine's own libteec goes when only the older one may be found. */
const UNDERLYING = '/usr/lib/underlying/libteec';

/** libteec.so.1 for the machine; see guest/older_libteec.c. @returns the file */
function buildOlderLibteec(): string {
  const output = path.join(freshFolder(), 'libteec.so.1');
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-fPIC', '-fvisibility=hidden', '-Isrc-native'];
  const linking = ['-shared', '-Wl,-soname,libteec.so.1', `-DUNDERLYING="${UNDERLYING}"`];
  const source = 'test/package/guest/older_libteec.c';
  execFileSync('aarch64-linux-gnu-gcc', [...flags, ...linking, '-o', output, source], { cwd: ROOT });
  return output;
}

/** The application's folder after `npm install`, and the package's own Trusted Application, for the machine. */
async function installedFiles(): Promise<Record<string, string>> {
  const app = new App();
  app.copy('on-optee.cjs');
  const [npm] = MANAGERS;
  if (npm === undefined) throw new Error('no manager');
  await install(app, npm, { tools: await ensureTools(), tarball: await packPackage() });
  const names = readdirSync(app.folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => !name.includes('.bin/') && statSync(path.join(app.folder, name)).isFile());
  const placed = Object.fromEntries(files.map((name) => [`${APP}/${name}`, path.join(app.folder, name)]));
  const ta = path.join(app.folder, 'node_modules/optee-secure-storage/dist/ta', path.basename(TA_FILE));
  return { ...placed, [TA_FILE]: ta };
}

const machineOfFile = useMachine(async (): Promise<MachineOptions> => {
  const { ensureAptGroups } = await import('../../tools/lib/apt.mjs');
  await ensureAptGroups('ta');
  return { product: false, storage: 'memory', files: await installedFiles() };
});

/** Runs a command as alice, in the application's folder. @returns its standard output */
async function output(argv: readonly string[], stdin?: string): Promise<string> {
  const options = { uid: Uid.alice, cwd: APP, stdin };
  const { code, stdout, stderr } = await machineOfFile.machine.exec(argv, options);
  expect([code, stderr.toString()]).toEqual([0, '']);
  return stdout.toString();
}

async function asRoot(script: string): Promise<void> {
  const { code, stderr } = await machineOfFile.machine.exec(['sh', '-e', '-c', script]);
  expect([code, stderr.toString()]).toEqual([0, '']);
}

const onOptee = async () => JSON.parse(await output(['node', 'on-optee.cjs'])) as unknown;
const expected = { value: 's3cret', isLargeKept: true, backend: 'optee', secure: true };

test('it stores and fetches by its prebuilt addon and libteec.so.2', async () => {
  expect(await onOptee()).toEqual({ ...expected, libraries: [ADDON, `${LIBRARIES}/libteec.so.2.0.0`].sort() });
});

test('its command does', async () => {
  const command = ['node', `${PACKAGE}/dist/cli/main.js`];
  await output([...command, 'put', 'from/stdin', '--timeout', '120'], 'shell');
  expect(await output([...command, 'get', 'from/stdin', '--timeout', '120'])).toBe('shell');
});

test('with libteec.so.1 in the older layout, and no other to be found, it stores and fetches too', async () => {
  await machineOfFile.machine.writeFile(`${LIBRARIES}/libteec.so.1`, readFileSync(buildOlderLibteec()), 0o755);
  await asRoot(
    `mkdir ${path.dirname(UNDERLYING)}; mv ${LIBRARIES}/libteec.so.2.0.0 ${UNDERLYING}; rm -f ${LIBRARIES}/libteec.so.2`,
  );
  const libraries = [ADDON, `${LIBRARIES}/libteec.so.1`, UNDERLYING].sort();
  expect(await onOptee()).toEqual({ ...expected, libraries });
});

test('what was stored by one library is read by the other', async () => {
  expect(await output(['node', `${PACKAGE}/dist/cli/main.js`, 'get', 'from/stdin', '--timeout', '120'])).toBe('shell');
});
