// SPDX-License-Identifier: MIT
/** Applications as bundles, in the two ways of docs/bundlers.md: with the package beside them, or with it inside. */
import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { install, MANAGERS } from './support/managers.js';
import { App, ensureTools, freshFolder, packPackage, SETUP_MS } from './support/place.js';

jest.setTimeout(120_000);

/** What a program without a TEE is told once the addon has been loaded. */
const AFTER_THE_ADDON = /^(open|ERR_NO_LIBTEEC|ERR_NO_DEVICE|ERR_PERMISSION|ERR_NO_SUPPLICANT|ERR_TA_NOT_FOUND)$/;

let app: App;
let tools: string;

beforeAll(async () => {
  tools = await ensureTools();
  app = new App();
  app.copy('required.cjs', 'addon.cjs');
  const [npm] = MANAGERS;
  if (npm === undefined) throw new Error('no manager');
  await install(app, npm, { tools, tarball: await packPackage() });
}, SETUP_MS);

/** @param options of esbuild's command line @returns the folder of the bundle, main.cjs */
async function esbuild(program: string, ...options: string[]): Promise<string> {
  const output = freshFolder();
  const outfile = `--outfile=${path.join(output, 'main.cjs')}`;
  const args = [program, '--bundle', '--platform=node', outfile, '--log-level=warning', ...options];
  await app.node(path.join(tools, 'esbuild/bin/esbuild'), ...args);
  return output;
}

/** @param settings of webpack's configuration, as the text of a file has them @returns the same */
async function webpack(program: string, settings: string): Promise<string> {
  const output = freshFolder();
  const file = path.join(freshFolder(), 'run.cjs');
  const base = `mode: 'production', target: 'node20', context: process.cwd(), entry: './${program}',
    output: { path: ${JSON.stringify(output)}, filename: 'main.cjs' },
    resolveLoader: { modules: [${JSON.stringify(tools)}] }`;
  const run = `(error, stats) => { if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? stats.toString() }`;
  writeFileSync(file, `require(${JSON.stringify(path.join(tools, 'webpack'))})({ ${base}, ${settings} }, ${run})`);
  await app.node(file);
  return output;
}

/** Runs a bundle where only it is, or it and the package. */
async function runAlone(folder: string, withPackage: boolean): Promise<string> {
  if (withPackage)
    cpSync(path.join(app.folder, 'node_modules'), path.join(folder, 'node_modules'), { recursive: true });
  return (await app.node(path.join(folder, 'main.cjs'))).trim();
}

const ADDON_INSIDE = {
  esbuild: () => esbuild('addon.cjs', '--loader:.node=copy'),
  webpack: () => webpack('addon.cjs', `module: { rules: [{ test: /\\.node$/, loader: 'node-loader' }] }`),
};
const EXTERNAL = {
  esbuild: (program: string) => esbuild(program, '--external:optee-secure-storage'),
  webpack: (program: string) =>
    webpack(program, `externalsType: 'commonjs', externals: { 'optee-secure-storage': 'optee-secure-storage' }`),
};

describe.each(['esbuild', 'webpack'] as const)('bundled by %s', (bundler) => {
  test('with the package beside it, the simulator runs', async () => {
    const printed = await runAlone(await EXTERNAL[bundler]('required.cjs'), true);
    expect(JSON.parse(printed)).toEqual({ value: 's3cret', backend: 'simulator' });
  });

  test('with the package beside it, the addon loads', async () => {
    expect(await runAlone(await EXTERNAL[bundler]('addon.cjs'), true)).toMatch(AFTER_THE_ADDON);
  });

  test('with the package inside, the addon loads', async () => {
    const output = await ADDON_INSIDE[bundler]();
    expect(await runAlone(output, false)).toMatch(AFTER_THE_ADDON);
    // It was the copy beside the bundle: without that there is none.
    for (const name of readdirSync(output)) if (name.endsWith('.node')) rmSync(path.join(output, name));
    expect(await runAlone(output, false)).toBe('ERR_NO_ADDON');
  });
});

test('with the package inside, the simulator says what to do', async () => {
  const output = await esbuild('required.cjs', '--loader:.node=copy');
  await expect(runAlone(output, false)).rejects.toThrow(/ERR_NO_SIMULATOR[^]*external|external[^]*ERR_NO_SIMULATOR/);
});
