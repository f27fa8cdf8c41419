// SPDX-License-Identifier: MIT
// @ts-check
/** docs/reliability.md, from what test/faults has recorded. */
import { attacksFigure, attacksSection } from './attacks.mjs';
import { damagedSection } from './damaged.mjs';
import { randomFigure, randomSection } from './random.mjs';
import { soakSection } from './soak.mjs';
import { sweepFigure, sweepSection } from './sweep.mjs';
import { allRecorded, differences } from './digest/built.mjs';
import { PARTS } from './digest/parts.mjs';
import { table } from './records.mjs';
import { described, failuresIn, samplesIn } from './sample.mjs';
import { SetupError } from '../lib/run.mjs';

/** @typedef {import('./digest/built.mjs').BuiltHere} BuiltHere */
/** @typedef {import('./digest/built.mjs').Recorded} Recorded */

/** @param {Recorded} recorded */
function rowOf({ name, folder, parts, commit, date, whole }) {
  const samples = samplesIn(folder).map(described).join('; ');
  return [name, ...Object.values(parts), `${commit}, ${date}`, whole ?? 'no', samples || 'no'];
}

/**
 * On which digest the whole run was made, if it is not that of what is built now.
 *
 * @param {BuiltHere} here
 * @param {Recorded} reported
 */
function sinceThen({ name, parts, folder }, reported) {
  const changed = differences(parts, reported.parts).map((part) => PARTS[part]);
  if (changed.length === 0) return '';
  const samples = samplesIn(folder);
  const tried =
    samples.length === 0 ? 'It was not tried yet.' : `It was tried in: ${samples.map(described).join('; ')}.`;
  const failures = failuresIn(samples);
  return ` What is built now is ${name}, and differs in: ${changed.join(', ')}. ${tried}${failures && `\n\n${failures}`}`;
}

/** What each digest stands for, and which one the numbers are of. @param {BuiltHere} here @param {Recorded} reported */
function digestSection(here, reported) {
  const head = ['digest', ...Object.values(PARTS), 'built from', 'tried whole', 'tried in a sample'];
  return `All numbers below are of the whole run, on the digest ${reported.name}.${sinceThen(here, reported)}

${table([head, ...allRecorded().map(rowOf)])}

A sample tries some of the faults [at file operations](#a-fault-at-every-file-operation), as many of each change and kind of
fault, at places that follow from the seed. It is for a change of the code; the whole run is for a release.`;
}

/** What most people come for, in one look. @param {string} folder with the records. */
export function figures(folder) {
  const all = [sweepFigure(folder), randomFigure(folder), attacksFigure(folder)];
  const number = (/** @type {number} */ count) => String(count).replace(/\B(?=(\d{3})+$)/g, ' ');
  return `| ${all.map(({ tried }) => `**${number(tried)}**`).join(' | ')} |
| :-: | :-: | :-: |
| faults at file operations of a change | machines, supplicants and clients ended at random moments | operations on keys of other users |
| **${number(all[0]?.wrong ?? 0)}** lost or mixed something | **${number(all[1]?.wrong ?? 0)}** lost or mixed something | **${number(all[2]?.wrong ?? 0)}** had success |`;
}

/**
 * @param {BuiltHere} here what is built now
 * @returns {string}
 */
export function reportOf(here) {
  const reported = allRecorded().find(({ whole }) => whole !== undefined);
  if (!reported) throw new SetupError('Nothing was tried whole yet: npm run test:faults');
  const { folder } = reported;
  return `# Reliability

${figures(folder)}

What was tried on a real OP-TEE 4.5, how often, and what happened. It ran in QEMU, which emulates a 64-bit Arm machine with
its secure world (\`machine/README.md\` of a clone). Not tried: a board and its storage; a medium that loses or reorders
what it said was written; other versions of OP-TEE ([versions.md](versions.md)).

\`npm run test:faults\` has written this from its records; do not edit it. They are in \`test/faults/records\`, in a folder named
by a digest of what was built and tried. It covers the Trusted Application, the addon for arm64, the library that
commits the faults, and the JavaScript from the API to the addon. Comments, names of files and words of errors do not count.
\`npm run test:faults -- --digest\` prints the digest of what is built now ([how](testing.md#faults-on-the-real-thing)).

${digestSection(here, reported)}

What is recorded is not tried again, so a run that was ended goes on where it was, on another machine too. To try it from the
beginning, remove the folder. In a clone:

    npm run test:faults                          all of it, for hours
    npm run test:faults -- test/faults/sweep     one part: sweep, damaged, random, crash or soak
    npm run test:faults -- attacks               attacks and limits
    npm run test:faults -- -t "batch of five"    one change with all faults
    npm run test:faults -- --sample 1000         faults at file operations, spread over all changes and kinds
    npm test -- e2e                              a sample, among other tests

${sweepSection(folder)}
${damagedSection(folder)}
${randomSection(folder)}
${soakSection(folder)}
${attacksSection(folder)}`;
}
