// SPDX-License-Identifier: MIT
// @ts-check
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { COMPLETION_FILES } from '../tools/completions/files.mjs';
import { ensureAptGroups } from '../tools/lib/apt.mjs';
import { keyOf } from '../tools/lib/cached.mjs';
import { withLock } from '../tools/lib/lock.mjs';
import { ensureNpm } from '../tools/lib/npm.mjs';
import { CACHE, ROOT } from '../tools/lib/paths.mjs';
import { step } from '../tools/lib/progress.mjs';
import { run, SetupError } from '../tools/lib/run.mjs';
import { ensurePrebuild } from '../tools/prebuild.mjs';
import { ensureDevelopmentKey, ensureTaDevKit } from './kits.mjs';
import { USUAL, versionOf } from './versions.mjs';

/** @typedef {import('./boot-image.mjs').Overlay} Overlay */

export const TA_UUID = 'ff06ae7c-d9e8-40c7-ab24-86ad69bffce7';
const PACKAGE = '/opt/optee-secure-storage';

/** @param {string} name relative to the checkout, as all names here. */
const at = (name) => path.join(ROOT, name);

/** @param {string} name @param {string} what */
function require(name, what) {
  if (existsSync(at(name))) return;
  throw new SetupError(
    `${what} is not in this checkout: ${name} is missing. ` +
      'To boot OP-TEE without the product, use --bare (or `product: false`).',
  );
}

/** The newest change under a file or folder; a folder counts, too, for what was removed. @param {string} file */
function newestChange(file) {
  const stats = statSync(file);
  let newest = stats.mtimeMs;
  if (!stats.isDirectory()) return newest;
  for (const name of readdirSync(file)) newest = Math.max(newest, newestChange(path.join(file, name)));
  return newest;
}

/** @param {string} output @param {string[]} sources */
function isUpToDate(output, sources) {
  return existsSync(output) && sources.every((source) => newestChange(at(source)) <= statSync(output).mtimeMs);
}

/** Compiles the TypeScript where it changed. */
export async function ensureDist() {
  require('src-ts/index.ts', 'The TypeScript API');
  const sources = ['src-ts', 'tsconfig.json', 'tools/completions', 'tools/typescript.mjs'];
  // Written last.
  const output = at(COMPLETION_FILES.at(-1) ?? '');
  if (isUpToDate(output, sources)) return;
  await ensureNpm();
  await withLock(path.join(CACHE, 'dist.lock'), async () => {
    if (isUpToDate(output, sources)) return;
    await step('Compiling the TypeScript', () => run(process.execPath, ['tools/typescript.mjs'], { cwd: ROOT }));
  });
}

/**
 * Builds a Trusted Application for the machine's OP-TEE.
 *
 * @param {string} source a folder with the Makefile.
 * @param {string} output a folder, which is emptied.
 * @param {Record<string, string>} [variables] for make.
 * @param {readonly string[]} [targets] files in the output folder, if not all are wanted.
 */
export async function makeTa(source, output, variables = {}, targets = []) {
  await ensureAptGroups('ta');
  const kit = await ensureTaDevKit();
  const settings = { O: output, TA_DEV_KIT_DIR: kit, CROSS_COMPILE: 'aarch64-linux-gnu-', ...variables };
  const args = Object.entries(settings).map(([variable, value]) => `${variable}=${value}`);
  // What make noted of files that are gone would stop it, and objects of theirs would stay.
  rmSync(output, { recursive: true, force: true });
  const files = targets.map((name) => path.join(output, name));
  await run('make', ['-C', source, '-j2', 'PYTHON3=/usr/bin/python3', ...args, ...files]);
}

/**
 * Builds the Trusted Application with the kit of the usual OP-TEE, signed with the key that the machine's trusts, where
 * it changed.
 *
 * @param {Record<string, string>} [variables] for make, each set of them built apart: `TA_UUID`, or the `CFG_…` of
 *   a build for tests.
 * @param {string} [version] of the machine.
 * @returns {Promise<string>} the signed TA, to be placed as `/usr/lib/optee_armtz/<uuid>.ta`.
 */
export async function ensureTa(variables = {}, version) {
  require('ta/Makefile', 'The Trusted Application');
  const { optee } = versionOf(version);
  if (optee.suite !== USUAL && !variables.TA_SIGN_KEY) {
    return ensureTa({ ...variables, TA_SIGN_KEY: await ensureDevelopmentKey(optee.suite) }, version);
  }
  const uuid = variables.TA_UUID ?? TA_UUID;
  const name = Object.keys(variables).length === 0 ? 'ta' : `ta-${keyOf(variables)}`;
  const folder = at(`build/${name}`);
  const output = path.join(folder, `${uuid}.ta`);
  if (isUpToDate(output, ['ta'])) return output;
  await withLock(path.join(CACHE, `${name}.lock`), async () => {
    if (isUpToDate(output, ['ta'])) return;
    await step('Building the Trusted Application', () => makeTa(at('ta'), folder, variables));
  });
  return output;
}

/** @param {Overlay} overlay @param {string} folder @param {string} to */
function addFolder(overlay, folder, to) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const from = path.join(folder, entry.name);
    if (entry.isDirectory()) addFolder(overlay, from, `${to}/${entry.name}`);
    else overlay.set(`${to}/${entry.name}`, { file: from });
  }
}

/**
 * The product as it is installed on a board, built where its sources changed: the package with its prebuilt addon, its
 * command, and the TA.
 *
 * @param {string} [version] of the machine.
 * @returns {Promise<Overlay>}
 */
export async function productOverlay(version) {
  await ensureDist();
  const addon = await ensurePrebuild('linux-arm64-glibc');
  const ta = await ensureTa({}, version);
  /** @type {Overlay} */
  const overlay = new Map();
  addFolder(overlay, at('dist'), `${PACKAGE}/dist`);
  // The compiler's own, which it writes without need, and each time a machine would have to boot.
  overlay.delete(`${PACKAGE}/dist/.tsbuildinfo`);
  overlay.set(`${PACKAGE}/package.json`, { file: at('package.json') });
  overlay.set(`${PACKAGE}/prebuilds/linux-arm64/optee-secure-storage.glibc.node`, { file: addon });
  // As npm would: a package's commands are made executable when it is installed.
  overlay.set(`${PACKAGE}/dist/cli/main.js`, { file: at('dist/cli/main.js'), executable: true });
  overlay.set('/usr/bin/optee-storage', { link: `${PACKAGE}/dist/cli/main.js` });
  // Every folder's look-up of modules ends at the root, for require and import alike.
  overlay.set('/node_modules/optee-secure-storage', { link: PACKAGE });
  overlay.set(`/usr/lib/optee_armtz/${TA_UUID}.ta`, { file: ta });
  return overlay;
}
