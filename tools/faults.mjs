#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Runs attacks, limits and faults whole on the OP-TEE machine, for hours, and reports them in docs/reliability.md. A run that was ended goes on where it was. `adversity` or a path below
 * test/faults runs a part, so does `-t "put of a new key"`, `--every 20`
 * only each twentieth case, for a first picture; neither writes the report. `--report` only writes it, of what was tried so
 * far.
 *
 * What was tried is kept in test/faults/records, by the sources that were tried: a change of them begins anew. The records
 * are in git, so that a run is gone on with on another machine, and that the report can be checked.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { digestOf } from './lib/cached.mjs';
import { ROOT } from './lib/paths.mjs';
import { say } from './lib/progress.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { isRecorded, runAdversity } from './faults/adversity.mjs';
import { reportOf } from './faults/report.mjs';
import { ensureNpm } from './setup.mjs';

/** What decides about the outcomes. The command line, the simulator, the documentation and the texts of errors do not. */
const SOURCES = ['ta/include', 'ta/src', 'src-native', 'src-ts', 'src-ts/tee', 'machine/guest/supplicant-library'];
const TEXTS = path.join(ROOT, 'src-ts/errors/table.ts');
const REPORT = path.join(ROOT, 'docs', 'reliability.md');

/** @param {string} folder */
function filesIn(folder) {
  const names = readdirSync(path.join(ROOT, folder)).sort();
  return names.map((name) => path.join(ROOT, folder, name)).filter((file) => statSync(file).isFile());
}

async function main() {
  const { values, positionals } = readArguments(import.meta.url, {
    options: {
      report: { type: 'boolean' },
      every: { type: 'string' },
      testNamePattern: { type: 'string', short: 't' },
    },
    most: Infinity,
  });
  await ensureNpm();
  const files = SOURCES.flatMap(filesIn).filter((file) => file !== TEXTS);
  const sources = digestOf(files).slice(0, 12);
  const records = path.join(ROOT, 'test', 'faults', 'records', sources);
  const isWhole = positionals.length === 0 && values.testNamePattern === undefined && values.every === undefined;
  const isAdversity = positionals.join() === 'adversity';
  let failed = false;
  if (!values.report && (isAdversity || (isWhole && !isRecorded(records)))) failed = !runAdversity(records);
  if (!values.report && !isAdversity) {
    const command = ['run', '--silent', 'jest', '--', '--selectProjects', 'faults', '--runInBand', '--verbose'];
    if (values.testNamePattern) command.push('-t', values.testNamePattern);
    const env = { ...process.env, OPTEE_FAULTS_RECORDS: records, OPTEE_FAULTS_EVERY: values.every ?? '1' };
    const { status } = spawnSync('npm', [...command, ...positionals], { cwd: ROOT, env, stdio: 'inherit' });
    failed ||= status !== 0;
  }
  if (values.report || isWhole) {
    writeFileSync(REPORT, reportOf(records));
    say(`${path.relative(ROOT, REPORT)} is written`);
  }
  if (failed) process.exitCode = 1;
}

runTool(main);
