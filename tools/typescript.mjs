#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** Compiles src-ts/ into dist/, and makes the shells' completions of what was compiled. */
import { spawnSync } from 'node:child_process';
import { writeCompletions } from './completions/files.mjs';
import { ROOT, TSC } from './lib/paths.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

async function main() {
  readArguments(import.meta.url, { options: {} });
  const { status } = spawnSync(process.execPath, [TSC, '-p', 'tsconfig.json'], { cwd: ROOT, stdio: 'inherit' });
  if (status === 0) writeCompletions();
  process.exitCode = status ?? 1;
}

runTool(main);
