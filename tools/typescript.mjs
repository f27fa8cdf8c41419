#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** Compiles the TypeScript of src-ts/ into dist/. */
import { spawnSync } from 'node:child_process';
import { ROOT, TSC } from './lib/paths.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

async function main() {
  readArguments(import.meta.url, { options: {} });
  const { status } = spawnSync(process.execPath, [TSC, '-p', 'tsconfig.json'], { cwd: ROOT, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

runTool(main);
