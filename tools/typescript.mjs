#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** Compiles src-ts/ into dist/, and makes the shells' completions and the man page of what was compiled. */
import { spawnSync } from 'node:child_process';
import { writeCompletions } from './completions/files.mjs';
import { ROOT, TSC } from './lib/paths.mjs';
import { writeManPage } from './man/page.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

async function main() {
  readArguments(import.meta.url, { options: {} });
  const { status } = spawnSync(process.execPath, [TSC, '-p', 'tsconfig.json'], { cwd: ROOT, stdio: 'inherit' });
  if (status === 0) {
    writeCompletions();
    writeManPage();
  }
  process.exitCode = status ?? 1;
}

runTool(main);
