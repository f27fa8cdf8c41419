#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** Builds what applications and tests on this machine need: the TypeScript, the simulator and the addon. */
import { ROOT } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { ensureAptGroups, ensureNpm } from './setup.mjs';

async function main() {
  readArguments(import.meta.url, { options: {} });
  await ensureAptGroups('native');
  await ensureNpm();
  for (const script of ['build:ts', 'build:simulator', 'build:native']) {
    await run('npm', ['run', '--silent', script], { cwd: ROOT, inherit: true });
  }
}

runTool(main);
