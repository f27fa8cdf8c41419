#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Makes the binaries of the addon that are shipped, in prebuilds/. This machine's own libraries do not matter. One
 * that is up to date is left as it is. prebuilds/README.md says what they are made of; tools/check-prebuilds.mjs checks
 * them.
 *
 *   node tools/prebuild.mjs              all
 *   node tools/prebuild.mjs TARGET …     some, as linux-arm64-glibc
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ensureAptGroups } from './lib/apt.mjs';
import { ensureNpm } from './lib/npm.mjs';
import { ROOT } from './lib/paths.mjs';
import { say, step } from './lib/progress.mjs';
import { run } from './lib/run.mjs';
import { digestOfInputs, ensureStamped } from './lib/stamped.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { nativeSources } from './native.mjs';
import { HEADER_SOURCES, placeNodeHeaders } from './native/headers.mjs';
import { ensureSysroot } from './prebuild/sysroot.mjs';
import { prebuildFile, TARGET_NAMES, TARGETS } from './prebuild/targets.mjs';

/** @typedef {import('./prebuild/targets.mjs').TargetName} TargetName */
/** @typedef {import('./prebuild/targets.mjs').Target} Target */

/** Any version will do: node-gyp only names a folder by it. */
const NODE_VERSION = '20.0.0';

const OLDER_GLIBC = 'tools/prebuild/older_glibc.h';

/** The compiler with what makes it one for the target. @param {Target} target @param {string} sysroot */
function compiler({ triple, flags }, sysroot) {
  return [`--target=${triple}`, `--sysroot=${sysroot}`, `--gcc-toolchain=${sysroot}/usr`, ...flags];
}

/**
 * The environment of the build: nothing of the user's that compilers, make or npm would listen to.
 *
 * @param {Target} target @param {string} sysroot @param {string} stage
 */
function buildEnvironment(target, sysroot, stage) {
  const { PATH, HOME, TMPDIR } = process.env;
  const compile = compiler(target, sysroot).join(' ');
  return {
    ...{ PATH, HOME, TMPDIR, LC_ALL: 'C' },
    npm_config_nodedir: placeNodeHeaders(path.join(stage, 'node')),
    CC: `clang ${compile}`,
    CXX: `clang++ ${compile}`,
    // The same bytes wherever the checkout is; and what is not used is left out.
    CXXFLAGS: `-include ${path.join(ROOT, OLDER_GLIBC)} -ffile-prefix-map=${stage}=. -ffile-prefix-map=${sysroot}=. -ffunction-sections -fdata-sections`,
    // The C++ library inside and hidden: a board's own may be older, an application's another one.
    LDFLAGS: '-fuse-ld=lld -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL,--gc-sections,--as-needed',
  };
}

/** Where the binary for a target is built. @param {TargetName} name */
const stageOf = (name) => path.join(ROOT, 'build', 'prebuild', name);

/** @param {string} folder @param {string} ending @returns {string[]} */
function filesBelow(folder, ending) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => path.join(folder, name));
}

/** A copy of the addon's sources, because node-gyp builds, and deletes, beside them. @param {string} stage */
function placeSources(stage) {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  for (const name of ['binding.gyp', 'package.json', 'src-native']) {
    cpSync(path.join(ROOT, name), path.join(stage, name), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(stage, 'node_modules'));
}

/** @param {TargetName} name @param {string} sysroot */
async function makePrebuild(name, sysroot) {
  const target = TARGETS[name];
  const stage = stageOf(name);
  placeSources(stage);
  const args = [
    ...['--napi', '--target', NODE_VERSION, '--platform', 'linux', '--arch', target.arch],
    ...['--libc', 'glibc', '--tag-libc', '--strip', '--strip-bin', 'llvm-strip'],
  ];
  const program = path.join(ROOT, 'node_modules/prebuildify/bin.js');
  const env = buildEnvironment(target, sysroot, stage);
  await run(process.execPath, [program, ...args], { cwd: stage, env });
  const output = prebuildFile(name);
  mkdirSync(path.dirname(output), { recursive: true });
  const made = path.join(stage, path.relative(ROOT, output));
  // The linker makes programs.
  chmodSync(made, 0o644);
  renameSync(made, output);
}

/** @param {TargetName} name @param {string} sysroot */
async function digestOf(name, sysroot) {
  const versions = await Promise.all(['clang', 'ld.lld', 'llvm-strip'].map((program) => run(program, ['--version'])));
  const modules = ['node-addon-api', 'node-gyp', 'prebuildify'].map((module) => `node_modules/${module}/package.json`);
  const files = ['binding.gyp', 'tools/prebuild.mjs', OLDER_GLIBC, ...HEADER_SOURCES, ...modules, ...nativeSources()];
  return digestOfInputs([name, TARGETS[name], path.basename(path.dirname(sysroot)), versions], files);
}

/**
 * Makes the binary for one target if it has to be.
 *
 * @param {TargetName} name
 * @returns {Promise<string>} the file
 * @throws {SetupError}
 */
export async function ensurePrebuild(name) {
  await ensureNpm();
  await ensureAptGroups('prebuild');
  const sysroot = await ensureSysroot(TARGETS[name].debian);
  const make = () => step(`Building the addon for ${name}`, () => makePrebuild(name, sysroot));
  return ensureStamped({
    name: `prebuild-${name}`,
    output: prebuildFile(name),
    digest: await digestOf(name, sysroot),
    make,
  });
}

/**
 * The object files that a target's binary was linked from.
 *
 * @param {TargetName} name
 * @returns {Promise<string[]>}
 */
export async function ensurePrebuildObjects(name) {
  await ensurePrebuild(name);
  const objects = () => filesBelow(path.join(stageOf(name), 'build', 'Release', 'obj.target'), '.o');
  // The binary may have come here without them.
  if (objects().length === 0) {
    const sysroot = await ensureSysroot(TARGETS[name].debian);
    await step(`Building the addon for ${name}`, () => makePrebuild(name, sysroot));
  }
  return objects();
}

async function main() {
  const { positionals: asked } = readArguments(import.meta.url, { options: {}, names: TARGET_NAMES });
  for (const name of TARGET_NAMES) {
    if (asked.length === 0 || asked.includes(name)) say(path.relative(process.cwd(), await ensurePrebuild(name)));
  }
}

if (isProgram(import.meta.url)) runTool(main);
