// SPDX-License-Identifier: MIT
import { invalidArgument } from '../arguments/checks.js';
import type { LoginName } from '../arguments/options.js';
import type { Owner } from '../protocol/commands.js';
import type { OwnerEntry, SharedUse } from '../protocol/decode-owners.js';
import { clientUuid } from '../tee/client-uuid.js';
import { Login } from '../tee/seam.js';

/** A user or group that has a store, as {@link SecureStorage.owners} lists it. */
export interface OwnerInfo {
  /** The UUID by which the kernel attests it to the TA. */
  readonly owner: string;
  /** Whether it is a user or a group. */
  readonly login: LoginName;
  /** The user or group id outside of all user namespaces; undefined if the TA could not prove it. */
  readonly id: number | undefined;
  /** Keys of all its domains. */
  readonly keys: number;
  /** Bytes of its keys and values. */
  readonly bytes: number;
  /** Persistent objects of OP-TEE that it may have at present, both copies counted. */
  readonly objects: number;
  /** Whether its store is lost: both copies of what everything in it is found by. */
  readonly lost: boolean;
}

/** What {@link SecureStorage.owners} returns. */
export interface OwnersInfo {
  /** Users first, then groups, each by UUID. */
  readonly owners: OwnerInfo[];
  /** Persistent objects of OP-TEE that all of them share. */
  readonly objects: {
    /** Promised to the owners listed. */
    readonly used: number;
    /** That there may be. */
    readonly total: number;
  };
  /** How many owners can have a place of their own; ids from 65536 on and unknown ids share others. */
  readonly places: number;
}

/** Whose store {@link SecureStorage.removeOwner} removes, as its options say it. */
export interface WhoseStore {
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly owner: string | undefined;
  readonly login: LoginName | undefined;
}

export function describeOwners(entries: readonly OwnerEntry[], { promised, total, places }: SharedUse): OwnersInfo {
  const owners = entries.map(({ login, uuid, ...rest }): OwnerInfo => {
    return { owner: uuid, login: login === Login.USER ? 'user' : 'group', ...rest };
  });
  return { owners, objects: { used: promised, total }, places };
}

/**
 * The owner that options name.
 * @throws SecureStorageError ERR_INVALID_ARG unless they name exactly one
 */
export function ownerNamed({ uid, gid, owner, login }: WhoseStore): Owner {
  const named = [uid, gid, owner].filter((one) => one !== undefined);
  if (named.length !== 1 || (owner === undefined) !== (login === undefined)) {
    throw invalidArgument('options', 'an object with either uid, or gid, or owner and login', {});
  }
  if (owner !== undefined) return { login: login === 'group' ? Login.GROUP : Login.USER, uuid: owner.toLowerCase() };
  if (gid !== undefined) return { login: Login.GROUP, uuid: clientUuid('gid', gid) };
  return { login: Login.USER, uuid: clientUuid('uid', uid ?? 0) };
}
