// SPDX-License-Identifier: MIT
// @ts-check
/** The report's section about test/faults/sweep.test.ts. */
import path from 'node:path';
import { counts, readRecords, table, triedAgain } from './records.mjs';

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
 * @property {boolean} crashed
 * @property {string[]} wrong
 * @property {string} [why]
 */
/** @typedef {{ operation: string, trace: string }} Rehearsal */

const keyOf = (/** @type {Case} */ { operation, kind, at }) => [operation, kind, at].join('|');

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
  const crashed = cases.filter((entry) => entry.crashed);
  const crashes = counts(crashed.map(({ kind }) => kind)).map(([kind, count]) => `${kind} ${count}`);
  return `How the change ended for its caller ("off": the machine had stopped; "crashed": OP-TEE had).

${codes.join(', ')}.
${retries === 0 ? 'Once what had died was started again, no call failed any more.' : `After that, at most ${retries} more calls of one process failed until the store worked again.`}

- ${cases.filter(({ ended }) => ended).length} times a process had to be ended before another supplicant could start. A supplicant that is killed during
  a request leaves its client waiting, in Linux and OP-TEE. The device is busy until that client has ended
  (\`test/e2e/machine-faults.test.ts\` shows it without any code of this package).
- ${crashed.length} times OP-TEE itself crashed, and the machine had to be rebooted (${crashes.join(', ')}). Mostly, reading its directory of objects had
  failed, after which OP-TEE 4.5 uses a tree that it has closed ([more](security.md#a-directory-that-cannot-be-read)).
  \`test/faults/crash.test.ts\` shows it without any code of this package.`;
}

/** @param {readonly Case[]} cases */
function failures(cases) {
  const wrong = cases.filter((entry) => entry.wrong.length > 0);
  if (wrong.length === 0) return 'No case was wrong.';
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

/** @param {string} folder with the records. @returns {Case[]} */
const casesIn = (folder) => /** @type {Case[]} */ (readRecords(path.join(folder, 'sweep.jsonl'), keyOf));

/** How many were tried, and how many of them were wrong. @param {string} folder */
export function sweepFigure(folder) {
  const cases = casesIn(folder);
  return { tried: cases.length, wrong: cases.filter(({ wrong }) => wrong.length > 0).length };
}

/** @param {string} folder with the records. */
export function sweepSection(folder) {
  const file = path.join(folder, 'sweep.jsonl');
  const cases = casesIn(folder);
  const rehearsals = /** @type {Rehearsal[]} */ (
    readRecords(path.join(folder, 'rehearsals.jsonl'), ({ operation }) => operation)
  );
  return `## A fault at every file operation

Each change below is made with one fault at one of the file operations that the tee-supplicant makes for it. It is then made with the same
fault at the next one, and so on to the last. For values of 1 MiB it is every tenth operation and the last twenty. If every operation
fails from some moment on with EIO, each fourth moment is tried. A library in the tee-supplicant lets the operation
fail, kills the supplicant, or resets the machine. What died is started again, and the process that made the change, or its
successor, then reads the whole store and changes it; another user's store is read too. If the machine was reset or
OP-TEE crashed, power is cut, and after a boot both stores are read again. The same is done after each eighth of the other operations:
here ${cases.filter(({ booted }) => booted).length} of ${cases.length} times. To save the time of a boot, the machine's memory is set back to its state right
after one, before the storage is mounted. The disk stays as it is.

If files cannot be opened from some moment on, OP-TEE's directory of objects is mounted onto itself, as
[docs/security.md](security.md#a-supplicant-that-can-open-no-file) recommends; without that OP-TEE itself loses everything
(\`test/e2e/machine-faults.test.ts\`). A case is wrong unless

- the store holds exactly what it held before, or exactly what it holds after the change (a batch is one change);
- it is the new state if the change was acknowledged, and the old one if the error does not say \`outcomeUnknown\`;
- what was seen once stays so after the boot;
- every call ended at its deadline, or within 3 s after it, because the emulated machine shares its processor. The deadline is 60 s; with a
  killed supplicant, four times what the change takes, and 0.5 s;
- the store goes on working, and the other user's holds what it held.

File operations of each change when nothing goes wrong:

${rehearsalTable(rehearsals)}

${summaryTable(cases, ({ kind }) => kind, 'fault')}

${summaryTable(cases, ({ operation }) => operation, 'change')}

${outcomes(cases)}

${failures(cases)}

${triedAgain(file, keyOf)}
`;
}
