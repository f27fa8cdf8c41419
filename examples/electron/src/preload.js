// SPDX-License-Identifier: MIT
// @ts-check
'use strict';
/** In the sandbox, between the page and the main process: the page gets these four functions and no other. */
const { contextBridge, ipcRenderer } = require('electron');

contextBridge.exposeInMainWorld('wifi', {
  list: () => ipcRenderer.invoke('wifi:list'),
  password: (/** @type {string} */ ssid) => ipcRenderer.invoke('wifi:password', ssid),
  save: (/** @type {string} */ ssid, /** @type {string} */ password) => ipcRenderer.invoke('wifi:save', ssid, password),
  forget: (/** @type {string} */ ssid) => ipcRenderer.invoke('wifi:forget', ssid),
});
