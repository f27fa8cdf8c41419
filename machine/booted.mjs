// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Machines begin where the first of their kind came to: it boots once, for each state of the product, and its memory and the
 * rest of its state are kept, as they are before the storage is mounted and the secure world is used.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder, digestOf } from '../tools/lib/cached.mjs';
import { run } from '../tools/lib/run.mjs';
import { qemuArguments } from './qemu.mjs';

/** @typedef {import('./qemu.mjs').QemuSetup} QemuSetup */

/** @param {string} folder */
export const partsOf = (folder) => {
  const at = (/** @type {string} */ name) => path.join(folder, name);
  return { memory: at('memory'), rest: at('rest'), consoleLog: at('console.log'), secureLog: at('secure.log') };
};

/** @param {QemuSetup} setup */
async function inputsOf({ firmware, kernel, initrd, root, processors }) {
  const qemu = await run('qemu-system-aarch64', ['--version']);
  const files = {
    initrd: '',
    environment: '',
    disk: '',
    agentSocket: '',
    monitorSocket: '',
    consoleLog: '',
    secureLog: '',
  };
  const args = qemuArguments({ ...files, firmware, kernel, root, processors, origin: { memory: '' } });
  return { qemu, args, initrd: digestOf([initrd]) };
}

/**
 * The folder of a machine that has just booted, its storage not mounted.
 *
 * @param {QemuSetup} setup firmware, kernel and root are in folders that are named after what they are made of
 * @param {string} kind of machine, which has a boot of its own
 * @param {(folder: string) => Promise<void>} bootInto boots such a machine, with what {@link partsOf} names in the folder.
 */
export async function ensureBooted(setup, kind, bootInto) {
  return cachedFolder(
    `booted-${kind}${setup.processors}`,
    await inputsOf(setup),
    'Booting OP-TEE, for all machines to begin there',
    bootInto,
  );
}

/** Adds what the boot logged to a machine's own logs. @param {string} folder @param {QemuSetup} setup */
export function appendBootLogs(folder, { consoleLog, secureLog }) {
  const from = partsOf(folder);
  appendFileSync(consoleLog, readFileSync(from.consoleLog));
  appendFileSync(secureLog, readFileSync(from.secureLog));
}
