// SPDX-License-Identifier: MIT
// @ts-check
/** The Trusted Application as it is packed: signed with the development key of OP-TEE, and ready to be signed. */
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { ensureTa, TA_UUID } from '../../machine/product.mjs';

const FOLDER = 'dist/ta';
/** By OP-TEE's naming: what its loader takes, and what its signing script takes. */
const NAMES = [`${TA_UUID}.ta`, `${TA_UUID}.stripped.elf`];

export const TA_FILES = NAMES.map((name) => `${FOLDER}/${name}`);

/**
 * Builds the TA where it changed and places it in dist/.
 *
 * @returns {Promise<string>} the linker's map, which tells what else went into the TA.
 */
export async function placeTa() {
  const built = path.dirname(await ensureTa());
  mkdirSync(path.join(ROOT, FOLDER), { recursive: true });
  for (const name of NAMES) copyFileSync(path.join(built, name), path.join(ROOT, FOLDER, name));
  return path.join(built, `${TA_UUID}.map`);
}
