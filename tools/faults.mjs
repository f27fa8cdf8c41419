#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Tries attacks, limits and faults on the OP-TEE machine for hours, and writes docs/reliability.md of what came of it.
 *
 *   npm run test:faults                          tries attacks, limits and faults on the OP-TEE machine, for hours
 *   npm run test:faults -- test/faults/sweep     one file of test/faults
 *   npm run test:faults -- attacks               attacks and limits
 *   npm run test:faults -- -t "batch of five"    the tests with this in their names
 *   npm run test:faults -- --every 20            only each twentieth case, for a first picture
 *   npm run test:faults -- --sample 300          so many faults, spread over all changes and kinds of fault
 *   npm run test:faults -- --sample 300 --seed 7 the same ones as another time
 *   npm run test:faults -- --report              only writes the report, of what was tried so far
 *   npm run test:faults -- --digest              only says what is built here, and whether it was tried
 *
 * What was tried is kept in test/faults/records, in git, by the digest of what is built (tools/faults/digest): what is built
 * to something else is tried from the beginning. A run that was ended goes on where it was, on another machine too.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './lib/paths.mjs';
import { say } from './lib/progress.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments, UsageError } from './lib/usage.mjs';
import { isRecorded, runAttacks } from './faults/attacks.mjs';
import { ensureNpm } from './setup.mjs';

const REPORT = path.join(ROOT, 'docs', 'reliability.md');

function given() {
  return readArguments(import.meta.url, {
    options: {
      report: { type: 'boolean' },
      digest: { type: 'boolean' },
      every: { type: 'string' },
      sample: { type: 'string' },
      seed: { type: 'string' },
      testNamePattern: { type: 'string', short: 't' },
    },
    most: Infinity,
  });
}

/** @param {string} name @param {string | undefined} text @param {number} least */
function wholeNumber(name, text, least) {
  if (text === undefined) return undefined;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least) return number;
  throw new UsageError(
    `--${name} needs a whole number from ${least}, and not "${text}".`,
    fileURLToPath(import.meta.url),
  );
}

/** @param {string} folder for records @param {string[]} args for jest @param {Record<string, string>} env @returns {boolean} whether nothing failed */
function runJest(folder, args, env) {
  const command = ['run', '--silent', 'jest', '--', '--selectProjects', 'faults', '--runInBand', '--verbose', ...args];
  const all = { ...process.env, OPTEE_FAULTS_RECORDS: folder, ...env };
  return spawnSync('npm', command, { cwd: ROOT, env: all, stdio: 'inherit' }).status === 0;
}

/** What is tried in a sample and nowhere else. */
const SAMPLE = 'sample.test.ts';

/** @param {string} folder for records @param {number} size @param {number} [seed] @returns {boolean} whether nothing failed */
function runSample(folder, size, seed = Date.now() % 1_000_000) {
  say(`${size} cases with the seed ${seed}; --sample ${size} --seed ${seed} tries the same ones`);
  const env = { OPTEE_FAULTS_SAMPLE: String(size), OPTEE_FAULTS_SEED: String(seed) };
  return runJest(folder, ['--testPathPatterns', SAMPLE], env);
}

/**
 * Tries all, or what was asked for.
 *
 * @param {string} folder for records
 * @param {ReturnType<typeof given>} asked
 * @returns {boolean} whether nothing failed
 */
function runWhole(folder, { values, positionals }) {
  const isAttacks = positionals.join() === 'attacks';
  const name = values.testNamePattern;
  const isAll = positionals.length === 0 && name === undefined && values.every === undefined;
  const resisted = isAttacks || (isAll && !isRecorded(folder)) ? runAttacks(folder) : true;
  if (isAttacks) return resisted;
  const args = [...(name ? ['-t', name] : []), '--testPathIgnorePatterns', SAMPLE, '--', ...positionals];
  return runJest(folder, args, { OPTEE_FAULTS_EVERY: values.every ?? '1' }) && resisted;
}

async function main() {
  const asked = given();
  const { values, positionals } = asked;
  const size = wholeNumber('sample', values.sample, 1);
  const seed = wholeNumber('seed', values.seed, 0);
  wholeNumber('every', values.every, 1);
  const isPart = positionals.length > 0 || values.testNamePattern !== undefined || values.every !== undefined;
  if (
    (seed !== undefined && size === undefined) ||
    (size !== undefined && (isPart || values.report || values.digest))
  ) {
    throw new UsageError('--sample stands alone or with --seed.', fileURLToPath(import.meta.url));
  }
  await ensureNpm();
  // They need packages.
  const { allRecorded, beginRecords, builtHere, digestText, endRecords } = await import('./faults/digest/built.mjs');
  const { compilers } = await import('./faults/digest/parts.mjs');
  const { reportOf } = await import('./faults/report.mjs');
  const here = await builtHere();
  if (values.digest) {
    process.stdout.write(`${digestText(here, await compilers(), allRecorded())}\n`);
    return;
  }
  if (!values.report) {
    await beginRecords(here);
    const isRight = size === undefined ? runWhole(here.folder, asked) : runSample(here.folder, size, seed);
    if (!isRight) process.exitCode = 1;
    if (isRight && size === undefined && !isPart) endRecords(here);
  }
  if (isPart) return;
  writeFileSync(REPORT, reportOf(here));
  say(`${path.relative(ROOT, REPORT)} is written`);
}

runTool(main);
