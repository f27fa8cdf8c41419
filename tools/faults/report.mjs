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

What was tried on a real OP-TEE 4.5 (the machine of \`tools/machine/README.md\`), how often, and what happened. Written by
\`npm run test:faults\` from its records; do not edit it. Sources: ${path.basename(folder)}.

    npm run test:faults                          all of it, for hours; a run that was ended goes on where it was
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
