// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Which releases of Debian the machine's parts are from: OP-TEE, Linux, and the client side with all of the root file
 * system. Parts of different ages work together, as on boards, where each is updated on its own.
 */
import { SetupError } from '../tools/lib/run.mjs';

/**
 * An OP-TEE OS: Debian's build, or one of a release's source with options of its own.
 *
 * @typedef {object} OpteeOs
 * @property {string} suite the release
 * @property {Readonly<Record<string, string>>} [options] of OP-TEE's make
 */

/**
 * @typedef {object} Version
 * @property {string} title for people
 * @property {OpteeOs} optee
 * @property {string} kernel the release it is from
 * @property {string} client the release of libteec, tee-supplicant and the rest of the root file system
 * @property {true} [systemd] whether that release's systemd is the first process, with udev. Then nothing but systemd mounts
 * the storage and starts the supplicant, when it is asked to.
 */

/** The machine of all tests that ask for no other. */
export const USUAL = 'trixie';

/** The release whose source of OP-TEE can be had. */
const SOURCE = 'sid';

/**
 * An OP-TEE 4.10 with options of its own. Linux is the one before 6.12: later ones look for the RPMB themselves, and ask
 * tee-supplicant, which emulates one, no more.
 *
 * @param {string} title @param {Record<string, string>} options @returns {Version}
 */
const built = (title, options) => ({
  title: `OP-TEE 4.10 ${title}`,
  optee: { suite: SOURCE, options },
  kernel: 'bookworm',
  client: 'sid',
});

/** A board whose RPMB partition OP-TEE may use; its key is the one for tests. */
const RPMB = { CFG_RPMB_FS: 'y', CFG_RPMB_WRITE_KEY: 'y', CFG_RPMB_TESTKEY: 'y' };

/** @type {Readonly<Record<string, Version>>} */
export const VERSIONS = Object.freeze({
  [USUAL]: {
    title: 'Debian trixie: OP-TEE 4.5, libteec.so.2, Linux 6.12',
    optee: { suite: USUAL },
    kernel: USUAL,
    client: USUAL,
  },
  systemd: {
    title: 'Debian trixie under systemd: OP-TEE 4.5, libteec.so.2, Linux 6.12',
    optee: { suite: USUAL },
    kernel: USUAL,
    client: USUAL,
    systemd: true,
  },
  bookworm: {
    title: 'OP-TEE 4.5 under Debian bookworm: libteec.so.1 and tee-supplicant 3.19, Linux 6.1',
    optee: { suite: USUAL },
    kernel: 'bookworm',
    client: 'bookworm',
  },
  sid: {
    title: 'Debian sid: OP-TEE 4.10 with its client and kernel',
    optee: { suite: 'sid' },
    kernel: 'sid',
    client: 'sid',
  },
  'like-nvidia': built('with a heap, threads and shared memory as NVIDIA configures them', {
    CFG_CORE_HEAP_SIZE: '131072',
    CFG_NUM_THREADS: '12',
    CFG_CORE_RESERVED_SHM: 'n',
  }),
  'default-heap': built("with 64 KiB of core heap, OP-TEE's default", { CFG_CORE_HEAP_SIZE: '65536' }),
  rpmb: built('that keeps the state of its storage directory in RPMB', RPMB),
  'rpmb-elsewhere': built('that has RPMB, and does not protect its storage directory by it', {
    ...RPMB,
    CFG_REE_FS_INTEGRITY_RPMB: 'n',
  }),
  'rpmb-alone': built('that stores in RPMB alone', { ...RPMB, CFG_REE_FS: 'n' }),
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
