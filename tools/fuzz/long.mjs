// SPDX-License-Identifier: MIT
// @ts-check
/** A long run over the targets, and what it leaves: a larger corpus, and inputs that show defects. */
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { say } from '../lib/progress.mjs';
import { CRASHES, corpusOf, essence, filesIn, runFuzzer, workOf } from './targets.mjs';

/** @typedef {import('./targets.mjs').Target} Target */
/** One of them is not 0. @typedef {{ executions: number, minutes: number }} Limit */

/** @param {number} number */
const grouped = (number) => number.toLocaleString('en-US').replaceAll(',', ' ');

/** Says where a run is, twice a minute. @param {string} name */
function reporter(name) {
  let last = Date.now();
  return (/** @type {number} */ executions, /** @type {number} */ perSecond) => {
    if (Date.now() - last < 30_000) return;
    last = Date.now();
    say(`${name}: ${grouped(executions)} executions, ${grouped(perSecond)} a second`);
  };
}

/**
 * A target's part of the limit, as libFuzzer is told it.
 * @param {Target} target @param {readonly Target[]} targets @param {Limit} limit
 */
function partOf(target, targets, { executions, minutes }) {
  if (minutes > 0) return `-max_total_time=${Math.ceil((minutes * 60) / targets.length)}`;
  const whole = targets.reduce((sum, { share }) => sum + share, 0);
  return `-runs=${Math.ceil((executions * target.share) / whole)}`;
}

/**
 * Makes the kept corpus the smallest that reaches every place that it and what was found now reach. How often each
 * place is passed is left out of account, which keeps it to some hundred inputs.
 * @param {Target} target
 */
async function keep(target) {
  const corpus = corpusOf(target);
  const merged = `${workOf(target)}.merged`;
  rmSync(merged, { recursive: true, force: true });
  mkdirSync(merged, { recursive: true });
  const { ok, output } = await runFuzzer(target, ['-merge=1', '-use_counters=0', merged, corpus, workOf(target)]);
  if (!ok) throw new Error(`Merging the corpus of ${target.name} failed:\n${essence(output)}`);
  rmSync(corpus, { recursive: true });
  renameSync(merged, corpus);
}

/**
 * @param {readonly Target[]} targets
 * @param {Limit} limit
 * @param {number} seed
 * @returns {Promise<boolean>} nothing was found
 */
export async function longRun(targets, limit, seed) {
  let total = 0;
  let failed = 0;
  for (const target of targets) {
    const start = Date.now();
    mkdirSync(corpusOf(target), { recursive: true });
    mkdirSync(workOf(target), { recursive: true });
    const args = [`-seed=${seed}`, '-reload=0', partOf(target, targets, limit), workOf(target), corpusOf(target)];
    const { ok, executions, covered, output } = await runFuzzer(target, args, reporter(target.name));
    const seconds = (Date.now() - start) / 1000;
    total += executions;
    if (ok) {
      if (target.of === undefined) await keep(target);
    } else {
      failed++;
      process.stdout.write(`${essence(output)}\nThe input is in ${path.relative(ROOT, CRASHES)}\n`);
    }
    process.stdout.write(
      `${ok ? 'ok' : 'FAILED'} ${target.name}: ${grouped(executions)} executions in ${seconds.toFixed(0)} s, ` +
        `${covered} places, ${filesIn(corpusOf(target)).length} kept inputs\n`,
    );
  }
  process.stdout.write(`${grouped(total)} executions, ${failed} targets with a finding\n`);
  return failed === 0;
}
