// SPDX-License-Identifier: MIT
// @ts-check
/** What the records in a folder were made with: built.json beside them. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../../lib/paths.mjs';
import { run } from '../../lib/run.mjs';
import { PARTS, compilers, digestParts, totalOf } from './parts.mjs';

/** @typedef {import('./parts.mjs').PartName} PartName */
/** @typedef {import('./parts.mjs').Parts} Parts */

/**
 * @typedef {object} Built
 * @property {Parts} parts their digests
 * @property {string} commit of the sources; with a `+` if they were changed and not committed
 * @property {string} date of the first record
 * @property {Parts} compilers for information: they are not in the digest
 * @property {string} [whole] the date when everything had been tried
 * @property {string} [sources] the digest of the sources, which was the folder's name before
 */

/** @typedef {Built & { name: string, folder: string }} Recorded */

const RECORDS = path.join(ROOT, 'test', 'faults', 'records');
const NAMES = /** @type {PartName[]} */ (Object.keys(PARTS));

const today = () => new Date().toISOString().slice(0, 10);

/** @param {string} folder */
const fileIn = (folder) => path.join(folder, 'built.json');

/** @param {string} folder @returns {Built} */
const readBuilt = (folder) => JSON.parse(readFileSync(fileIn(folder), 'utf8'));

/** @param {string} folder @param {Built} built */
function writeBuilt(folder, built) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileIn(folder), `${JSON.stringify(built, undefined, 2)}\n`);
}

/** All folders with records, the newest first. @returns {Recorded[]} */
export function allRecorded() {
  const folders = readdirSync(RECORDS).map((name) => path.join(RECORDS, name));
  const recorded = folders.filter((folder) => existsSync(fileIn(folder)));
  const all = recorded.map((folder) => ({ name: path.basename(folder), folder, ...readBuilt(folder) }));
  return all.sort((a, b) => (a.date < b.date ? 1 : -1));
}

async function currentCommit() {
  const git = (/** @type {string[]} */ ...args) => run('git', args, { cwd: ROOT });
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return `${(await git('rev-parse', '--short=12', 'HEAD')).trim()}${changes === '' ? '' : '+'}`;
}

/** What is built here, and the folder for its records, which need not exist. */
export async function builtHere() {
  const parts = await digestParts();
  const name = totalOf(parts);
  return { parts, name, folder: path.join(RECORDS, name) };
}

/** @typedef {Awaited<ReturnType<typeof builtHere>>} BuiltHere */

/** Makes the folder for records, unless it is there. @param {BuiltHere} here */
export async function beginRecords({ parts, folder }) {
  if (existsSync(fileIn(folder))) return;
  writeBuilt(folder, { parts, commit: await currentCommit(), date: today(), compilers: await compilers() });
}

/** Notes that everything was tried. @param {BuiltHere} here */
export function endRecords({ folder }) {
  const built = readBuilt(folder);
  writeBuilt(folder, { ...built, whole: built.whole ?? today() });
}

/** In which parts two differ. @param {Parts} a @param {Parts} b */
export const differences = (a, b) => NAMES.filter((name) => a[name] !== b[name]);

/**
 * What `--digest` prints.
 *
 * @param {BuiltHere} here
 * @param {Parts} compilersHere
 * @param {readonly Recorded[]} recorded
 */
export function digestText({ parts, name }, compilersHere, recorded) {
  const lines = NAMES.map((part) => `${part.padEnd(10)} ${parts[part]}  ${PARTS[part]}`);
  const same = recorded.find((each) => each.name === name);
  const found = same
    ? [`Its records are in ${path.relative(ROOT, same.folder)}${same.whole ? ', whole.' : '.'}`]
    : recorded.map((each) => difference(parts, compilersHere, each));
  return [`total      ${name}`, ...lines, ...found].join('\n');
}

/** @param {Parts} parts @param {Parts} compilersHere @param {Recorded} recorded */
function difference(parts, compilersHere, { folder, date, ...there }) {
  const different = differences(parts, there.parts).map((part) => {
    const [now, then] = [compilersHere[part], there.compilers[part]];
    return now === then ? part : `${part} (built with ${now} here, with ${then} there)`;
  });
  return `The records in ${path.relative(ROOT, folder)} (${date}) differ in: ${different.join(', ')}.`;
}
