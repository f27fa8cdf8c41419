// SPDX-License-Identifier: MIT
// @ts-check
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder } from '../tools/lib/cached.mjs';
import { SUITE, unpackDebs } from './debian.mjs';

/** The OP-TEE platform that QEMU's `virt` machine is. */
const PLATFORM = 'vexpress-qemu_armv8a';

/** Moves the unpacked files to the top and drops the packages. @param {string} folder @param {string[]} packages */
async function unpackTo(folder, packages) {
  const root = await unpackDebs(folder, packages);
  renameSync(path.join(root, 'usr'), path.join(folder, 'usr'));
  rmSync(root, { recursive: true });
}

/**
 * The development kit a TA is built with, for the OP-TEE of this machine.
 *
 * @returns {Promise<string>} what `make -C ta TA_DEV_KIT_DIR=` takes.
 */
export async function ensureTaDevKit() {
  const packages = ['optee-os-dev'];
  const folder = await cachedFolder('ta-dev-kit', [SUITE, packages], 'Fetching the TA development kit', (unfinished) =>
    unpackTo(unfinished, packages),
  );
  return path.join(folder, 'usr', 'lib', 'optee-os-dev', PLATFORM);
}

/**
 * OP-TEE's own TEE Client API headers (`tee_client_api.h`, …), for checks of our declarations against them.
 *
 * @returns {Promise<string>} a folder for the compiler's `-I`.
 */
export async function ensureClientHeaders() {
  const packages = ['optee-client-dev'];
  const title = 'Fetching the TEE Client API headers';
  const folder = await cachedFolder('client-headers', [SUITE, packages], title, (unfinished) =>
    unpackTo(unfinished, packages),
  );
  return path.join(folder, 'usr', 'include');
}

/**
 * OP-TEE OS as built for QEMU.
 *
 * @returns {Promise<string>} the folder of `tee-header_v2.bin` and its companions.
 */
export async function ensureOpteeOs() {
  const packages = ['optee-os'];
  const folder = await cachedFolder('optee-os', [SUITE, packages], 'Fetching OP-TEE OS', (unfinished) =>
    unpackTo(unfinished, packages),
  );
  return path.join(folder, 'usr', 'lib', 'optee', PLATFORM);
}
