#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Tries attacks, limits and faults on the OP-TEE machine for hours, and writes docs/reliability.md of what came of it.
 *
 *   npm run test:faults                          tries attacks, limits and faults on the OP-TEE machine, for hours
 *   npm run test:faults -- test/faults/sweep     one file of test/faults
 *   npm run test:faults -- adversity             attacks and limits
 *   npm run test:faults -- -t "batch of five"    the tests with this in their names
 *   npm run test:faults -- --every 20            only each twentieth case, for a first picture
 *   npm run test:faults -- --report              only writes the report, of what was tried so far
 *   npm run test:faults -- --digest              only says what is built here, and whether it was tried
 *
 * What was tried is kept in test/faults/records, in git, by the digest of what is built (tools/faults/digest): what is built
 * to something else is tried from the beginning. A run that was ended goes on where it was, on another machine too.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { say } from './lib/progress.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { isRecorded, runAdversity } from './faults/adversity.mjs';
import { ensureNpm } from './setup.mjs';

const REPORT = path.join(ROOT, 'docs', 'reliability.md');

function given() {
  return readArguments(import.meta.url, {
    options: {
      report: { type: 'boolean' },
      digest: { type: 'boolean' },
      every: { type: 'string' },
      testNamePattern: { type: 'string', short: 't' },
    },
    most: Infinity,
  });
}

/** Runs files of test/faults. @param {string} folder for records @param {ReturnType<typeof given>} asked @returns {boolean} whether nothing failed */
function runTests(folder, { values, positionals }) {
  const command = ['run', '--silent', 'jest', '--', '--selectProjects', 'faults', '--runInBand', '--verbose'];
  if (values.testNamePattern) command.push('-t', values.testNamePattern);
  const env = { ...process.env, OPTEE_FAULTS_RECORDS: folder, OPTEE_FAULTS_EVERY: values.every ?? '1' };
  return spawnSync('npm', [...command, ...positionals], { cwd: ROOT, env, stdio: 'inherit' }).status === 0;
}

async function main() {
  const asked = given();
  const { values, positionals } = asked;
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
  const isWhole = positionals.length === 0 && values.testNamePattern === undefined && values.every === undefined;
  const isAdversity = positionals.join() === 'adversity';
  let failed = false;
  if (!values.report) await beginRecords(here);
  if (!values.report && (isAdversity || (isWhole && !isRecorded(here.folder)))) failed = !runAdversity(here.folder);
  if (!values.report && !isAdversity) failed = !runTests(here.folder, asked) || failed;
  if (isWhole && !values.report && !failed) endRecords(here);
  if (values.report || isWhole) {
    writeFileSync(REPORT, reportOf(here));
    say(`${path.relative(ROOT, REPORT)} is written`);
  }
  if (failed) process.exitCode = 1;
}

runTool(main);
