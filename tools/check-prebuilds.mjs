#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Checks the addon's binaries in prebuilds/: each property that they must have, and that real Node.js of each version loads
 * them, on an older glibc, for another processor under QEMU. Prints a table; the last line counts.
 *
 *   node tools/check-prebuilds.mjs                   all
 *   node tools/check-prebuilds.mjs TARGET …          some, as linux-arm64-glibc
 *   node tools/check-prebuilds.mjs --make            all, made first where they are out of date
 *   node tools/check-prebuilds.mjs --file FILE TARGET    another file than the target's own
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { SetupError } from './lib/run.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments, UsageError } from './lib/usage.mjs';
import { ensureDist } from '../machine/product.mjs';
import { ensurePrebuild } from './prebuild.mjs';
import { newestGlibc, checkProperties } from './prebuild/properties.mjs';
import { readElf } from './prebuild/elf.mjs';
import { loadsOf, tryLoad } from './prebuild/loads.mjs';
import { prebuildFile, TARGET_NAMES, TARGETS } from './prebuild/targets.mjs';

/** @typedef {import('./prebuild/targets.mjs').TargetName} TargetName */

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`);

const counts = { passed: 0, failed: 0 };

/** One line of the table. @param {string} title @param {readonly string[]} faults @param {string} [more] */
function report(title, faults, more = '') {
  counts[faults.length === 0 ? 'passed' : 'failed']++;
  const shown = faults.length > 4 ? [...faults.slice(0, 4), `and ${faults.length - 4} more`] : faults;
  print(
    `  ${faults.length === 0 ? 'ok    ' : 'FAILED'} ${title}${more}${shown.length > 0 ? `: ${shown.join(', ')}` : ''}`,
  );
}

/** @param {string} file @param {TargetName} name */
function reportProperties(file, name) {
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('hex');
  print(`\n${name}  ${path.relative(ROOT, file)}`);
  print(`         ${bytes.length} bytes, glibc ${newestGlibc(readElf(bytes))} or later, SHA-256 ${digest}`);
  for (const { title, faults } of checkProperties(bytes, TARGETS[name])) report(title, faults);
}

/** @param {string} file @param {TargetName} name */
async function reportLoads(file, name) {
  for (const load of await loadsOf(TARGETS[name])) {
    const { glibc, faults } = await tryLoad(file, load, TARGETS[name]);
    report(`loads: ${load.title}`, faults, glibc && ` (${glibc})`);
  }
}

/** @param {string} file @param {TargetName} name */
async function check(file, name) {
  if (!existsSync(file)) throw new SetupError(`${path.relative(ROOT, file)} is not there: run npm run prebuild`);
  reportProperties(file, name);
  await reportLoads(file, name);
}

async function main() {
  const options = /** @type {const} */ ({ file: { type: 'string' }, make: { type: 'boolean' } });
  const { values, positionals } = readArguments(import.meta.url, { options, names: TARGET_NAMES });
  if (values.file !== undefined && positionals.length !== 1) {
    throw new UsageError('--file needs exactly one target.', import.meta.url);
  }
  await ensureDist(); // it has the reader of ELF files
  const names = positionals.length > 0 ? /** @type {TargetName[]} */ (positionals) : TARGET_NAMES;
  if (values.make) for (const name of names) await ensurePrebuild(name);
  for (const name of names) await check(path.resolve(values.file ?? prebuildFile(name)), name);
  print(`\n${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0) process.exitCode = 1;
}

if (isProgram(import.meta.url)) runTool(main);
