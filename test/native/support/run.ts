// SPDX-License-Identifier: MIT
/** Scenarios run in child processes: the library path is fixed when a process starts, and some end their process. */
import { fork, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..', '..');
const OUTPUT = path.join(ROOT, 'build', 'test-native');

/** What a scenario runs with: the fake as libteec.so.2, or as libteec.so.1, both, or none at all. */
export type FakeLibrary = 'so2' | 'so1' | 'both' | 'none';

export interface RunOptions {
  readonly library?: FakeLibrary;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  readonly argument?: unknown;
}

export interface Ended {
  /** What the scenario returned; undefined if the process ended before. */
  readonly value: unknown;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the scenario's return to the end of the process. */
  readonly msToExit: number;
}

/** Runs `name` of scenarios/`file` to the end of its process. */
export function run(file: string, name: string, options: RunOptions = {}): Promise<Ended> {
  const child = fork(path.join(__dirname, 'child.ts'), [file, name, JSON.stringify(options.argument ?? null)], {
    execArgv: ['-r', path.join(__dirname, 'typescript_hook.cjs'), ...(options.nodeOptions ?? [])],
    env: { ...process.env, LD_LIBRARY_PATH: libraryFolder(options.library ?? 'so2'), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let stdout = '';
  let stderr = '';
  let value: unknown;
  let returned = performance.now();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.on('message', (message: { value: unknown }) => {
    value = message.value;
    returned = performance.now();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ value, code, signal, stdout, stderr, msToExit: performance.now() - returned });
    });
  });
}

/** Runs a scenario whose process must end well, and returns its value. */
export async function valueOf<T>(file: string, name: string, options: RunOptions = {}): Promise<T> {
  const { value, code, signal, stderr } = await run(file, name, options);
  if (code !== 0 || signal !== null) throw new Error(`${name} ended with ${String(signal ?? code)}:\n${stderr}`);
  return value as T;
}

const sonames = { so2: ['libteec.so.2'], so1: ['libteec.so.1'], both: ['libteec.so.2', 'libteec.so.1'], none: [] };

function libraryFolder(library: FakeLibrary): string {
  const folder = path.join(OUTPUT, library);
  mkdirSync(folder, { recursive: true });
  for (const soname of sonames[library]) buildFake(path.join(folder, soname), soname);
  return folder;
}

function buildFake(output: string, soname: string): void {
  const source = path.join(__dirname, 'fake_libteec.c');
  const inputs = [source, path.join(__dirname, 'fake_libteec.h')];
  if (existsSync(output) && inputs.every((file) => statSync(file).mtimeMs < statSync(output).mtimeMs)) return;
  // Test files run in several processes at once: what is found under its name is complete.
  const unfinished = `${output}.${String(process.pid)}`;
  const layout = soname === 'libteec.so.1' ? ['-DFAKE_OLD_LAYOUT'] : [];
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O1', '-g', '-fPIC', '-shared', '-fvisibility=hidden'];
  const paths = ['-I', path.join(ROOT, 'src-native'), `-Wl,-soname,${soname}`, '-o', unfinished];
  execFileSync('cc', [...flags, ...layout, ...paths, source, '-pthread'], { stdio: 'inherit' });
  renameSync(unfinished, output);
}
