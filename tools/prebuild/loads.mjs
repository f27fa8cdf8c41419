// SPDX-License-Identifier: MIT
// @ts-check
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedFolder } from '../lib/cached.mjs';
import { DebianRelease } from '../lib/debian.mjs';
import { run, SetupError } from '../lib/run.mjs';
import { ensureNodeBinary, nodeBinariesFor } from '../lib/node-binaries.mjs';
import { ensureSysroot } from './sysroot.mjs';

/** @typedef {import('./targets.mjs').Target} Target */

/** One way of loading: `command` is what Node.js is started with. @typedef {{ title: string, command: string[] }} Load */

const LOADER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'load.cjs');

/** QEMU's user-mode emulators by the processor, in Node.js's words. @type {Readonly<Record<string, string>>} */
const EMULATORS = { arm64: 'qemu-aarch64-static', arm: 'qemu-arm-static' };

/**
 * Emulators for single programs, unpacked and not installed, because an installed one takes over all foreign programs of
 * the machine (binfmt).
 *
 * @param {string} arch
 */
async function ensureEmulator(arch) {
  const packages = ['qemu-user-static'];
  const folder = await cachedFolder('qemu-user', packages, 'Fetching QEMU for single programs', async (unfinished) => {
    await new DebianRelease('bookworm', 'amd64').unpackDebs(unfinished, packages);
  });
  return path.join(folder, 'root/usr/bin', EMULATORS[arch] ?? '');
}

/** Starts a program with the sysroot's C library instead of the machine's. @param {string} sysroot @param {Target} target */
function olderLibraries(sysroot, { triple }) {
  const folders = ['lib', 'usr/lib'].map((name) => path.join(sysroot, name, triple));
  return [path.join(sysroot, 'lib64/ld-linux-x86-64.so.2'), '--library-path', folders.join(':')];
}

/**
 * The ways a target's binary is loaded in: with each Node.js there is for it, on the older glibc, and where this machine
 * can also on its own.
 *
 * @param {Target} target
 * @returns {Promise<Load[]>}
 */
export async function loadsOf(target) {
  if (process.arch !== 'x64')
    throw new SetupError('Binaries are checked on an x64 machine: the others are emulated there');
  const sysroot = await ensureSysroot(target.debian);
  /** @type {Load[]} */
  const loads = [];
  for (const binary of nodeBinariesFor(target.arch)) {
    const node = await ensureNodeBinary(binary);
    const title = `Node.js ${binary.version}`;
    if (target.arch in EMULATORS) {
      const emulator = await ensureEmulator(target.arch);
      loads.push({ title: `${title}, older glibc, emulated`, command: [emulator, '-L', sysroot, node] });
    } else {
      loads.push({ title: `${title}, older glibc`, command: [...olderLibraries(sysroot, target), node] });
      loads.push({ title: `${title}, this machine's glibc`, command: [node] });
    }
  }
  return loads;
}

/** What is wrong with how a thread fared. @param {string} thread @param {any} result */
function faultsOf(thread, result) {
  if (!result) return [`${thread}: nothing came of it`];
  const { missing, misuse, outcome } = result;
  // No libteec, or one without a device behind it: either way the addon has said so.
  const said = typeof outcome.libraryNotFound === 'string' || (outcome.result > 0 && outcome.noContext === true);
  return [
    ...missing.map((/** @type {string} */ name) => `${thread}: ${name}() is missing`),
    ...(misuse === 'TypeError' ? [] : [`${thread}: misuse raised ${misuse}`]),
    ...(said ? [] : [`${thread}: open() gave ${JSON.stringify(outcome)}`]),
  ];
}

/**
 * Loads a file in one of the ways.
 *
 * @param {string} file
 * @param {Load} load
 * @param {Target} target
 * @returns {Promise<{ glibc: string, faults: string[] }>}
 */
export async function tryLoad(file, { command }, target) {
  const [program = '', ...args] = command;
  if (!existsSync(program)) throw new SetupError(`${program} is missing: delete its folder in .cache and try again`);
  try {
    const { PATH, HOME, TMPDIR } = process.env;
    const answer = JSON.parse(await run(program, [...args, LOADER, file], { env: { PATH, HOME, TMPDIR } }));
    const arch = answer.arch === target.arch ? [] : [`it ran on ${answer.arch}`];
    const faults = [...arch, ...faultsOf('main thread', answer.first), ...faultsOf('worker', answer.worker)];
    return { glibc: answer.glibc, faults };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return {
      glibc: '',
      faults: [/^.*(?:Error|GLIBC|symbol).*$/m.exec(text.slice(text.indexOf('\n') + 1))?.[0] ?? text],
    };
  }
}
