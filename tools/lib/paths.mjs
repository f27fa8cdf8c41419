// SPDX-License-Identifier: MIT
// @ts-check
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top of the checkout. */
export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Downloads and built images; ignored by git, safe to delete at any time. */
export const CACHE = path.join(ROOT, '.cache', 'machine');

/** The TypeScript compiler, by its path: the package that eslint and typedoc use has a program of the same name. */
export const TSC = path.join(ROOT, 'node_modules', 'typescript-7', 'bin', 'tsc');
