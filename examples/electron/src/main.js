// SPDX-License-Identifier: MIT
// @ts-check
'use strict';
/** The main process: it alone has the store. */
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { app, BrowserWindow, dialog, ipcMain, session } = require('electron');
const { SecureStorage, isSecureStorageError } = require('optee-secure-storage');
const { serveWifi } = require('./wifi.js');

const FILE = path.join(__dirname, 'index.html');
const PAGE = pathToFileURL(FILE).href;

/** @type {import('optee-secure-storage').SecureStorage | undefined} */
let store;

async function start() {
  await app.whenReady();
  // The page needs no camera, place or clipboard.
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, decide) => decide(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
  store = await SecureStorage.open({ domain: 'wifi' });
  serveWifi(ipcMain, store, PAGE);
  await openWindow();
}

async function openWindow() {
  const window = new BrowserWindow({
    webPreferences: {
      preload: path.join(__dirname, 'preload.js'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
    },
  });
  // Nothing else is ever shown where the operations are at hand.
  window.webContents.on('will-navigate', (event) => event.preventDefault());
  window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  await window.loadFile(FILE);
}

app.on('window-all-closed', () => app.quit());

app.on('will-quit', (event) => {
  if (store === undefined) return;
  // Calls under way end first; none takes longer than its deadline.
  event.preventDefault();
  const closing = store.close();
  store = undefined;
  void closing.then(() => app.quit());
});

start().catch((/** @type {unknown} */ error) => {
  // Its text says what to do: which group to join, what to install.
  const code = isSecureStorageError(error) ? error.code : 'Error';
  dialog.showErrorBox(`Secure storage: ${code}`, error instanceof Error ? error.message : String(error));
  app.exit(1);
});
