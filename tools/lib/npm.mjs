// SPDX-License-Identifier: MIT
// @ts-check
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { CACHE, ROOT } from './paths.mjs';
import { step } from './progress.mjs';
import { run } from './run.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockedPackage */

/** @param {string} file @returns {Record<string, LockedPackage>} */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm leaves a list of what it installed there; comparing
 * contents rather than times spares a new installation after a mere `git checkout`.
 *
 * @param {string} folder
 */
function isInstalled(folder) {
  const list = path.join(folder, 'node_modules', '.package-lock.json');
  if (!existsSync(list)) return false;
  const installed = packagesOf(list);
  const wanted = Object.entries(packagesOf(path.join(folder, 'package-lock.json'))).filter(([name]) => name !== '');
  return wanted.every(([name, { version, integrity, optional, devOptional }]) => {
    const found = installed[name];
    if (!found) return optional === true || devOptional === true; // another platform's
    return found.version === version && found.integrity === integrity;
  });
}

/**
 * Installs the development dependencies where they are missing or other than package-lock.json says.
 *
 * @param {string} [folder] of another package.json with a lock of its own, relative to the checkout: 'test/package' has
 *   what only the tests of the packed package need.
 * @returns {Promise<string>} the folder's path, for those who look into its node_modules.
 * @throws {SetupError} where npm fails.
 */
export async function ensureNpm(folder = '.') {
  const where = path.join(ROOT, folder);
  if (isInstalled(where)) return where;
  const title = `Installing the development dependencies${folder === '.' ? '' : ` of ${folder}`} (npm ci)`;
  const lock = folder === '.' ? 'npm.lock' : `npm-${folder.replaceAll('/', '-')}.lock`;
  await withLock(path.join(CACHE, lock), async () => {
    if (isInstalled(where)) return;
    await step(title, () => run('npm', ['ci'], { cwd: where }));
  });
  return where;
}
