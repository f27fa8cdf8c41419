// SPDX-License-Identifier: MIT
// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { CACHE } from './paths.mjs';
import { run, SetupError } from './run.mjs';
import { step } from './progress.mjs';

/**
 * The Debian packages each kind of work needs on the host, beyond Node.js, npm and git. The names are the same in
 * Debian 12 and 13.
 */
export const APT_GROUPS = Object.freeze({
  /** The addon for this machine, by node-gyp and by cmake-js. */
  native: ['g++', 'make', 'cmake', 'python3'],
  /** The TA's own tests and fuzzers, with sanitizers. */
  'ta-tests': ['gcc', 'make', 'clang', 'lld', 'libclang-rt-dev'],
  /** Reports of how much of the TA its tests run. */
  coverage: ['llvm'],
  /** The TA as WebAssembly. */
  simulator: ['clang', 'lld'],
  /** The TA, built with a development kit and signed. */
  ta: ['make', 'gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross', 'python3-cryptography', 'python3-pyelftools'],
  /** The addon as it is shipped, for other architectures and older C libraries. */
  prebuild: ['clang', 'lld', 'llvm', 'make', 'python3'],
  /** Signing a TA with a key in an HSM, of which SoftHSM takes the place. */
  signing: ['openssl', 'opensc', 'softhsm2'],
  /** Judging the examples' units. */
  systemd: ['systemd'],
  /** Fetching packages of another Debian release and architecture. */
  fetch: ['ca-certificates', 'debian-archive-keyring', 'dpkg-dev'],
  /** Building the OP-TEE machine's images. */
  'machine-images': [
    'squashfs-tools',
    'kmod',
    'xz-utils',
    'device-tree-compiler',
    'libssl-dev',
    'gcc',
    'make',
    'gcc-aarch64-linux-gnu',
    'libc6-dev-arm64-cross',
  ],
  /** Trying the completion of the command line. */
  shells: ['bash', 'zsh', 'fish', 'python3'],
  /** Running Windows' Node.js. */
  windows: ['wine64'],
  /** Running the OP-TEE machine. */
  machine: ['qemu-system-arm', 'qemu-utils', 'e2fsprogs', 'util-linux'],
});

/** @typedef {keyof typeof APT_GROUPS} AptGroup */

const APT_LOCK = path.join(CACHE, 'apt.lock');

/** Packages found installed by this process; a set-up asks for the same ones many times. @type {Set<string>} */
const known = new Set();

/** @param {readonly string[]} packages */
function missingOf(packages) {
  const asked = packages.filter((name) => !known.has(name));
  if (asked.length === 0) return [];
  const format = '${binary:Package} ${db:Status-Status}\n';
  const answer = spawnSync('dpkg-query', ['-W', '-f', format, ...asked], { encoding: 'utf8' });
  if (answer.error) {
    throw new SetupError(
      'dpkg-query was not found: this project sets itself up on Debian (or Ubuntu) machines only. ' +
        `On another system install the equivalents of: ${packages.join(' ')}`,
    );
  }
  for (const line of answer.stdout.split('\n')) {
    const [name = '', status] = line.split(' ');
    if (status === 'installed') known.add(name.replace(/:.*/, ''));
  }
  return asked.filter((name) => !known.has(name));
}

/** The words that make a command run as root. @param {readonly string[]} packages @returns {string[]} */
function asRoot(packages) {
  if (process.getuid?.() === 0) return [];
  const sudo = ['/usr/bin/sudo', '/usr/local/bin/sudo', '/bin/sudo'].find((file) => existsSync(file));
  if (sudo) return [sudo];
  throw new SetupError(
    `These Debian packages are missing: ${packages.join(' ')}\n` +
      'This user is not root and there is no sudo, so they cannot be installed from here. Run as root:\n' +
      `  apt-get update && apt-get install --no-install-recommends ${packages.join(' ')}`,
  );
}

/** @param {readonly string[]} prefix @param {readonly string[]} args */
function aptGet(prefix, args) {
  const [program = '', ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', ...args];
  return run(program, rest);
}

/**
 * Installs those of the packages that are missing; without any, it costs a few milliseconds and calls no apt.
 *
 * @param {readonly string[]} packages names in the host's own Debian release.
 * @throws {SetupError} where it is not allowed to, or apt fails.
 */
export async function ensureApt(packages) {
  if (missingOf(packages).length === 0) return;
  // apt does not wait for another apt, and `npm test` does two things at once.
  await withLock(APT_LOCK, async () => {
    const missing = missingOf(packages);
    if (missing.length === 0) return;
    const prefix = asRoot(missing);
    await step(`Installing Debian packages: ${missing.join(' ')}`, async () => {
      // Lists of some other repository that cannot be refreshed are no reason to stop: the installation decides.
      await aptGet(prefix, ['update']).catch(() => {});
      await aptGet(prefix, ['install', '-y', '--no-install-recommends', ...missing]);
    });
    const still = missingOf(missing);
    if (still.length > 0) throw new SetupError(`apt-get installed no package of the name: ${still.join(' ')}`);
  });
}

/** Installs what is missing of whole groups. @param {...AptGroup} groups */
export function ensureAptGroups(...groups) {
  return ensureApt([...new Set(groups.flatMap((group) => APT_GROUPS[group]))]);
}

/** Refreshes the host's package lists. */
export function updateApt() {
  const update = () => aptGet(asRoot([]), ['update']);
  return step("Reading the machine's package lists", () => withLock(APT_LOCK, update));
}
