#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** Builds the Trusted Application and the software TEE as WebAssembly, for the simulator. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAptGroups } from './lib/apt.mjs';
import { ROOT } from './lib/paths.mjs';
import { run } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

const OUTPUT = path.join(ROOT, 'dist', 'simulator', 'secstor.wasm');

/** Sources of the TA as its own makefile names them. */
function taSources() {
  const makefile = readFileSync(path.join(ROOT, 'ta', 'sub.mk'), 'utf8');
  return [...makefile.matchAll(/^srcs-y \+= (.+)$/gm)].map(([, file = '']) => path.join('ta', file));
}

/** @param {string} folder */
function cFiles(folder) {
  return readdirSync(path.join(ROOT, folder))
    .filter((file) => file.endsWith('.c'))
    .sort()
    .map((file) => path.join(folder, file));
}

/** Whether it was built from all that there is now. */
function isUpToDate() {
  const built = statSync(OUTPUT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const folders = ['ta', 'soft-tee'].map((folder) => path.join(ROOT, folder));
  const sources = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file)),
  );
  return [fileURLToPath(import.meta.url), ...sources].every((file) => statSync(file).mtimeMs < built);
}

async function main() {
  readArguments(import.meta.url, { options: {} });
  if (isUpToDate()) return;
  await ensureAptGroups('simulator');
  const { stdout } = spawnSync('clang', ['-print-resource-dir'], { encoding: 'utf8' });
  const options = [
    ...['--target=wasm32', '-mbulk-memory', '-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror'],
    // No C library: the headers of the compiler, and string.h of our own.
    ...['-ffreestanding', '-fno-builtin', '-nostdinc', '-isystem', path.join(stdout.trim(), 'include')],
    ...['-isystem', 'soft-tee/wasm/include', '-Isoft-tee/include', '-Isoft-tee/src', '-Isoft-tee/wasm'],
    ...['-Ita', '-Ita/include', '-Ita/src', '-fvisibility=hidden'],
    // The stack comes first, so that one that overflows traps instead of writing into data.
    ...['-nostdlib', '-Wl,--no-entry', '-Wl,--stack-first', '-Wl,-z,stack-size=65536', '-Wl,--strip-all'],
  ];
  const sources = [...cFiles('soft-tee/wasm'), ...cFiles('soft-tee/src'), ...taSources()];
  mkdirSync(path.dirname(OUTPUT), { recursive: true });
  // Whoever loads it finds the old one or the new one.
  const fresh = `${OUTPUT}.${process.pid}`;
  await run('clang', [...options, ...sources, '-o', fresh], { cwd: ROOT });
  // The linker makes programs.
  chmodSync(fresh, 0o644);
  renameSync(fresh, OUTPUT);
}

runTool(main);
