// SPDX-License-Identifier: MIT
// @ts-check
/** The fuzzers of test/fuzz: building them, and one run of one. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ensureAptGroups } from '../lib/apt.mjs';
import { withLock } from '../lib/lock.mjs';
import { ROOT } from '../lib/paths.mjs';
import { step } from '../lib/progress.mjs';
import { run } from '../lib/run.mjs';

const BUILD = path.join(ROOT, 'build', 'fuzz');
const SOURCES = path.join(ROOT, 'test', 'fuzz');

/**
 * `share`: of the executions of a long run. One of `power` is a whole sweep, and takes that much longer.
 * `few`: executions of a short run beside the kept inputs, which take some seconds.
 * `of`: the target whose inputs it takes, and leaves as they are.
 * @typedef {{ name: string, share: number, few: number, maxLength: number, of?: string }} Target
 */

/** @type {readonly Target[]} */
export const TARGETS = [
  { name: 'commands', share: 0.9, few: 12_000, maxLength: 128 },
  { name: 'storage', share: 0.065, few: 5000, maxLength: 200 },
  // OP-TEE 3.16, whose API has sizes of 32 bits.
  { name: 'storage_32', share: 0.01, few: 5000, maxLength: 200, of: 'storage' },
  { name: 'sessions', share: 0.01, few: 2500, maxLength: 1600 },
  { name: 'power', share: 0.015, few: 3000, maxLength: 160 },
];

/** Inputs that are kept: of all kinds, and those that once showed a defect. */
export const corpusOf = (/** @type {Target} */ { name, of }) => path.join(SOURCES, 'corpus', of ?? name);
export const findingsOf = (/** @type {Target} */ { name, of }) => path.join(SOURCES, 'findings', of ?? name);
/** What a long run has come upon; the next one begins with it. */
export const workOf = (/** @type {Target} */ { name }) => path.join(BUILD, 'work', name);
/** Inputs that showed a defect just now. */
export const CRASHES = path.join(BUILD, 'crashes');

/** @param {string} folder @returns {string[]} */
export function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => path.join(folder, name));
}

/**
 * @param {string} folder
 * @param {readonly string[]} settings of CMake
 * @param {number} jobs
 */
export async function buildFuzzers(folder, settings, jobs) {
  const all = ['-DCMAKE_C_COMPILER=clang', '-DCMAKE_BUILD_TYPE=RelWithDebInfo', ...settings];
  await run('cmake', ['-S', SOURCES, '-B', folder, ...all]);
  await run('cmake', ['--build', folder, '--parallel', String(jobs)]);
}

/** @param {number} jobs */
export async function ensureFuzzers(jobs) {
  await ensureAptGroups('native', 'ta-tests');
  mkdirSync(CRASHES, { recursive: true });
  await withLock(`${BUILD}.lock`, () => step('Building the fuzzers', () => buildFuzzers(BUILD, [], jobs)));
}

/**
 * Stack traces of allocations are for reports; without them all is twice as quick. Leaks show in the TA's own heap,
 * which the software TEE looks at.
 */
const FAST = 'malloc_context_size=0:detect_leaks=0';

/**
 * @typedef {object} Result
 * @property {boolean} ok
 * @property {number} executions
 * @property {number} covered places in the TA, of libFuzzer's counting
 * @property {string} output its end
 */

/**
 * Runs a fuzzer to its end.
 * @param {Target} target
 * @param {readonly string[]} args of libFuzzer
 * @param {(executions: number, perSecond: number) => void} [onProgress]
 * @returns {Promise<Result>}
 */
export function runFuzzer(target, args, onProgress) {
  const program = path.join(BUILD, 'bin', `fuzz_${target.name}`);
  const prefix = path.join(CRASHES, `${target.name}-`);
  const options = [`-max_len=${target.maxLength}`, `-artifact_prefix=${prefix}`, '-timeout=25', '-print_final_stats=1'];
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...options, ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? FAST },
    });
    const state = { executions: 0, covered: 0, output: '' };
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      state.output = (state.output + text).slice(-20_000);
      const status = [...text.matchAll(/^#(\d+)\s.*cov: (\d+).*exec\/s: (\d+)/gm)].at(-1);
      if (!status) return;
      state.executions = Number(status[1]);
      state.covered = Number(status[2]);
      onProgress?.(state.executions, Number(status[3]));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const total = /stat::number_of_executed_units:\s*(\d+)/.exec(state.output);
      resolve({ ...state, ok: code === 0, executions: Number(total?.[1] ?? state.executions) });
    });
  });
}

/** What a report says first, without libFuzzer's own frames. @param {string} output */
export function essence(output) {
  const lines = output.split('\n');
  const first = lines.findIndex((line) => /FAILED|ERROR: |runtime error/.test(line));
  return lines
    .slice(Math.max(0, first))
    .filter((line) => !/fuzzer::|libc|^0x|^\\/.test(line))
    .slice(0, 25)
    .join('\n');
}
