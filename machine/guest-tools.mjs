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

/** The agent is process 1 and the supplicant's library must not drag in what it stands in for. */
const PROGRAMS = [
  { folder: 'agent', output: 'agent', flags: ['-static'] },
  { folder: 'supplicant-library', output: 'supplicant.so', flags: ['-shared', '-fPIC'] },
];

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
