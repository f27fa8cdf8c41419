#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Runs the addon's tests with its C++ built for sanitizers. One is for addresses, leaks and undefined behaviour, the other
 * for threads. libteec is a fake one or the real TA over the software TEE, built in the same way.
 *
 *   npm run test:sanitizers                                     runs the addon's tests under both sanitizers
 *   node tools/sanitizers.mjs [address|thread] [FILE …] [-t TEXT]    with one; files and cases are chosen as by jest
 *
 * The last line is 'N passed, N failed'. The environment variable JOBS says how many test files may run at once.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { ensureAddon, SANITIZERS } from './native.mjs';
import { ensureNpm } from './setup.mjs';

/** Files in which one call follows another have nothing for the thread sanitizer to see that the others do not have. */
const LEFT_OUT = { address: [], thread: ['native/(parameters|surroundings)'] };

const JOBS = process.env.JOBS ?? String(os.availableParallelism());

/** @typedef {keyof typeof SANITIZERS} Sanitizer */

/**
 * @param {Sanitizer} sanitizer
 * @param {readonly string[]} args for jest
 */
async function test(sanitizer, args) {
  await ensureAddon(sanitizer);
  // Here, so that no test's time is spent on it.
  await run(process.execPath, [path.join(ROOT, 'tools', 'soft-tee.mjs'), SANITIZERS[sanitizer]]);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'optee-sanitizers-'));
  try {
    const report = path.join(folder, 'report.json');
    const leftOut = LEFT_OUT[sanitizer].flatMap((pattern) => ['--testPathIgnorePatterns', pattern]);
    const own = ['--selectProjects', 'sanitizers', '--maxWorkers', JOBS, '--json', '--outputFile', report, ...leftOut];
    const { status } = spawnSync('npm', ['run', '--silent', 'jest', '--', ...args, ...own], {
      cwd: ROOT,
      env: { ...process.env, NATIVE_SANITIZER: sanitizer },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, numPendingTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    // A skipped test has failed, unless a part was asked for.
    const skipped = args.length === 0 ? numPendingTests : 0;
    const failed = numFailedTests + numRuntimeErrorTestSuites + skipped;
    return { passed: numPassedTests, failed: failed || (status === 0 ? 0 : 1) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main() {
  const options = /** @type {const} */ ({ testNamePattern: { type: 'string', short: 't' } });
  const { values, positionals } = readArguments(import.meta.url, { options, most: Infinity });
  const [first = '', ...rest] = positionals;
  const one = Object.hasOwn(SANITIZERS, first);
  const chosen = one ? [first] : Object.keys(SANITIZERS);
  const args = one ? rest : positionals;
  if (values.testNamePattern !== undefined) args.push('-t', values.testNamePattern);
  await ensureNpm();
  let passed = 0;
  let failed = 0;
  for (const sanitizer of chosen) {
    process.stdout.write(`--- ${SANITIZERS[/** @type {Sanitizer} */ (sanitizer)]} ---\n`);
    const count = await test(/** @type {Sanitizer} */ (sanitizer), args);
    process.stdout.write(`${sanitizer}: ${count.passed} passed, ${count.failed} failed\n`);
    passed += count.passed;
    failed += count.failed;
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

runTool(main);
