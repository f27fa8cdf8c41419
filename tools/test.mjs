#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * `npm test`: sets up what is missing, then runs every kind of test, from the quickest to the real OP-TEE. The last
 * line adds them all up. `npm test -- unit e2e` runs only the kinds named.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { conformanceCounts, conformanceTable, isLeftOut } from './lib/conformance-counts.mjs';
import { ROOT } from './lib/paths.mjs';
import { ensureNpm } from './setup.mjs';

/** @typedef {import('./lib/conformance-counts.mjs').Conformance} Conformance */
/** `broken` names what failed, as far as that is known. @typedef {{ passed: number, failed: number, broken?: string[], conformance?: Conformance[] }} Count */

/**
 * Runs a command with its output shown as it comes.
 * @param {string} program @param {string[]} args
 * @returns {Promise<{ ok: boolean, lastLines: string }>}
 */
function show(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let lastLines = '';
    child.stdout.on('data', (/** @type {Buffer} */ chunk) => {
      process.stdout.write(chunk);
      lastLines = (lastLines + chunk.toString('utf8')).slice(-2000);
    });
    child.on('error', (error) => resolve({ ok: false, lastLines: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, lastLines }));
  });
}

/**
 * A command that closes with 'N passed, N failed'.
 * @param {string} script @param {string[]} args
 * @returns {Promise<Count>}
 */
async function counted(script, ...args) {
  const { ok, lastLines } = await show(process.execPath, [script, ...args]);
  const found = [...lastLines.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const count = { passed: Number(found?.[1] ?? 0), failed: Number(found?.[2] ?? 0) };
  // A command that broke off counts as a failure, whatever it had counted.
  if (!ok && count.failed === 0) count.failed = 1;
  return count;
}

/** A step that works or not. @param {string} program @param {string[]} args @returns {Promise<Count>} */
async function single(program, ...args) {
  const { ok } = await show(program, args);
  return ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
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

/** One project of jest.config.js. @param {string} project @returns {Promise<Count>} */
async function jest(project) {
  const folder = mkdtempSync(path.join(tmpdir(), 'optee-test-'));
  try {
    const report = path.join(folder, 'report.json');
    // A test that failed may leave something running; it must not keep the others from being run.
    const jestArgs = ['--runInBand', '--forceExit', '--verbose', '--json', `--outputFile=${report}`];
    const args = ['--selectProjects', project, ...jestArgs];
    const { ok } = await show('npm', ['run', '--silent', 'jest', '--', ...args]);
    const result = JSON.parse(readFileSync(report, 'utf8'));
    const cases = /** @type {Report} */ (result).testResults.flatMap(({ assertionResults }) => assertionResults);
    const skipped = result.numPendingTests - cases.filter(isLeftOut).length;
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites + skipped;
    const counts = { passed: result.numPassedTests, failed: failed || (ok ? 0 : 1) };
    return { ...counts, broken: brokenOf(result), conformance: conformanceCounts(cases) };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** In this order; without `build` nothing after it means anything. @type {Record<string, () => Promise<Count>>} */
const KINDS = {
  check: () => counted('tools/check.mjs'),
  build: () => single('npm', 'run', '--silent', 'build'),
  unit: () => jest('unit'),
  conformance: () => jest('conformance'),
  host: () => counted('tools/host-tests.mjs'),
  fuzz: () => counted('tools/fuzz.mjs'),
  coverage: () => counted('tools/coverage.mjs'),
  native: () => jest('native'),
  prebuilds: () => counted('tools/check-prebuilds.mjs', '--make'),
  sanitizers: () => counted('tools/sanitizers.mjs'),
  'ways-in': () => jest('ways-in'),
  package: () => jest('package'),
  e2e: () => jest('e2e'),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((kind) => !(kind in KINDS));
if (unknown.length > 0) {
  process.stderr.write(`Unknown kind of test: ${unknown.join(' ')}. There are: ${Object.keys(KINDS).join(' ')}\n`);
  process.exit(2);
}

await ensureNpm();
/** @type {(Count & { kind: string, seconds: string })[]} */
const results = [];
for (const [kind, runKind] of Object.entries(KINDS)) {
  if (asked.length > 0 && !asked.includes(kind)) continue;
  process.stdout.write(`\n=== ${kind} ===\n`);
  const start = Date.now();
  const count = await runKind();
  results.push({ kind, ...count, seconds: ((Date.now() - start) / 1000).toFixed(0) });
  if (kind === 'build' && count.failed > 0) break;
}

// Once more at the end, where it is found in a log of thousands of lines.
for (const { kind, broken = [] } of results) {
  for (const what of broken) process.stdout.write(`\nFAILED ${kind} ${what.split('\n').slice(0, 30).join('\n  ')}\n`);
}
const conformance = results.flatMap((count) => count.conformance ?? []);
process.stdout.write(conformance.length > 0 ? `\n${conformanceTable(conformance).join('\n')}\n\n` : '\n');
for (const { kind, passed, failed, seconds } of results) {
  process.stdout.write(`${kind.padEnd(11)} ${passed} passed, ${failed} failed (${seconds} s)\n`);
}
const total = results.reduce(
  (sum, { passed, failed }) => ({ passed: sum.passed + passed, failed: sum.failed + failed }),
  {
    passed: 0,
    failed: 0,
  },
);
process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
