#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Builds the software TEE's libteec.so.2 and prints the folder it is in, for LD_LIBRARY_PATH.
 *
 *   node tools/soft-tee.mjs [SANITIZER]    address,undefined or thread; without one, a plain build
 *
 * A program that loads it finds a TEE with the Trusted Application in its own process. With SOFT_TEE_STORAGE=FOLDER
 * in the environment what it stores outlives the process.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { ensureAptGroups } from './lib/apt.mjs';
import { withLock } from './lib/lock.mjs';
import { ROOT } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { SANITIZERS } from './native.mjs';

async function main() {
  const names = Object.values(SANITIZERS);
  const { positionals } = readArguments(import.meta.url, { options: {}, names, most: 1 });
  const [sanitizer = ''] = positionals;
  const folder = path.join(ROOT, 'build', sanitizer ? `soft-tee-${sanitizer}` : 'soft-tee');
  const settings = ['-DCMAKE_BUILD_TYPE=RelWithDebInfo', `-DSOFT_TEE_SANITIZE=${sanitizer}`];
  await ensureAptGroups('native', 'ta-tests');
  mkdirSync(path.dirname(folder), { recursive: true });
  await withLock(`${folder}.lock`, async () => {
    await run('cmake', ['-S', path.join(ROOT, 'soft-tee'), '-B', folder, ...settings]);
    await run('cmake', ['--build', folder, '--target', 'teec', '--parallel', process.env.JOBS ?? '2']);
  });
  process.stdout.write(`${path.join(folder, 'lib')}\n`);
}

runTool(main);
