// SPDX-License-Identifier: MIT
// @ts-check
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';

/** The folder's contents, as paths in the checkout: what a build with it depends on. */
export const HEADER_SOURCES = [
  'tools/native/common.gypi',
  'tools/native/config.gypi',
  'node_modules/node-api-headers/package.json',
];

/**
 * Places what node-gyp's `--nodedir` wants: the headers of Node-API, the same for every version of Node.js and every
 * architecture, and settings. Without it node-gyp downloads the headers of one version.
 *
 * @param {string} folder
 * @returns {string} the folder
 */
export function placeNodeHeaders(folder) {
  const include = path.join(folder, 'include', 'node');
  mkdirSync(include, { recursive: true });
  cpSync(path.join(ROOT, 'node_modules/node-api-headers/include'), include, { recursive: true });
  for (const name of ['common.gypi', 'config.gypi']) {
    cpSync(path.join(ROOT, 'tools/native', name), path.join(include, name));
  }
  return folder;
}
