// SPDX-License-Identifier: MIT
// @ts-check
import { DebianRelease } from '../tools/lib/debian.mjs';

/** The release whose OP-TEE, kernel and root file system the machine runs, whatever the host's own release is. */
export const SUITE = 'trixie';

const release = new DebianRelease(SUITE, 'arm64');

/** @type {DebianRelease['unpackDebs']} */
export const unpackDebs = release.unpackDebs.bind(release);

/** @type {DebianRelease['unpackClosure']} */
export const unpackClosure = release.unpackClosure.bind(release);

/** @type {DebianRelease['dependenciesOf']} */
export const dependenciesOf = release.dependenciesOf.bind(release);

/** @type {DebianRelease['unpackSource']} */
export const unpackSource = release.unpackSource.bind(release);
