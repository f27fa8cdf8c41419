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
 */
function isInstalled() {
  const list = path.join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(list)) return false;
  const installed = packagesOf(list);
  const wanted = Object.entries(packagesOf(path.join(ROOT, 'package-lock.json'))).filter(([name]) => name !== '');
  return wanted.every(([name, { version, integrity, optional, devOptional }]) => {
    const found = installed[name];
    if (!found) return optional === true || devOptional === true; // another platform's
    return found.version === version && found.integrity === integrity;
  });
}

/** Installs the development dependencies where they are missing or other than package-lock.json says. */
export async function ensureNpm() {
  if (isInstalled()) return;
  await withLock(path.join(CACHE, 'npm.lock'), async () => {
    if (isInstalled()) return;
    await step('Installing the development dependencies (npm ci)', () => run('npm', ['ci'], { cwd: ROOT }));
  });
}
