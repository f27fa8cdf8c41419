// SPDX-License-Identifier: MIT
// @ts-check
import { cpSync, lstatSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { DebianRelease } from '../tools/lib/debian.mjs';

/** @type {Map<string, DebianRelease>} */
const releases = new Map();

/** The packages of a release for the machine's processor, whatever the host's own release is. @param {string} suite */
export function releaseOf(suite) {
  const release = releases.get(suite) ?? new DebianRelease(suite, 'arm64');
  releases.set(suite, release);
  return release;
}

/** Debian's merged /usr: what would be linked when packages are installed. @param {string} root */
export function mergeUsr(root) {
  for (const name of ['bin', 'sbin', 'lib']) {
    const apart = path.join(root, name);
    const found = lstatSync(apart, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) continue;
    if (found) {
      cpSync(apart, path.join(root, 'usr', name), { recursive: true, verbatimSymlinks: true });
      rmSync(apart, { recursive: true });
    }
    symlinkSync(`usr/${name}`, apart);
  }
}
