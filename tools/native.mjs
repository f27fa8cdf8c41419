#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Builds the addon. A build that is up to date is left as it is, at once.
 *
 *   node tools/native.mjs gyp      by node-gyp, for this machine:  build/Release/optee_secure_storage.node
 *   node tools/native.mjs cmake    by cmake-js, for this machine:  build/cmake/Release/optee_secure_storage.node
 *   node tools/native.mjs arm64    by a cross compiler:            build/arm64/optee_secure_storage.node
 *   node tools/native.mjs address  with sanitizers, for tests:     build/addon-address/optee_secure_storage.node
 *   node tools/native.mjs thread   with another:                   build/addon-thread/optee_secure_storage.node
 *
 * The environment variable JOBS says how many compilers may run at once.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureAptGroups } from './lib/apt.mjs';
import { withLock } from './lib/lock.mjs';
import { ROOT } from './lib/paths.mjs';
import { say, step } from './lib/progress.mjs';
import { run, SetupError } from './lib/run.mjs';
import { isProgram, runTool } from './lib/tool.mjs';

const BUILD = path.join(ROOT, 'build');
const JOBS = process.env.JOBS ?? String(os.availableParallelism());
/** Makes wiping visible to sanitizers. */
const WATCHED_WIPE = 'test/native/support/watched_wipe.h';

/** What the kinds of build with sanitizers are built with, for -fsanitize=. */
export const SANITIZERS = Object.freeze({ address: 'address,undefined', thread: 'thread' });

/** @typedef {'gyp' | 'cmake' | 'arm64' | keyof typeof SANITIZERS} Kind */

/**
 * @typedef {object} Build
 * @property {string} title
 * @property {import('./lib/apt.mjs').AptGroup} packages
 * @property {string} output relative to build/
 * @property {() => Promise<unknown>} make
 */

/** @type {Readonly<Record<Kind, Build>>} */
const BUILDS = {
  gyp: {
    title: 'Building the addon (node-gyp)',
    packages: 'native',
    output: 'Release/optee_secure_storage.node',
    make: makeWithGyp,
  },
  cmake: {
    title: 'Building the addon (cmake-js)',
    packages: 'native',
    output: 'cmake/Release/optee_secure_storage.node',
    make: makeWithCmakeJs,
  },
  arm64: {
    title: 'Building the addon for arm64',
    packages: 'cross-native',
    output: 'arm64/optee_secure_storage.node',
    make: makeForArm64,
  },
  address: sanitizedBuild('address'),
  thread: sanitizedBuild('thread'),
};

/** @param {keyof typeof SANITIZERS} kind @returns {Build} */
function sanitizedBuild(kind) {
  return {
    title: `Building the addon with sanitizers (${SANITIZERS[kind]})`,
    packages: 'native',
    output: `addon-${kind}/optee_secure_storage.node`,
    make: () => makeSanitized(kind),
  };
}

/** A program of the development dependencies. @param {string} file @param {string[]} args */
function runModule(file, args) {
  const program = path.join(ROOT, 'node_modules', file);
  if (!existsSync(program)) throw new SetupError('The development dependencies are not installed: run npm ci');
  return run(process.execPath, [program, ...args], { cwd: ROOT });
}

function makeWithGyp() {
  // The headers beside this Node.js are its own; without them node-gyp fetches those of its version.
  const prefix = path.resolve(path.dirname(process.execPath), '..');
  const local = existsSync(path.join(prefix, 'include/node/node_api.h')) ? [`--nodedir=${prefix}`] : [];
  // Not `rebuild`: that begins by deleting build/, where other outputs are too.
  const steps = ['configure', 'build', '--release', '--jobs', JOBS];
  return runModule('node-gyp/bin/node-gyp.js', [...steps, ...local]);
}

function makeWithCmakeJs() {
  const args = ['compile', '--out', path.join(BUILD, 'cmake'), '--parallel', JOBS, '--log-level', 'error'];
  return runModule('cmake-js/bin/cmake-js', args);
}

/** By cmake alone. @param {string} name of the folder in build/ @param {Record<string, string>} settings */
async function makeWithCmake(name, settings) {
  const folder = path.join(BUILD, name);
  const definitions = Object.entries({ BUILD_ADDON: 'ON', ...settings }).map(([key, value]) => `-D${key}=${value}`);
  await run('cmake', ['-S', ROOT, '-B', folder, ...definitions]);
  await run('cmake', ['--build', folder, '--parallel', JOBS]);
}

function makeForArm64() {
  return makeWithCmake('arm64', {
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_SYSTEM_NAME: 'Linux',
    CMAKE_SYSTEM_PROCESSOR: 'aarch64',
    CMAKE_C_COMPILER: 'aarch64-linux-gnu-gcc',
    CMAKE_CXX_COMPILER: 'aarch64-linux-gnu-g++',
  });
}

/** @param {keyof typeof SANITIZERS} kind */
function makeSanitized(kind) {
  const sanitize = `-fsanitize=${SANITIZERS[kind]} -fno-sanitize-recover=all -fno-omit-frame-pointer`;
  return makeWithCmake(`addon-${kind}`, {
    CMAKE_BUILD_TYPE: 'RelWithDebInfo',
    // GCC's runtimes can be loaded into a node that was built without them; clang's for threads cannot.
    CMAKE_C_COMPILER: 'gcc',
    CMAKE_CXX_COMPILER: 'g++',
    CMAKE_CXX_FLAGS: `${sanitize} -include "${path.join(ROOT, WATCHED_WIPE)}"`,
  });
}

/** Everything that the result depends on, as a digest. @param {string} kind */
function digestOfInputs(kind) {
  const sources = readdirSync(path.join(ROOT, 'src-native')).sort();
  const files = [
    'binding.gyp',
    'CMakeLists.txt',
    'tools/native.mjs',
    WATCHED_WIPE,
    'node_modules/node-addon-api/package.json',
  ];
  const hash = createHash('sha256').update(
    JSON.stringify([kind, ROOT, process.execPath, process.version, process.arch]),
  );
  for (const file of [...files, ...sources.map((name) => `src-native/${name}`)]) {
    const found = path.join(ROOT, file);
    hash.update(`\0${file}\0`).update(existsSync(found) ? readFileSync(found) : '');
  }
  return hash.digest('hex');
}

/**
 * Builds the addon if it has to be.
 *
 * @param {Kind} kind
 * @returns {Promise<string>} the file
 * @throws {SetupError}
 */
export async function ensureAddon(kind) {
  const build = BUILDS[kind];
  const output = path.join(BUILD, build.output);
  const stamp = path.join(BUILD, 'stamps', `addon-${kind}`);
  const digest = digestOfInputs(kind);
  const isCurrent = () => existsSync(output) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  if (isCurrent()) return output;
  await ensureAptGroups(build.packages);
  mkdirSync(path.dirname(stamp), { recursive: true });
  return withLock(`${stamp}.lock`, async () => {
    if (isCurrent()) return output;
    await step(build.title, build.make);
    if (!existsSync(output)) throw new SetupError(`${build.title}: ${output} was not made`);
    writeFileSync(stamp, digest);
    return output;
  });
}

async function main() {
  const [kind = '', ...rest] = process.argv.slice(2);
  if (rest.length > 0 || !Object.hasOwn(BUILDS, kind)) {
    throw new SetupError(`usage: node tools/native.mjs ${Object.keys(BUILDS).join('|')}`);
  }
  say(path.relative(process.cwd(), await ensureAddon(/** @type {Kind} */ (kind))));
}

if (isProgram(import.meta.url)) runTool(main);
