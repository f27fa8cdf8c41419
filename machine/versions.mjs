// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Which releases of Debian the machine's parts are from: OP-TEE, Linux, and the client side with all of the root file
 * system. Parts of different ages work together, as on boards, where each is updated on its own.
 */
import { SetupError } from '../tools/lib/run.mjs';

/**
 * @typedef {object} Version
 * @property {string} title for people
 * @property {string} optee the release whose OP-TEE OS it is
 * @property {string} kernel
 * @property {string} client the release of libteec, tee-supplicant and the rest of the root file system
 */

/** The machine of all tests that ask for no other. */
export const USUAL = 'trixie';

/** @type {Readonly<Record<string, Version>>} */
export const VERSIONS = Object.freeze({
  [USUAL]: { title: 'Debian trixie: OP-TEE 4.5, libteec.so.2, Linux 6.12', optee: USUAL, kernel: USUAL, client: USUAL },
  bookworm: {
    title: 'OP-TEE 4.5 under Debian bookworm: libteec.so.1 and tee-supplicant 3.19, Linux 6.1',
    optee: USUAL,
    kernel: 'bookworm',
    client: 'bookworm',
  },
  sid: { title: 'Debian sid: OP-TEE 4.10 with its client and kernel', optee: 'sid', kernel: 'sid', client: 'sid' },
});

/** Chosen for a whole process: `OPTEE_MACHINE_VERSION=sid npm test -- e2e`. */
export const CHOSEN = process.env.OPTEE_MACHINE_VERSION || USUAL;

/** @param {string} [name] @returns {Version} */
export function versionOf(name = CHOSEN) {
  const version = Object.hasOwn(VERSIONS, name) ? VERSIONS[name] : undefined;
  if (version) return version;
  throw new SetupError(`There is no machine of version ${name}; there are: ${Object.keys(VERSIONS).join(', ')}`);
}

/** What a part of another release is called in the cache, so that each release keeps its own. @param {string} part @param {string} suite */
export const partOf = (part, suite) => (suite === USUAL ? part : `${part}-${suite}`);
