// SPDX-License-Identifier: MIT
/** The development keys that OP-TEE publishes: its keys/default_ta.pem, which is another one from release 4.7 on. */
import { isBefore, type OpteeRelease } from '../../../doctor/optee-release.js';
import type { PackagedTa } from './packaged.js';

export interface PublishedKey {
  /** The first release that trusts it. */
  readonly since: OpteeRelease;
  readonly releases: string;
  /** What of this package is signed with it. */
  readonly part: keyof PackagedTa & `signed${string}`;
  /** Of the public half, as SubjectPublicKeyInfo. */
  readonly sha256: string;
}

const older: PublishedKey = {
  since: { major: 0, minor: 0 },
  releases: 'up to OP-TEE 4.6',
  part: 'signed',
  sha256: '3a21983aeeda3a503f4d3de2ff6fedbaa8b4389ab6ef7261cbdb1de85434fcc3',
};

const newer: PublishedKey = {
  since: { major: 4, minor: 7 },
  releases: 'OP-TEE 4.7 and later',
  part: 'signed-4.7',
  sha256: 'cac7bcfaf8674a57e5eaa8ef1a7c9b67af1fd5562a06440d88d5e3c632e88c48',
};

export const publishedKeys: readonly PublishedKey[] = [older, newer];

/** The one that a release trusts; the older one if nothing tells the release, for most boards run one before 4.7. */
export function keyOfRelease(release: OpteeRelease | undefined): PublishedKey {
  return release === undefined || isBefore(release, newer.since) ? older : newer;
}
