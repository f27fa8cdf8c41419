// SPDX-License-Identifier: MIT
/** The addon's binaries: which there are, which of them this machine can load, and why one did not load. */
import { readFileSync } from 'node:fs';
import { TeeFailure } from '../tee/seam.js';

/** What decides which binary a process can load. */
export interface Host {
  /** As Node.js calls it: `linux`, `darwin`, … */
  readonly platform: string;
  /** As Node.js calls it: `arm64`, `x64`, … */
  readonly arch: string;
  /** The version of glibc; undefined where there is none, as with musl. */
  readonly glibc?: string;
}

/** A place where a binary may be. */
export interface Binary<T> {
  /** The file, as a message shows it. */
  readonly file: string;
  /** Loads it. It contains a literal path, which is what bundlers and packers look for. */
  readonly load: () => T;
}

/** Node.js's own report tells its C library; what it would gather about the network can take seconds. */
interface Report {
  excludeNetwork?: boolean;
  getReport(): object;
}

/** The glibc that this process runs on, found without starting a program. */
function glibcVersion(): string | undefined {
  const report = process.report as unknown as Report;
  const before = report.excludeNetwork;
  if (before !== undefined) report.excludeNetwork = true;
  try {
    return (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header?.glibcVersionRuntime;
  } finally {
    if (before !== undefined) report.excludeNetwork = before;
  }
}

/** This machine, as far as its binaries are concerned. It takes milliseconds: for messages, and where nothing loaded. */
export function thisHost(): Host {
  const glibc = process.platform === 'linux' ? glibcVersion() : undefined;
  return { platform: process.platform, arch: process.arch, ...(glibc === undefined ? {} : { glibc }) };
}

/**
 * Loads the first binary that loads.
 *
 * @param binaries in the order to be tried
 * @param shipped names of those in the package, as `linux-arm64`
 * @param host asked only when none loaded
 * @throws TeeFailure 'no-addon' that says what was tried, what this machine is, and why it failed
 */
export function loadFirst<T>(binaries: readonly Binary<T>[], shipped: readonly string[], host: () => Host): T {
  const reasons: string[] = [];
  for (const { file, load } of binaries) {
    try {
      return load();
    } catch (error) {
      reasons.push(`${file}: ${reasonOf(error)}`);
    }
  }
  throw new TeeFailure('no-addon', explain(reasons, shipped, host()));
}

function explain(reasons: readonly string[], shipped: readonly string[], host: Host): string {
  const parts = [describe(host), ...reasons];
  const hint = hintFor(shipped, host);
  if (hint !== undefined) parts.push(hint);
  return parts.join('; ');
}

function describe({ platform, arch, glibc }: Host): string {
  const library = platform !== 'linux' ? '' : glibc === undefined ? ', no glibc (musl?)' : `, glibc ${glibc}`;
  return `this machine is ${platform}-${arch}${library}`;
}

/** What the machine has that no binary in the package fits. */
function hintFor(shipped: readonly string[], { platform, arch, glibc }: Host): string | undefined {
  if (!shipped.includes(`${platform}-${arch}`)) return `there are binaries for ${shipped.join(', ')}`;
  if (glibc === undefined) return 'the binaries need glibc';
  return isOlder(glibc, '2.28') ? 'the binaries need glibc 2.28 or later' : undefined;
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}

/** Why a binary did not load. The loader of Linux says of one for another processor that there is no such file. */
function reasonOf(error: unknown): string {
  if ((error as NodeJS.ErrnoException | null)?.code === 'MODULE_NOT_FOUND') return 'there is no such file';
  const message = firstLine(error);
  const [, found] = /^(.+?\.node): cannot open shared object file/.exec(message) ?? [];
  const arch = found === undefined ? undefined : archOf(found);
  return arch === undefined || arch === process.arch ? message : `it is for another processor (${arch}): ${message}`;
}

/** Processors by their numbers in ELF files. */
const ARCHS: Readonly<Record<number, string>> = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64' };

/** The processor that a binary is for, as Node.js calls it; undefined where the file does not tell. */
function archOf(file: string): string | undefined {
  try {
    const head = readFileSync(file).subarray(0, 20);
    return head.toString('latin1', 0, 4) === '\x7fELF' ? ARCHS[head.readUInt16LE(18)] : undefined;
  } catch {
    return undefined;
  }
}

/** Node.js appends a list of paths to some messages. */
function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error).split('\n', 1)[0] ?? '';
}
