// SPDX-License-Identifier: MIT
// @ts-check
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';

/**
 * @typedef {object} Target
 * @property {string} arch in Node.js's words.
 * @property {string} debian the same in Debian's.
 * @property {string} triple the same to a compiler.
 * @property {readonly string[]} flags for the compiler, beyond the addon's own.
 */

/** What binaries are shipped for. All are for Linux and glibc. */
export const TARGETS = Object.freeze({
  'linux-arm64-glibc': target('arm64', 'arm64', 'aarch64-linux-gnu'),
  'linux-x64-glibc': target('x64', 'amd64', 'x86_64-linux-gnu'),
  // What Node.js itself is built for, and the 32-bit Jetsons and boards have: no NEON is assumed.
  'linux-arm-glibc': target('arm', 'armhf', 'arm-linux-gnueabihf', ['-march=armv7-a', '-mfpu=vfpv3-d16']),
});

/** @typedef {keyof typeof TARGETS} TargetName */

/** @param {string} arch @param {string} debian @param {string} triple @param {string[]} flags @returns {Target} */
function target(arch, debian, triple, flags = []) {
  return { arch, debian, triple, flags };
}

export const TARGET_NAMES = /** @type {TargetName[]} */ (Object.keys(TARGETS));

/** Where a target's binary is: prebuildify's layout, with the C library as a tag. @param {TargetName} name */
export function prebuildFile(name) {
  return path.join(ROOT, 'prebuilds', `linux-${TARGETS[name].arch}`, 'optee-secure-storage.glibc.node');
}
