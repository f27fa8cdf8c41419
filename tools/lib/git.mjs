// SPDX-License-Identifier: MIT
// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './paths.mjs';

/**
 * Files that git tracks or would track, so that nothing built or downloaded is looked at.
 * @param {string[]} patterns @returns {string[]} relative to the top
 */
export function trackedFiles(...patterns) {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...patterns];
  const names = spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout.split('\0').filter(Boolean);
  return names.filter((name) => existsSync(path.join(ROOT, name))); // one may have been deleted and not staged
}
