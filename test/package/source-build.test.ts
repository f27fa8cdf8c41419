// SPDX-License-Identifier: MIT
/** The addon, built from what is in the package alone, as docs/from-source.md says. */
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { install, MANAGERS } from './support/managers.js';
import { App, ensureTools, packPackage, SETUP_MS } from './support/place.js';

jest.setTimeout(300_000);

const ROOT = path.resolve(__dirname, '../..');
const MODULES = ['node-addon-api', 'node-api-headers'];

let app: App;
let folder: string;

beforeAll(async () => {
  const { ensureAptGroups } = await import('../../tools/lib/apt.mjs');
  await ensureAptGroups('native');
  app = new App();
  folder = path.join(app.folder, 'node_modules/optee-secure-storage');
  const [npm] = MANAGERS;
  if (npm === undefined) throw new Error('no manager');
  await install(app, npm, { tools: await ensureTools(), tarball: await packPackage() });
  rmSync(path.join(folder, 'prebuilds'), { recursive: true });
}, SETUP_MS);

/** The build of docs/from-source.md, with the host's own compilers. */
function build(): Promise<string> {
  const cmakeJs = path.join(ROOT, 'node_modules/cmake-js/bin/cmake-js');
  const env = { PATH: process.env.PATH ?? '', INIT_CWD: app.folder };
  return app.run(process.execPath, [cmakeJs, 'compile', '--directory', folder], env);
}

test('without a binary the package says what it misses', async () => {
  app.copy('addon.cjs');
  expect((await app.node('addon.cjs')).trim()).toBe('ERR_NO_ADDON');
});

test('without the headers the build says which package to install', async () => {
  await expect(build()).rejects.toThrow(/npm install --save-dev node-api-headers/);
});

test('with them it builds, and the package loads what was built', async () => {
  for (const name of MODULES) {
    cpSync(path.join(ROOT, 'node_modules', name), path.join(app.folder, 'node_modules', name), { recursive: true });
  }
  await build();
  const addon = path.join(folder, 'build/Release/optee_secure_storage.node');
  expect(existsSync(addon)).toBe(true);
  expect(readFileSync(addon).includes('libteec.so.2')).toBe(true);
  expect((await app.node('addon.cjs')).trim()).toMatch(/^(open|ERR_NO_LIBTEEC|ERR_NO_DEVICE|ERR_PERMISSION)$/);
});
