// SPDX-License-Identifier: MIT
import type { Connection } from './connection.js';
import type { TaInfo } from '../protocol/decode.js';
import { packageVersion } from '../util/package-json.js';

/** What {@link SecureStorage.info} tells. */
export interface StoreInfo {
  /** Where secrets are kept. */
  readonly backend: string;
  /**
   * Whether a TEE keeps them: false for the simulator. How good the board's own root key is, no board tells here; see
   * {@link SecureStorage.diagnose}.
   */
  readonly secure: boolean;
  /** The domain that this store was opened with. */
  readonly domain: string;
  /** Who owns what this store reads and writes. */
  readonly login: 'user' | 'group';
  /** The id of the owning group in this process's user namespace, with a group login. */
  readonly group: number | undefined;
  /** The UUID by which the kernel attested the owner to the TA. */
  readonly owner: string;
  /**
   * Whether `owner` was compared with the one computed for this process. False where it cannot be computed: no /proc, or
   * an id without a mapping out of this user namespace.
   */
  readonly ownerVerified: boolean;
  /** Version of this package. */
  readonly packageVersion: string;
  /** UUID of the Trusted Application. */
  readonly taUuid: string;
  /** Version of the Trusted Application. */
  readonly taVersion: string;
  /** Version of the TA's protocol. */
  readonly protocol: number;
  /** Version of what the TA keeps in storage. */
  readonly format: number;
  /** What cannot be exceeded. */
  readonly limits: {
    /** Bytes of a key. */
    readonly key: number;
    /** Bytes of a domain. */
    readonly domain: number;
    /** Bytes of a value. */
    readonly value: number;
    /** Keys of the owner over all its domains. */
    readonly keys: number;
    /** Bytes of the owner's keys and values over all its domains. */
    readonly bytes: number;
  };
  /** What the owner uses over all its domains. */
  readonly used: {
    /** Keys. */
    readonly keys: number;
    /** Bytes of keys and values. */
    readonly bytes: number;
    /** Persistent objects of OP-TEE, both copies counted. */
    readonly objects: number;
  };
  /**
   * Whether an old state of the storage would be noticed. `false`: OP-TEE says that it would not. `null`: OP-TEE says
   * that it would, which may not be true of this storage. Never true: OP-TEE says the same of every build with
   * CFG_RPMB_FS=y, also of one that accepts old states (CFG_REE_FS_INTEGRITY_RPMB=n), and the TA cannot tell them apart.
   */
  readonly rollbackProtected: false | null;
  /**
   * gpd.tee.trustedStorage.antiRollback.protectionLevel of the TEE, as it says of itself: 0 or 100 for no protection,
   * 1000 for protection by hardware (GlobalPlatform TEE Internal Core API Specification).
   */
  readonly antiRollback: number;
  /** How many damaged or lost copies were restored from their twin since the TA was loaded. */
  readonly healed: number;
}

/** The level from which on a TEE says that its hardware protects from rollback. */
const PROTECTED = 1000;

/** Everything known about a store. */
export function describe({ settings, ownerVerified }: Connection, ta: TaInfo): StoreInfo {
  const { backend, domain, identity, taUuid } = settings;
  return {
    backend: backend.name,
    secure: backend.secure,
    domain,
    login: identity.group === undefined ? 'user' : 'group',
    group: identity.group,
    owner: ta.owner,
    ownerVerified,
    packageVersion: packageVersion(),
    taUuid,
    taVersion: ta.version,
    protocol: ta.protocol,
    format: ta.format,
    limits: { key: ta.keyMax, domain: ta.domainMax, value: ta.valueMax, keys: ta.quotaKeys, bytes: ta.quotaBytes },
    used: { keys: ta.usedKeys, bytes: ta.usedBytes, objects: ta.objects },
    rollbackProtected: ta.antiRollback >= PROTECTED ? null : false,
    antiRollback: ta.antiRollback,
    healed: ta.healed,
  };
}
