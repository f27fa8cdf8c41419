// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Loads the addon named by the argument and opens a session with it, in the main thread and in a worker; prints what
 * came of it as JSON. Runs in any Node.js on any processor, so it needs nothing but that.
 */
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads');

const FUNCTIONS = ['createSession', 'open', 'invoke', 'close', 'withdraw', 'abandon', 'runningThread', 'parkedThreads'];

/** Which error a misuse raises: that of this realm, made by the addon. @param {() => unknown} action */
function errorOf(action) {
  try {
    action();
    return 'none';
  } catch (error) {
    return error instanceof Error ? error.name : typeof error;
  }
}

/** Opens a session where there is no TEE. @param {any} addon @returns {Promise<object>} */
function openSession(addon) {
  return new Promise((resolve) => {
    const settle = (/** @type {number} */ _request, /** @type {object} */ outcome) => {
      addon.close(session, 2);
      resolve(outcome);
    };
    const session = addon.createSession(settle, []);
    addon.open(session, 1, new Uint8Array(16), 0, 0, []);
  });
}

/** @param {string} file */
async function tryAddon(file) {
  const addon = require(file);
  return {
    missing: FUNCTIONS.filter((name) => typeof addon[name] !== 'function'),
    misuse: errorOf(() => addon.open()),
    outcome: await openSession(addon),
  };
}

/** @param {string} file @returns {Promise<object>} */
function tryInWorker(file) {
  return new Promise((resolve, reject) => {
    /** @type {object} */
    let result;
    const worker = new Worker(__filename, { workerData: file });
    worker.once('message', (message) => (result = message));
    worker.once('error', reject);
    worker.once('exit', () => resolve(result));
  });
}

/** @param {string} file */
async function main(file) {
  const first = await tryAddon(file);
  const worker = await tryInWorker(file);
  const header = /** @type {any} */ (process.report.getReport()).header;
  const machine = { node: process.version, arch: process.arch, glibc: header.glibcVersionRuntime };
  process.stdout.write(`${JSON.stringify({ ...machine, first, worker })}\n`);
}

if (isMainThread) void main(process.argv[2] ?? '');
else void tryAddon(workerData).then((result) => parentPort?.postMessage(result));
