// SPDX-License-Identifier: MIT
// @ts-check
/** The report's section about test/faults/damaged.test.ts. */
import path from 'node:path';
import { counts, readRecords, table } from './records.mjs';

/**
 * @typedef {object} Case of test/faults/damaged.test.ts.
 * @property {string} file
 * @property {string} whose
 * @property {string} damage
 * @property {string} alice
 * @property {string} bob
 */

/** @param {readonly Case[]} cases */
const seenIn = (cases) =>
  counts(cases.flatMap(({ alice, bob }) => [alice, bob]))
    .map(([seen, count]) => `${seen} (${count})`)
    .join(', ');

/** @param {string} folder with the records. */
export function damagedSection(folder) {
  const cases = /** @type {Case[]} */ (
    readRecords(path.join(folder, 'damaged.jsonl'), ({ file, damage }) => `${file}|${damage}`)
  );
  const groups = [...new Set(cases.map(({ whose, damage }) => `${whose}|${damage}`))].sort();
  const rows = groups.map((group) => {
    const those = cases.filter(({ whose, damage }) => `${whose}|${damage}` === group);
    return [.../** @type {[string, string]} */ (group.split('|')), those.length, seenIn(those)];
  });
  return `## Damaged files

    npm run test:faults -- test/faults/damaged

With the supplicant stopped one file of the storage is damaged; after a boot two users read all they have, change it, and
what each of them sees is counted. The files of objects may lose nothing: each has a twin. OP-TEE's own three files have
none ([why](security.md#op-tees-own-files)): there it must be told.

${table([['file', 'damage', 'tried', 'what the two users saw, and how often'], ...rows])}
`;
}
