// SPDX-License-Identifier: MIT
// @ts-check
/** The Trusted Application as it is packed: signed with both development keys of OP-TEE, and ready to be signed. */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { keyOf } from '../lib/cached.mjs';
import { ROOT } from '../lib/paths.mjs';
import { run, SetupError } from '../lib/run.mjs';
import { digestOfInputs, ensureStamped } from '../lib/stamped.mjs';
import { ensureNewerKey } from '../../machine/kits.mjs';
import { ensureTa, TA_UUID } from '../../machine/product.mjs';

const FOLDER = 'dist/ta';
/** By OP-TEE's naming: what its loader takes, and what its signing script takes. */
const NAMES = [`${TA_UUID}.ta`, `${TA_UUID}.stripped.elf`];
/** For OP-TEE from 4.7 on, which publishes another key. */
const NEWER = `${FOLDER}/optee-4.7/${TA_UUID}.ta`;

export const TA_FILES = [...NAMES.map((name) => `${FOLDER}/${name}`), NEWER];

/**
 * Signs the TA by the package's own command.
 *
 * @param {string} elf
 * @param {string} key
 * @throws {SetupError} where the key is not the one that it is taken for.
 */
async function signForNewer(elf, key) {
  mkdirSync(path.join(ROOT, path.dirname(NEWER)), { recursive: true });
  const args = ['ta', 'sign', elf, '--key', key, '--output', path.join(ROOT, NEWER), '--json'];
  const { publishedKey } = JSON.parse(await run(process.execPath, ['dist/cli/main.js', ...args], { cwd: ROOT }));
  if (publishedKey !== 'OP-TEE 4.7 and later')
    throw new SetupError(
      `${key} is not the development key that OP-TEE publishes from 4.7 on, but ${publishedKey ?? 'another one'}: ` +
        'if OP-TEE has changed its key again, src-ts/cli/commands/ta/published-keys.ts and this file must know the new one',
    );
}

/**
 * Builds the TA where it changed and places it in dist/, which must have been compiled.
 *
 * @returns {Promise<string>} the linker's map, which tells what else went into the TA.
 */
export async function placeTa() {
  const built = path.dirname(await ensureTa());
  mkdirSync(path.join(ROOT, FOLDER), { recursive: true });
  for (const name of NAMES) {
    const placed = path.join(ROOT, FOLDER, name);
    copyFileSync(path.join(built, name), placed);
    // The linker makes programs.
    chmodSync(placed, 0o644);
  }
  const elf = path.join(built, `${TA_UUID}.stripped.elf`);
  const key = await ensureNewerKey();
  await ensureStamped({
    name: `ta-${keyOf(NEWER)}`,
    output: path.join(ROOT, NEWER),
    digest: digestOfInputs(key, [path.relative(ROOT, elf), 'tools/package/ta.mjs']),
    make: () => signForNewer(elf, key),
  });
  return path.join(built, `${TA_UUID}.map`);
}
