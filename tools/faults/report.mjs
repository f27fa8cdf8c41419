// SPDX-License-Identifier: MIT
// @ts-check
/** docs/reliability.md, from what test/faults has recorded. */
import path from 'node:path';
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
    npm run test:faults -- -t "batch of five"    one change with all faults
    npm test -- e2e                              a sample, among other tests

${sweepSection(folder)}
${damagedSection(folder)}
${randomSection(folder)}
${soakSection(folder)}
## At the limits, and with a secure world that hangs

\`npm test -- adversity e2e\` has these each time, as they take a minute; each test says which error comes:

- \`test/e2e/limits.test.ts\`: a full disk, a full heap of the Trusted Application, more sessions than OP-TEE has memory
  for (of one process and of many), more callers than the secure world has threads, all threads hanging;
  \`test/conformance/quota.ts\`: full quotas. Nothing is lost, and all works when there is room again.
- \`test/e2e/hang.test.ts\`: the tee-supplicant stopped by a signal. Every method rejects at its deadline, the process reads
  files meanwhile as fast as before and ends when it likes, and when the supplicant goes on so does the store.
`;
}
