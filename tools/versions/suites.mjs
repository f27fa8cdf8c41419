// SPDX-License-Identifier: MIT
// @ts-check
/** Which tests run on which version of the machine. */

/**
 * @typedef {object} Suite
 * @property {string} title for people
 * @property {'e2e' | 'faults' | 'versions'} project of jest
 * @property {string} file
 * @property {(version: string) => string} [only] a pattern of the tests' names, if not all of the file are meant
 * @property {Record<string, string>} [env]
 */

/** In the order in which they are run. */
const all = {
  chain: {
    title: 'from the first put to a reboot, two users, to 1 MiB',
    project: 'e2e',
    file: 'e2e/versions.test',
  },
  conformance: { title: 'conformance', project: 'e2e', file: 'e2e/api.test' },
  identity: { title: 'identity', project: 'e2e', file: 'e2e/identity.test' },
  failures: { title: 'failures', project: 'e2e', file: 'e2e/failures.test' },
  powercut: { title: 'power cuts', project: 'e2e', file: 'e2e/powercut.test' },
  faults: {
    title: 'a sample of 40 faults at file operations',
    project: 'faults',
    file: 'faults/sample.test',
    env: { OPTEE_FAULTS_SAMPLE: '40', OPTEE_FAULTS_SEED: '16' },
  },
  systemd: {
    title: 'what the units of examples/systemd promise',
    project: 'versions',
    file: 'versions/systemd.test',
  },
  rpmb: {
    title: 'what RPMB refuses, and what is said of it',
    project: 'versions',
    file: 'versions/rpmb.test',
    only: (/** @type {string} */ version) => `^${RPMB_TESTS[version] ?? ''}`,
  },
};

/** The tests of versions/rpmb.test.ts, by the machine that they start. @type {Readonly<Record<string, string>>} */
const RPMB_TESTS = {
  rpmb: 'OP-TEE that keeps the state',
  'rpmb-elsewhere': 'OP-TEE that has RPMB',
  'rpmb-alone': 'OP-TEE that stores in RPMB alone',
};

/** @typedef {keyof typeof all} SuiteName */

/** @type {Readonly<Record<SuiteName, Suite>>} */
export const SUITES = /** @type {Record<SuiteName, Suite>} */ (all);

/**
 * Where a version differs in one thing only. The emulated RPMB is lost with tee-supplicant, so nothing that stops it can run
 * there.
 *
 * @type {Readonly<Record<string, SuiteName[]>>}
 */
const SOME = {
  systemd: ['systemd'],
  'default-heap': ['chain', 'conformance'],
  rpmb: ['conformance', 'identity', 'rpmb'],
  'rpmb-elsewhere': ['rpmb'],
  'rpmb-alone': ['rpmb'],
};

/** @param {string} version @returns {SuiteName[]} */
export function suitesOf(version) {
  return SOME[version] ?? ['chain', 'conformance', 'identity', 'failures', 'powercut', 'faults'];
}
