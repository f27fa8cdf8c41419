// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Whether the software TEE's headers say of the TEE Internal Core API what those of OP-TEE's development kit say: every
 * number, the layout of every type, the prototype of every function; for both sizes of the API.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { run, SetupError } from '../lib/run.mjs';
import { ensureTaDevKit } from '../../machine/kits.mjs';

const SOURCES = path.join(ROOT, 'test', 'ta', 'api');

/** Both are made for the host's own processor, whose types have the sizes of 64-bit ARM. */
const VARIANTS = {
  'with sizes of 64 bits': '-D__OPTEE_CORE_API_COMPAT_1_1=0',
  'with sizes of 32 bits': '-D__OPTEE_CORE_API_COMPAT_1_1=1',
};

/**
 * Compiles the table of facts with a set of headers, which fails where a prototype differs, and prints it.
 * @param {string} folder for what is compiled
 * @param {string} name
 * @param {readonly string[]} options
 * @returns {Promise<string[]>} one line for each fact
 */
async function factsOf(folder, name, options) {
  const object = path.join(folder, `${name}.o`);
  const program = path.join(folder, name);
  await run('clang', ['-std=gnu11', '-ffreestanding', ...options, '-c', path.join(SOURCES, 'facts.c'), '-o', object]);
  await run('clang', [path.join(SOURCES, 'print_facts.c'), object, '-o', program]);
  return (await run(program, [])).trimEnd().split('\n');
}

/**
 * @param {string} build a folder for what is compiled
 * @returns {Promise<{ name: string, problem: string | undefined }[]>} one for each variant
 */
export async function checkApi(build) {
  const kit = await ensureTaDevKit();
  const folder = path.join(build, 'api');
  mkdirSync(folder, { recursive: true });
  const results = [];
  for (const [variant, option] of Object.entries(VARIANTS)) {
    const name = `the API is that of OP-TEE ${variant}`;
    try {
      const soft = await factsOf(folder, 'soft', [option, `-I${path.join(ROOT, 'soft-tee', 'include')}`]);
      const real = await factsOf(folder, 'kit', [option, `-I${path.join(kit, 'include')}`]);
      const differences = soft.map((line, n) => (line === real[n] ? '' : `  ${line}, in OP-TEE ${real[n]}\n`)).join('');
      results.push({ name, problem: differences || undefined });
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      results.push({ name, problem: `  ${error.message}\n` });
    }
  }
  return results;
}
