// SPDX-License-Identifier: MIT
// @ts-check
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAptGroups } from '../tools/lib/apt.mjs';
import { cachedFolder, digestOf } from '../tools/lib/cached.mjs';
import { run } from '../tools/lib/run.mjs';

/** The sources of what runs inside the machine on the tool's behalf. */
export const GUEST = path.join(path.dirname(fileURLToPath(import.meta.url)), 'guest');

const WARNINGS = ['-Wall', '-Wextra', '-Wshadow', '-Wstrict-prototypes', '-Wmissing-prototypes', '-Werror'];
const FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wl,-z,now', ...WARNINGS];

/** It must not drag in what it stands in for. */
const LIBRARY = { folder: 'supplicant-library', output: 'supplicant.so', flags: ['-shared', '-fPIC'] };
/** The agent is process 1. */
const PROGRAMS = [{ folder: 'agent', output: 'agent', flags: ['-static'] }, LIBRARY];

/** @param {string} folder @param {string} ending */
function filesIn(folder, ending) {
  const names = readdirSync(path.join(GUEST, folder)).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => path.join(GUEST, folder, name));
}

/** @param {string} to */
async function compile(to) {
  for (const { folder, output, flags } of PROGRAMS) {
    const args = [...FLAGS, ...flags, ...filesIn(folder, '.c'), '-o', path.join(to, output)];
    await run('aarch64-linux-gnu-gcc', args);
  }
}

/**
 * Compiles the library of the supplicant as above and does not link it.
 *
 * @param {string} to a folder
 * @param {readonly string[]} [sources]
 * @returns {Promise<string[]>} the object files
 */
export async function compileLibrary(to, sources = filesIn(LIBRARY.folder, '.c')) {
  await ensureAptGroups('machine-images');
  const outputs = sources.map((_, index) => path.join(to, `${index}.o`));
  for (const [index, source] of sources.entries()) {
    const args = [...FLAGS, ...LIBRARY.flags, '-c', source, '-o', outputs[index] ?? ''];
    await run('aarch64-linux-gnu-gcc', args);
  }
  return outputs;
}

/**
 * The agent and the library of the supplicant, for arm64.
 *
 * @returns {Promise<string>} a folder with `agent` and `supplicant.so`.
 */
export function ensureGuestTools() {
  const sources = PROGRAMS.flatMap(({ folder }) => [...filesIn(folder, '.c'), ...filesIn(folder, '.h')]);
  const inputs = [FLAGS, PROGRAMS, digestOf(sources)];
  return cachedFolder('guest-tools', inputs, "Building the machine's agent", async (unfinished) => {
    await ensureAptGroups('machine-images');
    await compile(unfinished);
  });
}
