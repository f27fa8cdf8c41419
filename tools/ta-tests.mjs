#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Builds and runs the Trusted Application's tests on this machine, with sanitizers.
 *
 *   node tools/ta-tests.mjs [text]    only the cases whose names contain the text
 *
 * Prints a line for each case and, last, 'N passed, N failed'. The environment variable JOBS says how many compilers
 * and test programs may run at once.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkApi } from './ta/api.mjs';
import { checkGrowth } from './ta/growth.mjs';
import { ensureAptGroups } from './lib/apt.mjs';
import { withLock } from './lib/lock.mjs';
import { ROOT } from './lib/paths.mjs';
import { step } from './lib/progress.mjs';
import { run } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

const BUILD = path.join(ROOT, 'build', 'ta-tests');
const THREAD_BUILD = path.join(ROOT, 'build', 'ta-tests-thread');
const JOBS = Math.max(1, Number(process.env.JOBS) || os.availableParallelism());

/** @param {string} folder @param {string} sanitizers @param {readonly string[]} targets */
async function build(folder, sanitizers, ...targets) {
  const settings = [
    '-DCMAKE_C_COMPILER=clang',
    '-DCMAKE_BUILD_TYPE=RelWithDebInfo',
    `-DSOFT_TEE_SANITIZE=${sanitizers}`,
  ];
  const chosen = targets.flatMap((target) => ['--target', target]);
  await run('cmake', ['-S', path.join(ROOT, 'test', 'ta'), '-B', folder, ...settings]);
  await run('cmake', ['--build', folder, '--parallel', String(JOBS), ...chosen]);
}

/** @typedef {{ passed: number, failed: number }} Count */

/**
 * Runs one program of test cases. What it prints is shown when it has ended, so that programs do not mix.
 * @param {string} program
 * @param {string} title said with each of its cases
 * @param {readonly string[]} args
 * @returns {Promise<Count>}
 */
function runProgram(program, title, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => {
      const lines = output.split('\n').map((line) => line.replace(/^(ok|FAILED) /, `$1 ${title}: `));
      process.stdout.write(lines.join('\n'));
      const passed = lines.filter((line) => line.startsWith('ok ')).length;
      const failed = lines.filter((line) => line.startsWith('FAILED ')).length;
      // A program that broke off is a failure, whatever it had counted.
      resolve({ passed, failed: failed || (code === 0 ? 0 : 1) });
    });
  });
}

/**
 * @param {string} title
 * @param {readonly { name: string, problem: string | undefined }[]} results
 * @returns {Count}
 */
function report(title, results) {
  for (const { name, problem } of results) {
    process.stdout.write(problem === undefined ? `ok ${title}: ${name}\n` : `${problem}FAILED ${title}: ${name}\n`);
  }
  const failed = results.filter(({ problem }) => problem !== undefined).length;
  return { passed: results.length - failed, failed };
}

/**
 * Does the tasks, as many at once as there are jobs.
 * @param {(() => Promise<Count>)[]} tasks
 * @returns {Promise<Count>} the sum
 */
async function runAll(tasks) {
  const total = { passed: 0, failed: 0 };
  const waiting = [...tasks];
  const work = async () => {
    for (let task = waiting.shift(); task; task = waiting.shift()) {
      const { passed, failed } = await task();
      total.passed += passed;
      total.failed += failed;
    }
  };
  await Promise.all(Array.from({ length: JOBS }, work));
  return total;
}

async function main() {
  const { positionals: args } = readArguments(import.meta.url, { options: {}, most: 1 });
  await ensureAptGroups('native', 'ta-tests');
  mkdirSync(path.dirname(BUILD), { recursive: true });
  await withLock(`${BUILD}.lock`, () =>
    step("Building the TA's tests", async () => {
      await build(BUILD, 'address,undefined');
      await build(THREAD_BUILD, 'thread', 'libteec_test');
    }),
  );

  const names = readFileSync(path.join(BUILD, 'programs.txt'), 'utf8').trim().split('\n');
  const tasks = names.map((name) => () => runProgram(path.join(BUILD, 'bin', name), name, args));
  const threaded = path.join(THREAD_BUILD, 'bin', 'libteec_test');
  tasks.push(() => runProgram(threaded, 'libteec_test with the thread sanitizer', args));
  if (args.length === 0) {
    tasks.push(async () => report('api', await checkApi(BUILD)));
    tasks.push(async () => report('growth', await checkGrowth(1)));
  }
  const { passed, failed } = await runAll(tasks);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

runTool(main);
