// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Machines begin where the first of their kind came to: it boots once, for each state of the product, and its memory, its
 * disk and the rest of its state are kept. A machine has them within a fraction of a second.
 */
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder, digestOf } from '../lib/cached.mjs';
import { run } from '../lib/run.mjs';
import { qemuArguments } from './qemu.mjs';

/** @typedef {import('./qemu.mjs').QemuSetup} QemuSetup */

/** @param {string} folder */
export const partsOf = (folder) => {
  const at = (/** @type {string} */ name) => path.join(folder, name);
  return {
    memory: at('memory'),
    rest: at('rest'),
    disk: at('disk.img'),
    consoleLog: at('console.log'),
    secureLog: at('secure.log'),
  };
};

/** @param {QemuSetup} setup */
async function inputsOf(setup) {
  const { firmware, kernel, initrd, processors } = setup;
  const qemu = await run('qemu-system-aarch64', ['--version']);
  /** Paths that say nothing. */
  const bare = {
    firmware: '',
    kernel: '',
    initrd: '',
    root: setup.root,
    environment: '',
    disk: '',
    agentSocket: '',
    monitorSocket: '',
  };
  const args = qemuArguments({ ...bare, processors, consoleLog: '', secureLog: '', origin: { memory: '' } });
  return { qemu, args, contents: digestOf([firmware, kernel, initrd]) };
}

/**
 * The folder of a machine that has just booted.
 *
 * @param {QemuSetup} setup
 * @param {(folder: string) => Promise<void>} bootInto boots such a machine, with what {@link partsOf} names in the folder.
 */
export async function ensureBooted(setup, bootInto) {
  const part = `booted-${setup.processors}`;
  return cachedFolder(part, await inputsOf(setup), 'Booting OP-TEE, for all machines to begin there', bootInto);
}

/** Gives a machine what it must have of its own: a disk, and logs that go on. @param {string} folder @param {QemuSetup} setup */
export async function copyParts(folder, { disk, consoleLog, secureLog }) {
  const from = partsOf(folder);
  copyFileSync(from.consoleLog, consoleLog);
  copyFileSync(from.secureLog, secureLog);
  await run('cp', ['--sparse=always', '--reflink=auto', from.disk, disk]);
}
