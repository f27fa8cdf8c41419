// SPDX-License-Identifier: MIT
/** Scenarios run in child processes: the library path is fixed when a process starts, and some end their process. */
import { fork, execFileSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { compilerFlags, sanitizer, softTeeArguments, supervise } from './sanitizer.js';

const ROOT = path.resolve(__dirname, '..', '..', '..');
const OUTPUT = path.join(ROOT, 'build', 'test-native', sanitizer ?? 'plain');

/** No scenario takes longer, unless something is wrong. */
const LONGEST_MS = 60_000;
/** Nor all those of a file that share a process. */
const FILE_MS = 5 * LONGEST_MS;

/** The fake as libteec.so.2, or as libteec.so.1, both, or none at all. */
export type FakeLibrary = 'so2' | 'so1' | 'both' | 'none';

export interface RunOptions {
  /** What a scenario runs with: a fake, or libteec.so.2 over the software TEE with the real TA. @default 'so2' */
  readonly library?: FakeLibrary | 'soft-tee';
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
  readonly argument?: unknown;
  /**
   * Whether a sanitizer shall look for what is left behind. Not where the process ends by process.exit(), which gives
   * nothing back, nor where it has changed its user, which keeps the sanitizer from looking. @default true
   */
  readonly leakCheck?: boolean;
}

export interface Ended {
  /** What the scenario returned; undefined if the process ended before. */
  readonly value: unknown;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `name` of scenarios/`file` to the end of its process. In a test run under a sanitizer it rejects if there is a
 * report, with that.
 */
export async function run(file: string, name: string, options: RunOptions = {}): Promise<Ended> {
  const { child, ended } = start(file, [name, JSON.stringify(options.argument ?? null)], options);
  let value: unknown;
  child.on('message', (message: { value: unknown }) => {
    value = message.value;
  });
  const rest = await ended;
  return { value, ...rest };
}

interface Started {
  readonly child: ChildProcess;
  /** Rejects with a sanitizer's report, if there is one. */
  readonly ended: Promise<Omit<Ended, 'value'>>;
}

function start(file: string, args: readonly string[], options: RunOptions, longestMs = LONGEST_MS): Started {
  const hook = path.join(__dirname, 'typescript_hook.cjs');
  if (sanitizer !== undefined) translate(hook, file);
  const { launcher, env, reports } = supervise(options.leakCheck ?? true);
  const [execPath = '', ...before] = launcher;
  const child = fork(path.join(__dirname, 'child.ts'), [file, ...args], {
    execPath,
    execArgv: [...before, '-r', hook, ...(options.nodeOptions ?? [])],
    env: { ...process.env, LD_LIBRARY_PATH: libraryFolder(options.library ?? 'so2'), ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // jest does not end while a child of its tests runs.
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Omit<Ended, 'value'>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const [report] = reports(stderr);
      if (report === undefined) resolve({ code, signal, stdout, stderr });
      // A scenario that failed leaves everything behind: what it said is the cause then.
      else
        reject(new Error(code === 0 ? report : `${file} ended with ${String(signal ?? code)}:\n${stderr}\n${report}`));
    });
  });
  return { child, ended };
}

/** A process that runs one scenario of a file after the other. */
export class SharedProcess {
  readonly #file: string;
  readonly #started: Started;
  #last = 0;

  constructor(file: string, options: RunOptions = {}) {
    this.#file = file;
    this.#started = start(file, [], options, FILE_MS);
    // It is told by end(), and by valueOf() while that waits.
    this.#started.ended.catch(() => {});
  }

  /** What a scenario returned. Rejects if it failed, or if the process ended meanwhile. */
  async valueOf<T>(name: string, argument: unknown = null): Promise<T> {
    const { child, ended } = this.#started;
    const id = ++this.#last;
    const answer = new Promise<T>((resolve, reject) => {
      const settle = (message: { id: number; value: T; error?: string }) => {
        if (message.id !== id) return;
        child.off('message', settle);
        if (message.error === undefined) resolve(message.value);
        else reject(new Error(message.error));
      };
      child.on('message', settle);
    });
    child.send({ id, name, argument });
    const early = ended.then(({ code, signal, stderr }) => {
      throw new Error(`${name} ended its process with ${String(signal ?? code)}:\n${stderr}`);
    });
    return Promise.race([answer, early]);
  }

  /** Rejects unless the process now ends by itself, well, and without a sanitizer's report. */
  async end(): Promise<void> {
    const { child, ended } = this.#started;
    // It disconnects by itself: when this side does, the end of the process is not told.
    if (child.connected) child.send('end');
    const { code, signal, stderr } = await ended;
    if (code !== 0) throw new Error(`${this.#file} ended with ${String(signal ?? code)}:\n${stderr}`);
  }
}

/**
 * A process for those scenarios of a file that leave nothing behind and do not look at the whole process: started by the
 * first test that runs one, and after the last it must end well.
 */
export function useProcess(file: string): <T>(name: string, argument?: unknown) => Promise<T> {
  let shared: SharedProcess | undefined;
  afterAll(() => shared?.end(), LONGEST_MS);
  return (name, argument) => (shared ??= new SharedProcess(file)).valueOf(name, argument);
}

/** Runs a scenario whose process must end well, and returns its value. */
export async function valueOf<T>(file: string, name: string, options: RunOptions = {}): Promise<T> {
  const { value, code, signal, stderr } = await run(file, name, options);
  if (code !== 0 || signal !== null) throw new Error(`${name} ended with ${String(signal ?? code)}:\n${stderr}`);
  return value as T;
}

const translated = new Set<string>();

/** Has a scenario's sources translated outside of the sanitizer, which would look at the translator. */
function translate(hook: string, file: string): void {
  if (translated.has(file)) return;
  // The child's entry is translated only; it would run.
  const entry = JSON.stringify(path.join(__dirname, 'child.ts'));
  const scenarios = JSON.stringify(path.join(__dirname, '..', 'scenarios', file));
  const code = `require.extensions['.ts']({ _compile() {} }, ${entry}); require(${scenarios});`;
  execFileSync(process.execPath, ['-r', hook, '-e', code], { stdio: 'inherit' });
  translated.add(file);
}

const sonames = { so2: ['libteec.so.2'], so1: ['libteec.so.1'], both: ['libteec.so.2', 'libteec.so.1'], none: [] };

function libraryFolder(library: FakeLibrary | 'soft-tee'): string {
  if (library === 'soft-tee') return softTee();
  const folder = path.join(OUTPUT, library);
  mkdirSync(folder, { recursive: true });
  for (const soname of sonames[library]) buildFake(path.join(folder, soname), soname);
  return folder;
}

let softTeeFolder: string | undefined;

function softTee(): string {
  const tool = [path.join(ROOT, 'tools/soft-tee.mjs'), ...softTeeArguments];
  softTeeFolder ??= execFileSync(process.execPath, tool, { encoding: 'utf8' }).trim();
  return softTeeFolder;
}

function buildFake(output: string, soname: string): void {
  const [sources, headers] = ['.c', '.h'].map((extension) =>
    ['fake_libteec', 'fake_faults'].map((name) => path.join(__dirname, name + extension)),
  ) as [string[], string[]];
  const inputs = [...sources, ...headers];
  if (existsSync(output) && inputs.every((file) => statSync(file).mtimeMs < statSync(output).mtimeMs)) return;
  // Test files run in several processes at once: what is found under its name is complete.
  const unfinished = `${output}.${String(process.pid)}`;
  const layout = soname === 'libteec.so.1' ? ['-DFAKE_OLD_LAYOUT'] : [];
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O1', '-g', '-fPIC', '-shared', '-fvisibility=hidden'];
  const paths = ['-I', path.join(ROOT, 'src-native'), `-Wl,-soname,${soname}`, '-o', unfinished];
  execFileSync('gcc', [...flags, ...compilerFlags, ...layout, ...paths, ...sources, '-pthread'], { stdio: 'inherit' });
  renameSync(unfinished, output);
}
