// SPDX-License-Identifier: MIT
// @ts-check
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedFolder } from './cached.mjs';
import { run, SetupError } from './run.mjs';

/** @typedef {{ package: string, version: string, integrity: string }} NodeBinary */

const PINNED = path.join(path.dirname(fileURLToPath(import.meta.url)), 'node-binaries.json');

/** The versions of Node.js to test with, the oldest first. @param {string} arch in Node.js's words @returns {NodeBinary[]} */
export function nodeBinariesFor(arch) {
  return JSON.parse(readFileSync(PINNED, 'utf8'))[arch] ?? [];
}

/** @param {string} name of the package */
const programOf = (name) => (name.startsWith('node-win-') ? 'node.exe' : 'node');

/** @param {string} file @param {NodeBinary} binary */
function refuseOtherContents(file, { package: name, version, integrity }) {
  const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
  if (found === integrity) return;
  throw new SetupError(`${name}@${version} is not what tools/lib/node-binaries.json says: ${found}`);
}

/**
 * A real Node.js, for whatever processor, as its package on npm carries it.
 *
 * @param {NodeBinary} binary
 * @returns {Promise<string>} the program
 * @throws {SetupError} where it cannot be had, or has other contents
 */
export async function ensureNodeBinary(binary) {
  const { package: name, version } = binary;
  const part = `${name}-${version.split('.')[0]}`;
  const folder = await cachedFolder(part, binary, `Fetching Node.js ${version} (${name})`, async (unfinished) => {
    await run('npm', ['pack', '--silent', '--pack-destination', unfinished, `${name}@${version}`], { cwd: unfinished });
    const archive = path.join(unfinished, readdirSync(unfinished).find((file) => file.endsWith('.tgz')) ?? '');
    refuseOtherContents(archive, binary);
    const program = programOf(name);
    await run('tar', ['-xzf', archive, '-C', unfinished, `package/bin/${program}`]);
    renameSync(path.join(unfinished, 'package/bin', program), path.join(unfinished, program));
    rmSync(path.join(unfinished, 'package'), { recursive: true });
    rmSync(archive);
  });
  return path.join(folder, programOf(name));
}
