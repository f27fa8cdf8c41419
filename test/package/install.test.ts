// SPDX-License-Identifier: MIT
/** The tarball, installed into empty folders by each package manager: no network, no compiler, no script. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { install, MANAGERS } from './support/managers.js';
import { App, barePath, ensureTools, npmProgram, packPackage, SETUP_MS } from './support/place.js';

jest.setTimeout(120_000);

/** What opening OP-TEE says once the addon is loaded, by what a machine lacks. */
const AFTER_THE_ADDON = ['ERR_NO_LIBTEEC', 'ERR_NO_DEVICE', 'ERR_PERMISSION', 'ERR_NO_SUPPLICANT', 'ERR_TA_NOT_FOUND'];

let tools: string;
let tarball: string;

beforeAll(async () => {
  tools = await ensureTools();
  tarball = await packPackage();
}, SETUP_MS);

test('with the other supported lines of Node.js and the newest it stores, fetches, imports, starts programs and loads its addon', async () => {
  const { ensureNodeBinary, nodeBinariesFor } = await import('../../tools/lib/node-binaries.mjs');
  const [npm] = MANAGERS;
  if (npm === undefined) throw new Error('no manager');
  const installed = new App();
  await install(installed, npm, { tools, tarball });
  const binaries = nodeBinariesFor(process.arch);
  expect(binaries.length).toBeGreaterThan(1);
  for (const binary of binaries) {
    const app = new App(await ensureNodeBinary(binary));
    cpSync(installed.folder, app.folder, { recursive: true });
    app.copy('imported.mjs', 'addon.cjs', 'lines.cjs');
    expect(await app.node('-p', 'process.versions.node')).toBe(`${binary.version}\n`);
    const expected = { value: 's3cret', backend: 'simulator', isSameClass: true };
    expect(JSON.parse(await app.node('imported.mjs'))).toEqual(expected);
    expect(['open', ...AFTER_THE_ADDON]).toContain((await app.node('addon.cjs')).trim());
    expect(JSON.parse(await app.node('lines.cjs'))).toEqual({
      imported: [0, 1, 1, 1, 1, 1, 1],
      stored: ['p#ss\nword', 'b', 'd'],
      debugging: { code: 2, stdout: '' },
      program: { code: 5, output: 'of descriptor 9 p#ss\nword\n' },
    });
  }
}, 300_000);

test('the README’s start in 30 seconds works word for word, in an empty folder', async () => {
  const app = new App();
  const shown = /^## Try it in 30 seconds\n[^]*?```sh\n([^]*?)```/m.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
  // What a registry would give by the package's name is the tarball here.
  const script = shown.replace(
    'npm install optee-secure-storage\n',
    `npm install --offline --no-audit --silent '${tarball}'\n`,
  );
  expect(script).not.toBe(shown);
  const bin = path.dirname(npmProgram());
  for (const name of ['npm', 'npx']) app.program(name, `exec node '${path.join(bin, `${name}-cli.js`)}' "$@"`);
  const value = await app.run('sh', ['-ec', script], { npm_config_offline: 'true', OPTEE_STORAGE_BACKEND: '' });
  expect(value).toBe('s3cret');
}, 120_000);

test('the PATH has nothing to build with', () => {
  const programs = readdirSync(barePath());
  expect(programs).toEqual(expect.arrayContaining(['node', 'sh']));
  expect(programs.filter((name) => /gcc|g\+\+|cc|clang|make|python/.test(name))).toEqual([]);
});

describe.each(MANAGERS.map((manager) => [manager.name, manager] as const))('by %s', (_, manager) => {
  let app: App;

  beforeAll(async () => {
    app = new App();
    app.copy('required.cjs', 'imported.mjs', 'addon.cjs');
    await install(app, manager, { tools, tarball });
  }, 120_000);

  test('require() stores and fetches', async () => {
    expect(JSON.parse(await app.node('required.cjs'))).toEqual({ value: 's3cret', backend: 'simulator' });
  });

  test('import stores and fetches, and gives the same class', async () => {
    const expected = { value: 's3cret', backend: 'simulator', isSameClass: true };
    expect(JSON.parse(await app.node('imported.mjs'))).toEqual(expected);
  });

  test('the prebuilt addon loads', async () => {
    const outcome = (await app.node('addon.cjs')).trim();
    expect(['open', ...AFTER_THE_ADDON]).toContain(outcome);
  });

  test('the command is in node_modules/.bin', async () => {
    const command = path.join(app.folder, 'node_modules/.bin/optee-storage');
    const script = `printf shell | '${command}' put from/shell && '${command}' get from/shell`;
    expect(await app.run('sh', ['-c', script])).toBe('shell');
  });

  test('with scripts allowed it has none to run', async () => {
    const allowing = new App();
    const printed = await install(allowing, manager, { tools, tarball, scripts: true });
    expect(printed).not.toMatch(/build scripts|must be built|gyp/i);
    expect(existsSync(path.join(allowing.folder, 'node_modules/optee-secure-storage/build'))).toBe(false);
  });
});
