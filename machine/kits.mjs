// SPDX-License-Identifier: MIT
// @ts-check
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder } from '../tools/lib/cached.mjs';
import { releaseOf } from './debian.mjs';
import { partOf, USUAL } from './versions.mjs';

/** The OP-TEE platform that QEMU's `virt` machine is. */
export const PLATFORM = 'vexpress-qemu_armv8a';

/**
 * A package of a release, unpacked.
 *
 * @param {string} part
 * @param {string} title
 * @param {string} suite
 * @param {string} name of the package
 */
export function ensureUnpacked(part, title, suite, name) {
  return cachedFolder(partOf(part, suite), [suite, [name]], `${title} of Debian ${suite}`, async (folder) => {
    const root = await releaseOf(suite).unpackDebs(folder, [name]);
    renameSync(path.join(root, 'usr'), path.join(folder, 'usr'));
    rmSync(root, { recursive: true });
  });
}

/**
 * The development kit a TA is built with.
 *
 * @param {string} [suite] the release whose OP-TEE it is for.
 * @returns {Promise<string>} what `make -C ta TA_DEV_KIT_DIR=` takes.
 */
export async function ensureTaDevKit(suite = USUAL) {
  const folder = await ensureUnpacked('ta-dev-kit', 'Fetching the TA development kit', suite, 'optee-os-dev');
  return path.join(folder, 'usr', 'lib', 'optee-os-dev', PLATFORM);
}

/**
 * The development key that a release's OP-TEE trusts: one that everybody has. OP-TEE publishes another one from 4.7 on.
 *
 * @param {string} suite
 * @returns {Promise<string>} a file with the private key.
 */
export async function ensureDevelopmentKey(suite) {
  return path.join(await ensureTaDevKit(suite), 'keys', 'default_ta.pem');
}

/** The one of OP-TEE 4.7 and later; the kit of the usual OP-TEE has that of before. */
export const ensureNewerKey = () => ensureDevelopmentKey('sid');

/**
 * OP-TEE's own TEE Client API headers (`tee_client_api.h`, …), for checks of our declarations against them.
 *
 * @returns {Promise<string>} a folder for the compiler's `-I`.
 */
export async function ensureClientHeaders() {
  const folder = await ensureUnpacked(
    'client-headers',
    'Fetching the TEE Client API headers',
    USUAL,
    'optee-client-dev',
  );
  return path.join(folder, 'usr', 'include');
}
