#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Builds the addon for this machine. A build that is up to date is left as it is, at once. What is shipped comes from
 * tools/prebuild.mjs.
 *
 *   npm run build:native          builds the addon with node-gyp
 *   npm run build:native:cmake    builds the addon with cmake-js
 *
 *   node tools/native.mjs gyp      by node-gyp:                build/Release/optee_secure_storage.node
 *   node tools/native.mjs cmake    by cmake-js:                build/cmake/Release/optee_secure_storage.node
 *   node tools/native.mjs address  with sanitizers, for tests: build/addon-address/optee_secure_storage.node
 *   node tools/native.mjs thread   with another:               build/addon-thread/optee_secure_storage.node
 *
 * The environment variable JOBS says how many compilers may run at once.
 */
import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureAptGroups } from './lib/apt.mjs';
import { ROOT } from './lib/paths.mjs';
import { say, step } from './lib/progress.mjs';
import { run, SetupError } from './lib/run.mjs';
import { digestOfInputs, ensureStamped } from './lib/stamped.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments, UsageError } from './lib/usage.mjs';
import { HEADER_SOURCES, placeNodeHeaders } from './native/headers.mjs';

const BUILD = path.join(ROOT, 'build');
const JOBS = process.env.JOBS ?? String(os.availableParallelism());
/** Makes wiping visible to sanitizers. */
const WATCHED_WIPE = 'test/native/support/watched_wipe.h';

/** What the kinds of build with sanitizers are built with, for -fsanitize=. */
export const SANITIZERS = Object.freeze({ address: 'address,undefined', thread: 'thread' });

/** @typedef {'gyp' | 'cmake' | keyof typeof SANITIZERS} Kind */

/**
 * @typedef {object} Build
 * @property {string} title
 * @property {string} output relative to build/
 * @property {() => Promise<unknown>} make
 */

/** @type {Readonly<Record<Kind, Build>>} */
const BUILDS = {
  gyp: {
    title: 'Building the addon (node-gyp)',
    output: 'Release/optee_secure_storage.node',
    make: makeWithGyp,
  },
  cmake: {
    title: 'Building the addon (cmake-js)',
    output: 'cmake/Release/optee_secure_storage.node',
    make: makeWithCmakeJs,
  },
  address: sanitizedBuild('address'),
  thread: sanitizedBuild('thread'),
};

/** @param {keyof typeof SANITIZERS} kind @returns {Build} */
function sanitizedBuild(kind) {
  return {
    title: `Building the addon with sanitizers (${SANITIZERS[kind]})`,
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
  // Not `rebuild`: that begins by deleting build/, where other outputs are too.
  const steps = ['configure', 'build', '--release', '--jobs', JOBS];
  const headers = placeNodeHeaders(path.join(BUILD, 'node-headers'));
  return runModule('node-gyp/bin/node-gyp.js', [...steps, `--nodedir=${headers}`]);
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

/** @param {keyof typeof SANITIZERS} kind */
function makeSanitized(kind) {
  const sanitize = `-fsanitize=${SANITIZERS[kind]} -fno-sanitize-recover=all -fno-omit-frame-pointer`;
  return makeWithCmake(`addon-${kind}`, {
    CMAKE_BUILD_TYPE: 'RelWithDebInfo',
    // Two thirds of the usual time to compile; a report needs lines and whole stacks, no more.
    CMAKE_CXX_FLAGS_RELWITHDEBINFO: '-O1 -g1',
    // GCC's runtimes can be loaded into a node that was built without them; clang's for threads cannot.
    CMAKE_C_COMPILER: 'gcc',
    CMAKE_CXX_COMPILER: 'g++',
    CMAKE_CXX_FLAGS: `${sanitize} -include "${path.join(ROOT, WATCHED_WIPE)}"`,
  });
}

/** The addon's own files, as paths in the checkout. @returns {string[]} */
export function nativeSources() {
  return readdirSync(path.join(ROOT, 'src-native'))
    .sort()
    .map((name) => `src-native/${name}`);
}

/** Everything that the result depends on, as a digest. @param {string} kind */
function digestOf(kind) {
  const files = [
    'binding.gyp',
    'CMakeLists.txt',
    'tools/native.mjs',
    WATCHED_WIPE,
    'node_modules/node-addon-api/package.json',
    ...HEADER_SOURCES,
    ...nativeSources(),
  ];
  return digestOfInputs([kind, ROOT, process.execPath, process.version, process.arch], files);
}

/**
 * Builds the addon if it has to be.
 *
 * @param {Kind} kind
 * @returns {Promise<string>} the file
 * @throws {SetupError}
 */
export function ensureAddon(kind) {
  const build = BUILDS[kind];
  const make = async () => {
    await ensureAptGroups('native');
    await step(build.title, build.make);
  };
  return ensureStamped({
    name: `addon-${kind}`,
    output: path.join(BUILD, build.output),
    digest: digestOf(kind),
    make,
  });
}

async function main() {
  const { positionals } = readArguments(import.meta.url, { options: {}, names: Object.keys(BUILDS), most: 1 });
  const [kind] = positionals;
  if (kind === undefined) throw new UsageError('Say which build.', import.meta.url);
  say(path.relative(process.cwd(), await ensureAddon(/** @type {Kind} */ (kind))));
}

if (isProgram(import.meta.url)) runTool(main);
