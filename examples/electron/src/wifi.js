// SPDX-License-Identifier: MIT
// @ts-check
'use strict';
/**
 * What the page may ask for: four operations on Wi-Fi passwords, not the store. Knows nothing of Electron but the two
 * things that it is given.
 */

/** @typedef {import('optee-secure-storage').SecureStorage} SecureStorage */
/** @typedef {Pick<import('electron').IpcMain, 'handle'>} Handlers */
/** @typedef {Pick<import('electron').IpcMainInvokeEvent, 'sender' | 'senderFrame'>} Sender */
/** @typedef {{ ok: true, value: unknown } | { ok: false, code: string, message: string }} Answer */

const PREFIX = 'wifi/';

/**
 * Serves the operations to one page.
 * @param {Handlers} handlers ipcMain
 * @param {SecureStorage} store
 * @param {string} page the address of the page that may ask
 */
function serveWifi(handlers, store, page) {
  /** @type {Record<string, (...args: unknown[]) => Promise<unknown>>} */
  const operations = {
    'wifi:list': async () => (await store.keys({ prefix: PREFIX })).map((key) => key.slice(PREFIX.length)),
    'wifi:password': (ssid) => store.get(keyOf(ssid), { encoding: 'utf8' }),
    'wifi:save': async (ssid, password) => void (await store.put(keyOf(ssid), passwordOf(password))),
    'wifi:forget': (ssid) => store.delete(keyOf(ssid)),
  };
  for (const [channel, operation] of Object.entries(operations)) {
    handlers.handle(channel, async (event, ...args) => answer(() => serve(event, page, operation, args)));
  }
}

/**
 * @param {Sender} event @param {string} page @param {(...args: unknown[]) => Promise<unknown>} operation
 * @param {unknown[]} args
 */
function serve(event, page, operation, args) {
  if (!isFrom(event, page)) throw refusal('ERR_SENDER', 'This page may not ask for secrets.');
  return operation(...args);
}

/** Whether a message comes from the page itself: its own address, and no frame within it. @param {Sender} event @param {string} page */
function isFrom({ sender, senderFrame }, page) {
  return senderFrame !== null && senderFrame === sender.mainFrame && senderFrame.url === page;
}

/**
 * An error's code would be lost on the way to the page, so answers are objects.
 * @param {() => Promise<unknown>} operation @returns {Promise<Answer>}
 */
async function answer(operation) {
  try {
    return { ok: true, value: await operation() };
  } catch (error) {
    const { code = 'ERR_UNKNOWN', message } = /** @type {Error & { code?: string }} */ (error);
    return { ok: false, code, message };
  }
}

/** @param {unknown} ssid @returns {string} */
function keyOf(ssid) {
  const valid = typeof ssid === 'string' && ssid !== '' && Buffer.byteLength(ssid) <= 32;
  if (!valid) throw refusal('ERR_SSID', 'The name of a network has 1 to 32 bytes.');
  return PREFIX + ssid;
}

/** @param {unknown} password @returns {string} */
function passwordOf(password) {
  const valid = typeof password === 'string' && password.length >= 8 && password.length <= 63;
  if (!valid) throw refusal('ERR_PASSWORD', 'A Wi-Fi password has 8 to 63 characters.');
  return password;
}

/** @param {string} code @param {string} message */
function refusal(code, message) {
  return Object.assign(new Error(message), { code });
}

module.exports = { serveWifi };
