// SPDX-License-Identifier: MIT
/** The packages of test/adapters, and programs that use ours in the simulator. */
import { spawn, type SpawnOptions } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const ROOT = path.resolve(__dirname, '../../..');
export const PACKAGES = path.join(ROOT, 'test/adapters');

/** Minutes the first time, when the packages are fetched; no time after that. */
const INSTALL_MS = 20 * 60_000;
/** Starting vitest or a compiler takes a while where other things run. */
const TEST_MS = 120_000;

/** Makes sure of the published packages before the tests of a file. */
export function usePackages(): void {
  beforeAll(async () => {
    const { ensureNpm } = await import('../../../tools/lib/npm.mjs');
    await ensureNpm('test/adapters');
  }, INSTALL_MS);
  jest.setTimeout(TEST_MS);
}

/** A folder of its own for each test. */
export function useFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(() => (folder.path = mkdtempSync(path.join(os.tmpdir(), 'optee-adapters-'))));
  afterEach(() => {
    rmSync(folder.path, { recursive: true, force: true });
  });
  return folder;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program; nothing but itself ends it. */
export function runProgram(program: string, args: readonly string[], options: SpawnOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}

/** Runs a program whose stores are in the simulator, with its data in a folder. */
export function inSimulator(program: string, args: readonly string[], folder: string, cwd = PACKAGES): Promise<Ended> {
  const env = {
    ...process.env,
    NODE_ENV: 'test',
    NODE_OPTIONS: '',
    OPTEE_STORAGE_BACKEND: 'simulator',
    OPTEE_STORAGE_SIMULATOR_DIR: path.join(folder, 'data'),
  };
  return runProgram(program, args, { cwd, env });
}

/** What the compiler says of a folder of test/adapters, which has a tsconfig.json; '' if nothing. */
export async function typeErrors(folder: string): Promise<string> {
  const tsc = path.join(ROOT, 'node_modules/typescript-7/bin/tsc');
  const args = [tsc, '-p', path.join(PACKAGES, folder), '--pretty', 'false'];
  return (await runProgram(process.execPath, args)).stdout;
}
