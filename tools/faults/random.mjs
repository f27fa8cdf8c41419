// SPDX-License-Identifier: MIT
// @ts-check
/** The report's section about test/faults/random.test.ts. */
import path from 'node:path';
import { readRecords, table, triedAgain } from './records.mjs';

/**
 * @typedef {object} Case of test/faults/random.test.ts.
 * @property {string} event
 * @property {number} index
 * @property {number} seed
 * @property {number} acknowledged
 * @property {number} made
 * @property {number} notMade
 * @property {number} ended
 * @property {boolean} crashed
 * @property {number} late
 * @property {string[]} wrong
 * @property {string} [why]
 */

const keyOf = (/** @type {Case} */ { event, index }) => `${event}|${index}`;

/** @param {readonly Case[]} cases */
function rowOf(cases) {
  const sum = (/** @type {(entry: Case) => number} */ of) => cases.reduce((total, entry) => total + of(entry), 0);
  return [
    cases.length,
    sum(({ acknowledged }) => acknowledged),
    sum(({ made }) => made),
    sum(({ ended }) => ended),
    sum(({ crashed }) => Number(crashed)),
    cases.filter(({ wrong }) => wrong.length > 0).length,
  ];
}

/** @param {readonly Case[]} cases */
function failures(cases) {
  const wrong = cases.filter((entry) => entry.wrong.length > 0);
  if (wrong.length === 0) return 'Nothing was lost, mixed or hanging.';
  const lines = wrong.map(({ event, index, seed, wrong }) => `- ${event} ${index} (seed ${seed}): ${wrong.join('; ')}`);
  return ['What was wrong:', '', ...lines].join('\n');
}

/** What OP-TEE makes of such things without this package. @param {string} folder */
function crashes(folder) {
  const cases = /** @type {{ what: string, index: number, crashed: boolean }[]} */ (
    readRecords(path.join(folder, 'crash.jsonl'), ({ what, index }) => `${what}|${index}`)
  );
  const count = (/** @type {string} */ what) => {
    const all = cases.filter((entry) => entry.what === what);
    return `${all.filter(({ crashed }) => crashed).length} of ${all.length} times`;
  };
  return `How often OP-TEE's own tests, without any code of this package, crash it (\`test/faults/crash.test.ts\`):

- killed at random moments: ${count('client killed')};
- with a read that fails just after an object was written, at places spread over all such reads: ${count('read failed')};
- with no space once, at opens, writes and fsyncs spread over all: ${count('no space')}.`;
}

/** @param {string} folder with the records. @returns {Case[]} */
const casesIn = (folder) => /** @type {Case[]} */ (readRecords(path.join(folder, 'random.jsonl'), keyOf));

/** How many ends there were, and how many of them were wrong. @param {string} folder */
export function randomFigure(folder) {
  const cases = casesIn(folder);
  return { tried: cases.length, wrong: cases.filter(({ wrong }) => wrong.length > 0).length };
}

/** @param {string} folder with the records. */
export function randomSection(folder) {
  const file = path.join(folder, 'random.jsonl');
  const cases = casesIn(folder);
  const events = [...new Set(cases.map(({ event }) => event))];
  const rows = events.map((event) => [event, ...rowOf(cases.filter((entry) => entry.event === event))]);
  const late = Math.max(0, ...cases.map((entry) => entry.late));
  const seeds = [...new Set(cases.map(({ seed }) => seed))];
  return `## Ended at random moments

    npm run test:faults -- test/faults/random

Processes of two users put, replace and delete small and large values, alone and in batches. At a random moment the machine is cut off, or
the tee-supplicant is killed (SIGKILL) and started again, or a client is killed. Then both users' stores are compared with the acknowledged
changes. All of them must be there, one under way may be there or not. Each value must be whole and its key's own. Nothing else may be
there. After a client was killed these are the keys that it
changed; each fifth time the other user works too, and all is compared.

${table([['what was ended', 'times', 'acknowledged changes', 'unacknowledged but made', 'processes ended', 'OP-TEE crashed', 'wrong'], ...rows])}

"Processes ended" is how many clients had to be ended before another supplicant could start
([why](security.md#a-supplicant-that-dies-during-a-request)). Where OP-TEE crashed, which a client's end during a request can bring about ([why](security.md#a-client-that-dies-during-a-request)), power was cut. The latest call ended ${late} ms after its
deadline; 5 s are allowed, for the emulated machine shares its processor. Each record has the seed of its choices
(${seeds.join(', ')}): with \`OPTEE_TEST_SEED\` and no records the same choices are made again; the moments differ.

${crashes(folder)}

${failures(cases)}

${triedAgain(file, keyOf)}
`;
}
