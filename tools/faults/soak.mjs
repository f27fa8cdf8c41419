// SPDX-License-Identifier: MIT
// @ts-check
/** The report's section about test/faults/soak.test.ts. */
import path from 'node:path';
import { readRecords, table } from './records.mjs';

/**
 * @typedef {object} Run of test/faults/soak.test.ts.
 * @property {number} minutes
 * @property {number} seed
 * @property {number} rounds
 * @property {number} [staying] sessions that stayed open
 * @property {number} changes
 * @property {number} reads
 * @property {Record<string, number>} troubles
 * @property {Record<string, number>} failures
 * @property {number} late
 * @property {{ what: string, early: number, late: number, bound: number }[]} growth
 * @property {string[]} wrong
 */

/** @param {Record<string, number>} counts */
const listed = (counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** @param {number} [sessions] */
const stayed = (sessions) =>
  sessions
    ? ` ${sessions} other sessions stayed open, and stored and read values of up to 1 MiB between the faults.`
    : '';

/** @param {Run} run */
function described({ minutes, seed, rounds, staying, changes, reads, troubles, failures, late, growth, wrong }) {
  const rows = growth.map(({ what, early, late, bound }) => [what, early, late, bound]);
  return `${minutes} minutes, seed ${seed}: ${changes} changes and ${reads} reads, compared ${rounds} times.${stayed(staying)} Faults: ${listed(troubles)}.
Calls that failed: ${listed(failures)}. The latest ended ${Math.max(0, late)} ms after its deadline.

${table([['median', 'second quarter', 'last quarter', 'may grow by'], ...rows])}

${wrong.length === 0 ? 'Nothing was lost, mixed or hanging, and nothing grew by more than it may.' : ['What was wrong:', '', ...wrong.map((what) => `- ${what}`)].join('\n')}
`;
}

/** @param {string} folder with the records. */
export function soakSection(folder) {
  const runs = /** @type {Run[]} */ (readRecords(path.join(folder, 'soak.jsonl'), ({ minutes }) => String(minutes)));
  const longest = runs.sort((a, b) => b.minutes - a.minutes)[0];
  return `## An hour of load and faults

    npm run test:faults -- test/faults/soak
    OPTEE_SOAK_MINUTES=5 npm run test:faults -- test/faults/soak

Five processes of two users work, with 5 s for each call. Every few seconds something goes wrong. The disk is full; the supplicant can open
no file, or writes less than it should; it is stopped for a second, or for longer than calls may take. While no call is in the secure
world, the supplicant is restarted or a client is killed (for kills during calls see [above](#ended-at-random-moments)).
OP-TEE's directory of objects is [mounted onto itself](security.md#a-supplicant-that-can-open-no-file). Reads that fail are left
to the faults above, for [OP-TEE itself may crash](security.md#a-directory-that-cannot-be-read) of one. After each time
everything is compared, and after garbage collection it is measured what the processes use (bytes; descriptors; threads),
and OP-TEE's own heap. A call may end 5 s after its deadline, for the emulated machine shares its processor.

${longest ? described(longest) : 'Not run yet.\n'}`;
}
