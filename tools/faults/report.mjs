// SPDX-License-Identifier: MIT
// @ts-check
/** docs/reliability.md, from what test/faults has recorded. */
import path from 'node:path';
import { adversitySection } from './adversity.mjs';
import { damagedSection } from './damaged.mjs';
import { randomSection } from './random.mjs';
import { soakSection } from './soak.mjs';
import { sweepSection } from './sweep.mjs';

/**
 * @param {string} folder with the records.
 * @returns {string}
 */
export function reportOf(folder) {
  return `# Reliability

What was tried on a real OP-TEE 4.5, how often, and what happened. It ran in QEMU, which emulates a 64-bit Arm machine with
its secure world (\`machine/README.md\` of a clone). Not tried, and not shown by this: a board and its storage; a
medium that loses or reorders what it said was written; a system with systemd; other versions of OP-TEE.

\`npm run test:faults\` has written this from its records; do not edit it. They are in \`test/faults/records\`, in a folder named
by a digest of the sources that were tried (of the Trusted Application, the addon, the API, and the library that commits the
faults): here ${path.basename(folder)}. What is recorded is not tried again, so a run that was ended goes on where it was, on another
machine too. To begin anew, remove the folder. In a clone:

    npm run test:faults                          all of it, for hours
    npm run test:faults -- test/faults/sweep     one part: sweep, damaged, random, crash or soak
    npm run test:faults -- adversity             attacks and limits
    npm run test:faults -- -t "batch of five"    one change with all faults
    npm test -- e2e                              a sample, among other tests

${sweepSection(folder)}
${damagedSection(folder)}
${randomSection(folder)}
${soakSection(folder)}
${adversitySection(folder)}`;
}
