// SPDX-License-Identifier: MIT
// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { ROOT } from './paths.mjs';
import { SetupError } from './run.mjs';

/**
 * A digest of everything a build depends on.
 *
 * @param {unknown} settings anything JSON can say.
 * @param {readonly string[]} files relative to the checkout; one that is missing counts as that.
 */
export function digestOfInputs(settings, files) {
  const hash = createHash('sha256').update(JSON.stringify(settings));
  for (const file of files) {
    const found = path.join(ROOT, file);
    hash.update(`\0${file}\0`).update(existsSync(found) ? readFileSync(found) : '');
  }
  return hash.digest('hex');
}

/** @param {string} file */
const contentDigest = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

/**
 * Makes a file, unless it is there as it was made from the same inputs.
 *
 * @param {object} build
 * @param {string} build.name of the build, unique in this checkout.
 * @param {string} build.output the file.
 * @param {string} build.digest of the inputs.
 * @param {() => Promise<unknown>} build.make makes the file.
 * @returns {Promise<string>} the file
 * @throws {SetupError} where `make` does, or leaves no file.
 */
export async function ensureStamped({ name, output, digest, make }) {
  const stamp = path.join(ROOT, 'build', 'stamps', name);
  const isCurrent = () =>
    existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === `${digest} ${contentDigest(output)}`;
  if (isCurrent()) return output;
  mkdirSync(path.dirname(stamp), { recursive: true });
  return withLock(`${stamp}.lock`, async () => {
    if (isCurrent()) return output;
    await make();
    if (!existsSync(output)) throw new SetupError(`${name}: ${output} was not made`);
    writeFileSync(stamp, `${digest} ${contentDigest(output)}`);
    return output;
  });
}
