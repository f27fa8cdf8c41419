#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Counts how much of the Trusted Application the TA's tests and the fuzzers' kept inputs run together.
 *
 *   npm run coverage                  counts lines and branches of ta/src that tests run; fails under 90 % of branches
 *   node tools/coverage.mjs --show    the sources with counts
 *
 * What is not run, and why, is in docs/testing.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { TARGETS, buildFuzzers, corpusOf, filesIn, findingsOf } from './fuzz/targets.mjs';
import { ensureAptGroups } from './lib/apt.mjs';
import { withLock } from './lib/lock.mjs';
import { ROOT } from './lib/paths.mjs';
import { step } from './lib/progress.mjs';
import { run, SetupError } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

const LEAST = 90;
const BUILD = path.join(ROOT, 'build', 'coverage');
const PROFILES = path.join(BUILD, 'profiles');
const PROFILE = path.join(BUILD, 'all.profdata');
const JOBS = Math.max(1, Number(process.env.JOBS) || os.availableParallelism());

/** Those that run ta/ itself, each built in its own way; the others run the software TEE with a TA of their own. */
const HOST_PROGRAMS = [
  'command_test',
  'fault_test',
  'life_test',
  'model_test',
  'quota_test',
  'command_32_test',
  'fault_32_test',
  'life_32_test',
];

const SETTINGS = [
  '-DSOFT_TEE_SANITIZE=',
  '-DCMAKE_C_FLAGS=-fprofile-instr-generate -fcoverage-mapping',
  '-DCMAKE_C_COMPILER=clang',
  '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
];

/** @param {string} name */
const taProgram = (name) => path.join(BUILD, 'ta', 'bin', name);
/** @param {string} name */
const fuzzer = (name) => path.join(BUILD, 'fuzz', 'bin', `fuzz_${name}`);

async function build() {
  const folder = path.join(BUILD, 'ta');
  mkdirSync(BUILD, { recursive: true });
  await run('cmake', ['-S', path.join(ROOT, 'test', 'ta'), '-B', folder, ...SETTINGS]);
  const chosen = HOST_PROGRAMS.flatMap((name) => ['--target', name]);
  await run('cmake', ['--build', folder, '--parallel', String(JOBS), ...chosen]);
  await buildFuzzers(path.join(BUILD, 'fuzz'), SETTINGS, JOBS);
}

/** Runs a program whose processes add to one profile. @param {string} program @param {readonly string[]} args */
function profile(program, args) {
  const file = path.join(PROFILES, `${path.basename(program)}-%m.profraw`);
  return run(program, args, { env: { ...process.env, LLVM_PROFILE_FILE: file } });
}

async function runAll() {
  rmSync(PROFILES, { recursive: true, force: true });
  mkdirSync(PROFILES, { recursive: true });
  for (const name of HOST_PROGRAMS) await profile(taProgram(name), []);
  for (const target of TARGETS) {
    const inputs = [...filesIn(corpusOf(target)), ...filesIn(findingsOf(target))];
    if (inputs.length > 0) await profile(fuzzer(target.name), inputs);
  }
  await run('llvm-profdata', ['merge', '-sparse', ...filesIn(PROFILES), '-o', PROFILE]);
}

/** What llvm-cov is to look at. */
function subject() {
  const [first = '', ...others] = [...HOST_PROGRAMS.map(taProgram), ...TARGETS.map(({ name }) => fuzzer(name))];
  const objects = others.flatMap((program) => ['-object', program]);
  return [first, ...objects, `-instr-profile=${PROFILE}`, path.join(ROOT, 'ta', 'src')];
}

/** @typedef {{ count: number, covered: number }} Part */
/** @typedef {{ lines: Part, branches: Part }} Summary */

/** @param {Part} part */
const percent = ({ count, covered }) => (count === 0 ? 100 : (100 * covered) / count);

/** @param {string} name @param {Summary} summary */
function row(name, { lines, branches }) {
  const cell = (/** @type {Part} */ part) =>
    `${percent(part).toFixed(1).padStart(6)} %  ${`${part.covered}/${part.count}`.padStart(10)}`;
  return `${name.padEnd(20)} ${cell(lines)}   ${cell(branches)}\n`;
}

async function report() {
  const text = await run('llvm-cov', ['export', '-summary-only', ...subject()]);
  /** @type {{ data: { files: { filename: string, summary: Summary }[], totals: Summary }[] }} */
  const { data } = JSON.parse(text);
  const [all] = data;
  if (!all || all.files.length === 0) throw new SetupError('llvm-cov knows of no file of ta/src.');
  process.stdout.write(`${'ta/src'.padEnd(20)} ${'lines'.padStart(8)}${' '.repeat(15)}${'branches'.padStart(8)}\n`);
  for (const { filename, summary } of all.files) process.stdout.write(row(path.basename(filename), summary));
  process.stdout.write(row('all', all.totals));
  return percent(all.totals.branches);
}

async function main() {
  const { values } = readArguments(import.meta.url, { options: { show: { type: 'boolean' } } });
  await ensureAptGroups('native', 'ta-tests', 'coverage');
  await withLock(`${BUILD}.lock`, async () => {
    await step('Building the tests of the TA with counters', build);
    await step('Running them', runAll);
  });
  if (values.show) {
    spawnSync('llvm-cov', ['show', '-show-branches=count', ...subject()], { stdio: 'inherit' });
    return;
  }
  const branches = await report();
  const ok = branches >= LEAST;
  process.stdout.write(`${ok ? 'ok' : 'FAILED'} ${branches.toFixed(1)} % of branches, at least ${LEAST} %\n`);
  process.stdout.write(ok ? '1 passed, 0 failed\n' : '0 passed, 1 failed\n');
  process.exitCode = ok ? 0 : 1;
}

runTool(main);
