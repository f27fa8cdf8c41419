#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Runs the simulator's tests on Windows' own Node.js, under Wine.
 *
 *   npm run test:windows     installs Wine (700 MB) and runs the simulator's tests on Windows' Node.js
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ensureDist } from '../machine/product.mjs';
import { ensureAptGroups } from './lib/apt.mjs';
import { ensureNodeBinary, nodeBinariesFor } from './lib/node-binaries.mjs';
import { CACHE, ROOT } from './lib/paths.mjs';
import { step } from './lib/progress.mjs';
import { run, SetupError } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { ensureNpm } from './setup.mjs';

/** Debian's program; the wrapper `wine` is in a package that asks for 32 bits. */
const WINE = '/usr/lib/wine/wine64';

/** A Windows of its own, so that nothing of the user's is touched. */
async function ensurePrefix() {
  const folder = path.join(CACHE, 'wine');
  const env = { ...process.env, WINEPREFIX: folder, WINEDEBUG: '-all' };
  if (existsSync(path.join(folder, 'user.reg'))) return folder;
  mkdirSync(folder, { recursive: true });
  const version = ['reg', 'add', 'HKEY_CURRENT_USER\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f'];
  await step('Making a Windows for Wine', () => run(WINE, version, { env }));
  return folder;
}

async function main() {
  readArguments(import.meta.url, { options: {} });
  await ensureAptGroups('windows');
  await ensureNpm();
  await ensureDist();
  await step('Building the simulator', () => run(process.execPath, ['tools/simulator.mjs'], { cwd: ROOT }));
  const [binary] = nodeBinariesFor('win-x64');
  if (binary === undefined) throw new SetupError('tools/lib/node-binaries.json has no Node.js for Windows');
  const env = {
    ...process.env,
    WINE,
    WINEPREFIX: await ensurePrefix(),
    WINDOWS_NODE: await ensureNodeBinary(binary),
  };
  const args = [
    'run',
    '--silent',
    'jest',
    '--',
    '--selectProjects',
    'windows',
    '--runInBand',
    '--verbose',
    '--forceExit',
  ];
  const { status } = spawnSync('npm', args, { cwd: ROOT, env, stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

runTool(main);
