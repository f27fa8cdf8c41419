#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Builds what is published and packs it: build/package/optee-secure-storage-VERSION.tgz
 *
 *   npm run package    builds what is published, and packs it
 *   npm run prepack    fails unless all is built from the sources that are here; builds nothing
 *
 * npm itself runs the second one (node tools/package.mjs verify) before it packs or publishes.
 */
import { readFileSync, rmSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureNpm } from './lib/npm.mjs';
import { ROOT } from './lib/paths.mjs';
import { say } from './lib/progress.mjs';
import { run } from './lib/run.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
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
  const { positionals } = readArguments(import.meta.url, { options: {}, names: ['verify'], most: 1 });
  if (positionals.length > 0) return verifyPackage();
  const tarball = await ensurePackage();
  say(`${path.relative(process.cwd(), tarball)}: ${Math.round(statSync(tarball).size / 1024)} KiB`);
}

if (isProgram(import.meta.url)) runTool(main);
