// SPDX-License-Identifier: MIT
// @ts-check
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAptGroups } from '../tools/lib/apt.mjs';
import { cachedFolder, digestOf, keyOf } from '../tools/lib/cached.mjs';
import { run } from '../tools/lib/run.mjs';
import { releaseOf } from './debian.mjs';
import { ensureUnpacked, PLATFORM } from './kits.mjs';
import { partOf } from './versions.mjs';

/** @typedef {import('./versions.mjs').OpteeOs} OpteeOs */

/** What Debian sets for QEMU, but for the Trusted Applications that come with OP-TEE. */
const USUAL_OPTIONS = {
  PLATFORM: 'vexpress-qemu_armv8a',
  CROSS_COMPILE: 'aarch64-linux-gnu-',
  CROSS_COMPILE64: 'aarch64-linux-gnu-',
  PYTHON3: '/usr/bin/python3',
  DEBUG: '0',
  CFG_TEE_CORE_LOG_LEVEL: '3',
  CFG_ARM_GICV3: 'y',
  CFG_ARM64_core: 'y',
  CFG_USER_TA_TARGETS: 'ta_arm64',
  CFG_BUILD_IN_TREE_TA: 'n',
};

/** @param {string} folder @param {string} suite @param {Readonly<Record<string, string>>} options */
async function build(folder, suite, options) {
  const work = path.join(folder, 'work');
  mkdirSync(work);
  const tree = await releaseOf(suite).unpackSource(work, 'optee-os');
  const output = path.join(work, 'output');
  const settings = Object.entries({ ...USUAL_OPTIONS, ...options, O: output });
  // Its scripts ask for `python3`, which has to be Debian's, whose packages they need.
  const env = { ...process.env, PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };
  await run('make', ['-C', tree, '-j2', ...settings.map(([name, value]) => `${name}=${value}`)], { env });
  const core = path.join(output, 'core');
  for (const name of readdirSync(core).filter((entry) => /^tee-.*_v2\.bin$/.test(entry)))
    copyFileSync(path.join(core, name), path.join(folder, name));
  rmSync(work, { recursive: true });
}

/**
 * What a part that depends on an OP-TEE is called in the cache.
 *
 * @param {string} part @param {OpteeOs} optee
 */
export const partWith = (part, { suite, options }) =>
  options ? `${partOf(part, suite)}-${keyOf(options)}` : partOf(part, suite);

/**
 * OP-TEE OS for QEMU.
 *
 * @param {OpteeOs} optee
 * @returns {Promise<string>} the folder of `tee-header_v2.bin` and its companions.
 */
export async function ensureOpteeOs({ suite, options }) {
  if (!options) {
    const folder = await ensureUnpacked('optee-os', 'Fetching OP-TEE OS', suite, 'optee-os');
    return path.join(folder, 'usr', 'lib', 'optee', PLATFORM);
  }
  const told = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  const inputs = [suite, options, digestOf([fileURLToPath(import.meta.url)])];
  const title = `Building OP-TEE of Debian ${suite} with ${told.join(' ')}`;
  return cachedFolder(partWith('optee-os', { suite, options }), inputs, title, async (folder) => {
    await ensureAptGroups('machine-images', 'ta');
    await build(folder, suite, options);
  });
}
