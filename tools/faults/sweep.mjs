// SPDX-License-Identifier: MIT
// @ts-check
/** The report's section about test/faults/sweep.test.ts. */
import path from 'node:path';
import { counts, readRecords, table } from './records.mjs';

/**
 * @typedef {object} Case of test/faults/sweep.test.ts.
 * @property {string} operation
 * @property {string} kind
 * @property {number} at
 * @property {string} outcome
 * @property {'old' | 'new' | 'wrong'} state
 * @property {boolean} booted
 * @property {number} retries
 * @property {boolean} ended
 * @property {string[]} wrong
 */
/** @typedef {{ operation: string, trace: string }} Rehearsal */

/** @param {readonly Case[]} cases */
function summaryOf(cases) {
  const count = (/** @type {(entry: Case) => boolean} */ is) => cases.filter(is).length;
  return [
    cases.length,
    count(({ state }) => state === 'old'),
    count(({ state }) => state === 'new'),
    count(({ wrong }) => wrong.length > 0),
  ];
}

/** @param {readonly Case[]} cases @param {(entry: Case) => string} by @param {string} name */
function summaryTable(cases, by, name) {
  const groups = [...new Set(cases.map(by))].map((group) => cases.filter((entry) => by(entry) === group));
  const rows = groups.map((group) => [by(/** @type {Case} */ (group[0])), ...summaryOf(group)]);
  return table([[name, 'tried', 'old', 'new', 'wrong'], ...rows, ['all', ...summaryOf(cases)]]);
}

/** @param {readonly Case[]} cases */
function outcomes(cases) {
  const codes = counts(cases.map(({ outcome }) => outcome)).map(([code, count]) => `${code} ${count}`);
  const retries = Math.max(0, ...cases.map(({ retries }) => retries));
  const ended = cases.filter((entry) => entry.ended).length;
  return (
    `How the change ended for its caller ("off": the machine had stopped): ${codes.join(', ')}. ` +
    `Before the store worked again, at most ${retries} calls of one process failed. ` +
    `${ended} times a process had to be ended before another supplicant could start: a supplicant that is killed amid ` +
    'a request leaves its client waiting, in Linux and OP-TEE, and the device busy until that client has ended ' +
    '(`test/e2e/machine-faults.test.ts` shows it without any code of this package).'
  );
}

/** @param {readonly Case[]} cases */
function failures(cases) {
  const wrong = cases.filter((entry) => entry.wrong.length > 0);
  if (wrong.length === 0) return 'Nothing else was found.';
  const lines = wrong.map(({ operation, kind, at, wrong }) => `- ${operation}, ${kind} at ${at}: ${wrong.join('; ')}`);
  return ['What was wrong:', '', ...lines].join('\n');
}

/** @param {readonly Rehearsal[]} rehearsals */
function rehearsalTable(rehearsals) {
  const count = (/** @type {string} */ trace, /** @type {string} */ letter) => trace.split(letter).length - 1;
  const rows = rehearsals.map(({ operation, trace }) => [
    operation,
    trace.length,
    ...['o', 'r', 'w', 's', 't', 'u'].map((letter) => count(trace, letter)),
  ]);
  return table([['change', 'all', 'open', 'read', 'write', 'fsync', 'truncate', 'remove'], ...rows]);
}

/** @param {string} folder with the records. */
export function sweepSection(folder) {
  const cases = /** @type {Case[]} */ (
    readRecords(path.join(folder, 'sweep.jsonl'), ({ operation, kind, at }) => [operation, kind, at].join('|'))
  );
  const rehearsals = /** @type {Rehearsal[]} */ (
    readRecords(path.join(folder, 'rehearsals.jsonl'), ({ operation }) => operation)
  );
  return `## A fault at every file operation

Each change below is made with one fault at one of the file operations that the tee-supplicant makes for it, then with
the same fault at the next one, and so on to the last; of the values of 1 MiB at every tenth and the last twenty. Nothing
is simulated: a library in the tee-supplicant lets the operation fail, kills the supplicant, or resets the machine. The
process that made the change then reads the whole store and changes it; power is cut, and after a boot the store is read
again (and changed, where the fault had stopped the machine), and so is the store of another user. Two things are left out,
as they could find nothing new: a machine that stops before a read leaves the disk as one that stops before the next
read does, so the first of reads in a row is struck; and after a read that failed, only each fourth case is booted: here
${cases.filter(({ booted }) => booted).length} of ${cases.length} were. A case is wrong unless

- the store holds exactly what it held before, or exactly what it holds after the change (a batch is one change);
- it is the new state where the change was acknowledged, and the old one where the error does not say
  \`outcomeUnknown\`; and what was seen once stays so after the boot;
- every call ended within its deadline;
- the store goes on working, and the other user's holds what it held.

File operations of each change when nothing goes wrong:

${rehearsalTable(rehearsals)}

${summaryTable(cases, ({ kind }) => kind, 'fault')}

${summaryTable(cases, ({ operation }) => operation, 'change')}

${outcomes(cases)}

${failures(cases)}
`;
}
