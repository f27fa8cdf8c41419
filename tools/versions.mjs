#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Runs the tests on OP-TEE, Linux and libteec of other ages and configurations, and writes docs/versions.md of it.
 *
 *   npm run test:versions                 runs the tests on every version that is here, for an hour or two
 *   npm run test:versions -- sid rpmb     on these
 *   npm run test:versions -- --report     only writes the report, of what was run last
 *
 * What came of each version is kept in test/versions/records.json. A version whose parts have gone from the mirror is named
 * and left out; what it did the last time stays in the report. The exit code is 1 if a test failed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureImages } from '../machine/boot-image.mjs';
import { VERSIONS } from '../machine/versions.mjs';
import { ROOT } from './lib/paths.mjs';
import { say } from './lib/progress.mjs';
import { SetupError } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { ensureNpm } from './setup.mjs';
import { doctorOf } from './versions/doctor.mjs';
import { readRecords, writeRecords } from './versions/records.mjs';
import { reportOf } from './versions/report.mjs';
import { SUITES, suitesOf } from './versions/suites.mjs';

/** @typedef {import('./versions/records.mjs').Outcome} Outcome */

const REPORT = path.join(ROOT, 'docs', 'versions.md');

/** @param {string} version @param {import('./versions/suites.mjs').SuiteName} name @returns {Outcome} */
function runSuite(version, name) {
  const { project, file, only, env } = SUITES[name];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'secstor-versions-'));
  const output = path.join(folder, 'result.json');
  const chosen = [`--selectProjects=${project}`, '--testPathPatterns', file, ...(only ? ['-t', only(version)] : [])];
  const args = ['run', '--silent', 'jest', '--', ...chosen, '--runInBand', '--json', `--outputFile=${output}`];
  say(`${version}: ${name} …`);
  // Its summary is written to the file too.
  spawnSync('npm', args, {
    cwd: ROOT,
    env: { ...process.env, ...env, OPTEE_MACHINE_VERSION: version },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    return outcomeOf(JSON.parse(readFileSync(output, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @typedef {{ status: string, fullName: string }} Assertion
 * @param {{ testResults: { assertionResults: Assertion[], status: string, message: string }[] }} result as jest writes it
 * @returns {Outcome}
 */
function outcomeOf({ testResults }) {
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failures = all.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  const broken = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return {
    passed: all.filter(({ status }) => status === 'passed').length,
    failures: [...failures, ...broken.map(({ message }) => message.trim().split('\n')[0] ?? '')],
  };
}

/** Whether its parts are there, or can be had. @param {string} version */
async function isHere(version) {
  try {
    await ensureImages(version);
    return true;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stdout.write(`LEFT OUT ${version}: ${error.message}\n`);
    return false;
  }
}

/** @param {string} version @returns {Promise<number>} how many tests failed */
async function runVersion(version) {
  /** @type {Record<string, Outcome>} */
  const suites = {};
  for (const name of suitesOf(version)) {
    const outcome = runSuite(version, name);
    suites[name] = outcome;
    process.stdout.write(`${version} ${name}: ${outcome.passed} passed, ${outcome.failures.length} failed\n`);
    for (const failure of outcome.failures) process.stdout.write(`  FAILED ${failure}\n`);
  }
  const doctor = await doctorOf(version);
  const date = new Date().toISOString().slice(0, 10);
  writeRecords({ ...readRecords(), [version]: { date, suites, doctor } });
  return Object.values(suites).reduce((sum, { failures }) => sum + failures.length, 0);
}

async function main() {
  const names = Object.keys(VERSIONS);
  const { values, positionals } = readArguments(import.meta.url, { options: { report: { type: 'boolean' } }, names });
  await ensureNpm();
  let failed = 0;
  for (const version of values.report ? [] : positionals.length > 0 ? positionals : names)
    if (await isHere(version)) failed += await runVersion(version);
  writeFileSync(REPORT, reportOf(readRecords()));
  say(`${path.relative(ROOT, REPORT)} is written`);
  if (failed > 0) process.exitCode = 1;
}

runTool(main);
