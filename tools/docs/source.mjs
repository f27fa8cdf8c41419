// SPDX-License-Identifier: MIT
// @ts-check
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';

const require = createRequire(import.meta.url);

/** A module of src-ts as it is, without a build. @param {string} name its file */
export function source(name) {
  require(path.join(ROOT, 'test', 'native', 'support', 'typescript_hook.cjs'));
  return require(path.join(ROOT, 'src-ts', name));
}
