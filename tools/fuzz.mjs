#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Fuzzes the Trusted Application on this machine (docs/testing.md).
 *
 *   node tools/fuzz.mjs                      replays what is kept, then fuzzes each target for a few seconds
 *   npm run fuzz                             fuzzes the Trusted Application for half an hour
 *   npm run fuzz -- --executions 10000000    or so long; or --minutes N
 *   npm run fuzz -- --target power …         of one target only
 *
 * A long run adds what reached something new to test/fuzz/corpus, made as small as it can be. The short one changes
 * nothing and closes with 'N passed, N failed'. JOBS says how many compilers may run at once, FUZZ_SEED where the dice
 * begin.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { longRun } from './fuzz/long.mjs';
import { TARGETS, corpusOf, ensureFuzzers, essence, filesIn, findingsOf, runFuzzer } from './fuzz/targets.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments, UsageError } from './lib/usage.mjs';

/** @typedef {import('./fuzz/targets.mjs').Target} Target */

const LONG_MINUTES = 30;
const JOBS = Math.max(1, Number(process.env.JOBS) || os.availableParallelism());
const SEED = Number(process.env.FUZZ_SEED) || 1;

/**
 * Each input on its own, so that one that fails is named.
 * @param {Target} target @param {string} file
 */
async function replayFinding(target, file) {
  const name = `${target.name}: finding ${path.basename(file)}`;
  const { ok, output } = await runFuzzer(target, [file]);
  process.stdout.write(ok ? `ok ${name}\n` : `${essence(output)}\nFAILED ${name}\n`);
  return ok;
}

/** @param {Target} target */
async function fuzzShortly(target) {
  const corpus = filesIn(corpusOf(target)).length;
  const found = mkdtempSync(path.join(os.tmpdir(), 'secstor-fuzz-'));
  mkdirSync(corpusOf(target), { recursive: true });
  const { ok, executions, covered, output } = await runFuzzer(target, [
    `-seed=${SEED}`,
    `-runs=${corpus + target.few}`,
    found,
    corpusOf(target),
  ]);
  rmSync(found, { recursive: true });
  const what = `${target.name}: ${executions} executions, seed ${SEED}, from ${corpus} kept inputs; ${covered} places`;
  process.stdout.write(ok ? `ok ${what}\n` : `${essence(output)}\nFAILED ${what}\n`);
  return ok;
}

/** @param {readonly Target[]} targets */
async function shortRun(targets) {
  const results = [];
  for (const target of targets) {
    for (const file of filesIn(findingsOf(target))) results.push(await replayFinding(target, file));
    results.push(await fuzzShortly(target));
  }
  const passed = results.filter(Boolean).length;
  process.stdout.write(`${passed} passed, ${results.length - passed} failed\n`);
  return passed === results.length;
}

async function main() {
  const { values } = readArguments(import.meta.url, {
    options: {
      long: { type: 'boolean' },
      executions: { type: 'string' },
      minutes: { type: 'string' },
      target: { type: 'string' },
    },
  });
  const targets = TARGETS.filter(({ name }) => name === (values.target ?? name));
  if (targets.length === 0) throw new UsageError(`There is no target ${values.target}.`, import.meta.url);
  const executions = Number(values.executions ?? 0);
  const minutes = Number(values.minutes ?? (values.long && !executions ? LONG_MINUTES : 0));
  if (!(executions >= 0 && minutes >= 0)) {
    throw new UsageError('--executions and --minutes take a number.', import.meta.url);
  }
  await ensureFuzzers(JOBS);
  const isLong = executions > 0 || minutes > 0;
  const ok = isLong ? await longRun(targets, { executions, minutes }, SEED) : await shortRun(targets);
  process.exitCode = ok ? 0 : 1;
}

runTool(main);
