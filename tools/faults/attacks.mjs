// SPDX-License-Identifier: MIT
// @ts-check
/** The report's section about attacks, limits and what dies (test/e2e), and how they are run whole. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { readRecords, table } from './records.mjs';

/**
 * @typedef {object} Case a test.
 * @property {string} file
 * @property {string[]} groups that it is in
 * @property {string} title
 * @property {string} status as jest has it
 */

/** @typedef {{ testResults: { name: string, assertionResults: { ancestorTitles: string[], title: string, status: string }[] }[] }} Report */

const FILES = ['attacks', 'limits', 'failures'].map((name) => `test/e2e/${name}.test.ts`);

/** @param {string} folder */
const casesIn = (folder) =>
  /** @type {Case[]} */ (
    readRecords(path.join(folder, 'attacks.jsonl'), ({ file, groups, title }) => [file, ...groups, title].join('|'))
  );

/** Whether all of it was run with these sources, and nothing failed. @param {string} folder with the records. */
export function isRecorded(folder) {
  const cases = casesIn(folder);
  const ran = FILES.every((file) => cases.some((entry) => entry.file === file));
  return ran && cases.every(({ status }) => status === 'passed');
}

/**
 * Runs all of it, which takes a quarter of an hour, and records what came of it.
 *
 * @param {string} folder for the records.
 * @returns {boolean} whether nothing failed.
 */
export function runAttacks(folder) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'optee-attacks-'));
  try {
    const output = path.join(scratch, 'report.json');
    const args = [
      ...FILES,
      '--selectProjects',
      'attacks',
      'e2e',
      '--runInBand',
      '--verbose',
      '--json',
      `--outputFile=${output}`,
    ];
    const env = { ...process.env, OPTEE_FAULTS_RECORDS: folder, OPTEE_TEST_LONG: '1' };
    const command = ['run', '--silent', 'jest', '--', ...args];
    const { status } = spawnSync('npm', command, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] });
    const { testResults } = /** @type {Report} */ (JSON.parse(readFileSync(output, 'utf8')));
    const lines = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ ancestorTitles: groups, title, status }) =>
        JSON.stringify({ file: path.relative(ROOT, name), groups, title, status }),
      ),
    );
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'attacks.jsonl'), `${lines.join('\n')}\n`);
    return status === 0;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Of the operations on everybody else's keys. @param {string} folder */
function matrixIn(folder) {
  return /** @type {{ attempts: number, successes: number }[]} */ (
    readRecords(path.join(folder, 'matrix.jsonl'), () => '')
  );
}

/** How many such operations were tried, and how many of them had success. @param {string} folder */
export function attacksFigure(folder) {
  const sum = (/** @type {'attempts' | 'successes'} */ of) =>
    matrixIn(folder).reduce((total, entry) => total + entry[of], 0);
  return { tried: sum('attempts'), wrong: sum('successes') };
}

/** @param {string} folder with the records. */
export function attacksSection(folder) {
  const cases = casesIn(folder);
  const [attacks = [], limits = [], failures = []] = FILES.map((name) => cases.filter(({ file }) => file === name));
  const failed = (/** @type {readonly Case[]} */ all) => all.filter(({ status }) => status !== 'passed');
  const groups = [...new Set(attacks.map((entry) => entry.groups[0] ?? ''))];
  const rows = groups.map((group) => {
    const of = attacks.filter((entry) => entry.groups[0] === group);
    return [group, of.length, failed(of).length];
  });
  const matrix = matrixIn(folder);
  const sums = matrix.map(({ attempts, successes }) => `${successes} of ${attempts}`).join('');
  const lost = failed(cases).map(({ groups, title }) => `- FAILED: ${[...groups, title].join(', ')}`);
  return `## Attacks

    npm run test:faults -- attacks

Each of [these attacks](security.md#attacks-that-were-tried) is a test that fails if the attack has success. Some tests show
what [cannot be stopped](security.md#attacks-that-were-tried), and fail if it were otherwise than said there. Of the operations that everybody tried on everybody else's keys ${sums || 'none were tried yet and'} had success.

${table([['about', 'tests', 'failed'], ...rows])}

## At the limits, and with a secure world that dies or hangs

- \`test/e2e/limits.test.ts\`, ${limits.length} tests, ${failed(limits).length} failed: a full disk, a full heap of the Trusted Application,
  and more sessions than OP-TEE has memory for (of one process and of many). Also more callers than the secure world has threads, and all
  threads hanging. \`test/conformance/quota.ts\`: full quotas. Nothing is lost, and all works when there is room again.
- \`test/e2e/failures.test.ts\`, ${failures.length} tests, ${failed(failures).length} failed: no device, supplicant or Trusted Application, ones that die, two
  processes of one user at once, clients killed during their puts.
- \`test/e2e/hang.test.ts\`, in each \`npm test\`: the tee-supplicant stopped by a signal. Every method rejects at its deadline, the
  process reads files meanwhile as fast as before and ends when it likes, and when the supplicant goes on so does the store.
${lost.length > 0 ? `\n${lost.join('\n')}\n` : ''}`;
}
