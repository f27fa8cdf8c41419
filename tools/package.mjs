#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * `npm run package`: builds everything that is published, where it changed, and packs it:
 * build/package/optee-secure-storage-VERSION.tgz
 *
 *   node tools/package.mjs           the same
 *   node tools/package.mjs verify    what npm runs before it packs or publishes: fails, and builds nothing, unless all
 *                                    is there as it was built from the sources that are here
 */
import { readFileSync, rmSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureNpm } from './lib/npm.mjs';
import { ROOT } from './lib/paths.mjs';
import { say } from './lib/progress.mjs';
import { run, SetupError } from './lib/run.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { ensureDist } from '../machine/product.mjs';
import { removeLeftovers, SBOM } from './package/contents.mjs';
import { makeSbom } from './package/sbom.mjs';
import { recordPackage, verifyPackage } from './package/state.mjs';
import { placeTa } from './package/ta.mjs';
import { ensurePrebuild } from './prebuild.mjs';
import { TARGET_NAMES } from './prebuild/targets.mjs';

const FOLDER = path.join(ROOT, 'build', 'package');

/** Builds what the package is made of. */
async function buildAll() {
  await ensureNpm();
  await ensureDist();
  await run(process.execPath, [path.join(ROOT, 'tools/simulator.mjs')], { cwd: ROOT, inherit: true });
  for (const target of TARGET_NAMES) await ensurePrebuild(target);
  const map = await placeTa();
  writeFileSync(path.join(ROOT, SBOM), await makeSbom(map));
  removeLeftovers();
}

/**
 * Builds what changed and packs it.
 *
 * @returns {Promise<string>} the tarball.
 * @throws {SetupError} where something cannot be built, or the package would not be what it should be.
 */
export async function ensurePackage() {
  await buildAll();
  await recordPackage();
  const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const tarball = path.join(FOLDER, `${name}-${version}.tgz`);
  mkdirSync(FOLDER, { recursive: true });
  rmSync(tarball, { force: true });
  await run('npm', ['pack', '--pack-destination', FOLDER], { cwd: ROOT });
  return tarball;
}

async function main() {
  const [command, ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (command !== undefined && command !== 'verify')) {
    throw new SetupError('usage: node tools/package.mjs [verify]');
  }
  if (command === 'verify') return verifyPackage();
  const tarball = await ensurePackage();
  say(`${path.relative(process.cwd(), tarball)}: ${Math.round(statSync(tarball).size / 1024)} KiB`);
}

if (isProgram(import.meta.url)) runTool(main);
