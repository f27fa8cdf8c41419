#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Sets up what is missing, then runs every kind of test. It runs two kinds at a time: beside the others most of those on
 * the real OP-TEE (e2e), which take longest and keep one processor busy, and when they have ended the kind that is last in
 * line. What these print is shown after the others. The last line adds them all up.
 *
 *   npm test                sets up what is missing, then runs every kind of test
 *   npm test -- unit e2e    runs only the kinds named
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureAptGroups } from './lib/apt.mjs';
import { conformanceCounts, conformanceTable, isLeftOut, othersLeftOut } from './lib/conformance-counts.mjs';
import { ROOT } from './lib/paths.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { ensureImages } from '../machine/boot-image.mjs';
import { ensureNpm } from './setup.mjs';

/** @typedef {import('./lib/conformance-counts.mjs').Conformance} Conformance */
/** `broken` names what failed, as far as that is known. @typedef {{ passed: number, failed: number, broken?: string[], conformance?: Conformance[], leftOut?: string[] }} Count */

/** What a kind of test prints: kept, and from show() on shown as it comes. */
class Output {
  /** @type {(string | Uint8Array)[] | undefined} */
  #kept = [];

  /** @param {string | Uint8Array} chunk */
  write(chunk) {
    if (this.#kept) this.#kept.push(chunk);
    else process.stdout.write(chunk);
  }

  show() {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    for (const chunk of kept) process.stdout.write(chunk);
  }
}

/** @typedef {(output: Output) => Promise<Count>} Kind */

/**
 * @param {Output} output
 * @param {string} program @param {string[]} args
 * @returns {Promise<{ ok: boolean, lastLines: string }>}
 */
function start(output, program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let lastLines = '';
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => {
      output.write(chunk);
      lastLines = (lastLines + chunk.toString('utf8')).slice(-2000);
    });
    child.stderr.on('data', (/** @type {Buffer} */ chunk) => output.write(chunk));
    child.on('error', (error) => resolve({ ok: false, lastLines: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, lastLines }));
  });
}

/**
 * A command that closes with 'N passed, N failed'.
 * @param {string} script @param {string[]} args
 * @returns {Kind}
 */
function counted(script, ...args) {
  return async (output) => {
    const { ok, lastLines } = await start(output, process.execPath, [script, ...args]);
    const found = [...lastLines.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
    const count = { passed: Number(found?.[1] ?? 0), failed: Number(found?.[2] ?? 0) };
    // A command that broke off counts as a failure, whatever it had counted.
    if (!ok && count.failed === 0) count.failed = 1;
    return count;
  };
}

/** A step that works or not. @param {string} program @param {string[]} args @returns {Kind} */
function single(program, ...args) {
  return async (output) => {
    const { ok } = await start(output, program, args);
    return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  };
}

/** @typedef {import('./lib/conformance-counts.mjs').Case & { fullName: string, failureMessages: string[] }} Case */
/** @typedef {{ testResults: { name: string, message: string, assertionResults: Case[] }[] }} Report */

/** What did not pass in a report of jest, and the beginning of why. @param {Report} report */
function brokenOf({ testResults }) {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = path.relative(ROOT, name);
    if (assertionResults.length === 0) return [`${file}: ${message}`];
    return assertionResults
      .filter((result) => result.status !== 'passed' && !isLeftOut(result))
      .map(({ fullName, status, failureMessages }) => `${file}: ${fullName}: ${status}\n${failureMessages.join('\n')}`);
  });
}

/** One project of jest.config.js. @param {string} project @returns {Kind} */
function jest(project) {
  return async (output) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'optee-test-'));
    try {
      const report = path.join(folder, 'report.json');
      // A test that failed may leave something running; it must not keep the others from being run.
      const jestArgs = ['--runInBand', '--forceExit', '--verbose', '--json', `--outputFile=${report}`];
      const args = ['--selectProjects', project, ...jestArgs];
      const { ok } = await start(output, 'npm', ['run', '--silent', 'jest', '--', ...args]);
      const result = JSON.parse(readFileSync(report, 'utf8'));
      const cases = /** @type {Report} */ (result).testResults.flatMap(({ assertionResults }) => assertionResults);
      const skipped = result.numPendingTests - cases.filter(isLeftOut).length;
      const failed = result.numFailedTests + result.numRuntimeErrorTestSuites + skipped;
      const counts = { passed: result.numPassedTests, failed: failed || (ok ? 0 : 1) };
      return {
        ...counts,
        broken: brokenOf(result),
        conformance: conformanceCounts(cases),
        leftOut: othersLeftOut(cases),
      };
    } catch {
      return { passed: 0, failed: 1 };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/** Without it nothing after it means anything. */
const FIRST = 'build';
/** It runs beside the others. */
const BESIDE = 'e2e';

/** In this order, the shortest last, so that both halves end at about the same time. @type {Readonly<Record<string, Kind>>} */
const KINDS = {
  [FIRST]: single('npm', 'run', '--silent', 'build'),
  check: counted('tools/check.mjs'),
  unit: jest('unit'),
  ta: counted('tools/ta-tests.mjs'),
  attacks: jest('attacks'),
  sanitizers: counted('tools/sanitizers.mjs'),
  package: jest('package'),
  conformance: jest('conformance'),
  native: jest('native'),
  prebuilds: counted('tools/check-prebuilds.mjs', '--make'),
  adapters: jest('adapters'),
  fuzz: counted('tools/fuzz.mjs'),
  coverage: counted('tools/coverage.mjs'),
  [BESIDE]: jest('e2e'),
};

/** @typedef {Count & { kind: string, seconds: string }} Result */

/** @param {string} kind @param {Output} output @returns {Promise<Result>} */
async function runKind(kind, output) {
  output.write(`\n=== ${kind} ===\n`);
  const begun = Date.now();
  const count = await /** @type {Kind} */ (KINDS[kind])(output);
  return { kind, ...count, seconds: ((Date.now() - begun) / 1000).toFixed(0) };
}

/** @param {string} kind @returns {Promise<Result>} */
function runShown(kind) {
  const output = new Output();
  output.show();
  return runKind(kind, output);
}

/** What the machine boots from takes as long as the build. If it fails, so will what needs it, which counts that. */
async function prepareMachine() {
  await ensureAptGroups('machine');
  await ensureImages();
}

/** @param {readonly string[]} kinds @returns {Promise<Result[]>} */
async function runAll(kinds) {
  const images = kinds.includes(BESIDE) ? prepareMachine().catch(() => {}) : undefined;
  const results = kinds.includes(FIRST) ? [await runShown(FIRST)] : [];
  await images;
  if (results.some(({ failed }) => failed > 0)) return results;

  const waiting = kinds.filter((kind) => kind !== FIRST && kind !== BESIDE);
  const output = new Output();
  const runBeside = async () => {
    if (!kinds.includes(BESIDE)) return;
    for (let kind = BESIDE; kind; kind = waiting.pop() ?? '') results.push(await runKind(kind, output));
  };
  const beside = runBeside();
  for (let kind = waiting.shift(); kind; kind = waiting.shift()) results.push(await runShown(kind));
  output.show();
  await beside;
  const place = (/** @type {Result} */ { kind }) => kinds.indexOf(kind);
  return results.sort((a, b) => place(a) - place(b));
}

/** So much that many fit into the end of a log; all of it is further above. @param {string} what */
function beginningOf(what) {
  const lines = what.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  return lines
    .slice(0, 4)
    .map((line) => line.slice(0, 160))
    .join('\n  ');
}

/** @param {readonly Result[]} results */
function tell(results) {
  // Once more at the end, where it is found in a log of thousands of lines.
  for (const { kind, broken = [] } of results) {
    for (const what of broken) process.stdout.write(`FAILED ${kind} ${beginningOf(what)}\n`);
  }
  const conformance = results.flatMap((count) => count.conformance ?? []);
  process.stdout.write(conformance.length > 0 ? `\n${conformanceTable(conformance).join('\n')}\n\n` : '\n');
  for (const { kind, passed, failed, seconds, leftOut = [] } of results) {
    process.stdout.write(`${kind.padEnd(11)} ${passed} passed, ${failed} failed (${seconds} s)\n`);
    for (const what of leftOut) process.stdout.write(`    ${what}\n`);
  }
  const sum = (/** @type {'passed' | 'failed'} */ which) => results.reduce((total, count) => total + count[which], 0);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
  process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;
}

async function main() {
  const kinds = Object.keys(KINDS);
  const { positionals: asked } = readArguments(import.meta.url, { options: {}, names: kinds });
  await ensureNpm();
  tell(await runAll(kinds.filter((kind) => asked.length === 0 || asked.includes(kind))));
}

runTool(main);
