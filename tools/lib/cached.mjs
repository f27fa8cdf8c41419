// SPDX-License-Identifier: MIT
// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CACHE } from './paths.mjs';
import { withLock } from './lock.mjs';
import { say, step } from './progress.mjs';

/** @param {unknown} inputs anything JSON can say. */
export function keyOf(inputs) {
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12);
}

/** The digest of files' contents, to put among the inputs of what is made from them. @param {readonly string[]} files */
export function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(path.basename(file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

/**
 * A folder made once from its inputs. It is made under another name and renamed when whole, so what is found under its
 * own name is complete, however an earlier run ended; folders of the same part with other inputs are removed.
 *
 * @param {string} part the name of the part, also the folder's beginning.
 * @param {unknown} inputs everything the result depends on.
 * @param {string} title what the user is told while it is made.
 * @param {(folder: string) => Promise<void>} make fills the folder.
 * @returns {Promise<string>} the folder's path.
 */
export async function cachedFolder(part, inputs, title, make) {
  const name = `${part}-${keyOf(inputs)}`;
  const folder = path.join(CACHE, name);
  if (existsSync(folder)) return folder;
  const wait = () => say(`${title}: waiting for another process that is at it …`);
  return withLock(path.join(CACHE, `${part}.lock`), () => makeFolder(part, folder, title, make), wait);
}

/**
 * @param {string} part
 * @param {string} folder
 * @param {string} title
 * @param {(folder: string) => Promise<void>} make
 */
async function makeFolder(part, folder, title, make) {
  if (existsSync(folder)) return folder;
  const unfinished = path.join(CACHE, `${part}.unfinished`);
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  await step(title, () => make(unfinished));
  renameSync(unfinished, folder);
  removeOthers(part, path.basename(folder));
  return folder;
}

/** @param {string} part @param {string} current */
function removeOthers(part, current) {
  const ofPart = new RegExp(`^${part}-[0-9a-f]{12}$`);
  for (const name of readdirSync(CACHE)) {
    if (name !== current && ofPart.test(name)) rmSync(path.join(CACHE, name), { recursive: true, force: true });
  }
}
