// SPDX-License-Identifier: MIT
/**
 * Who the process is, as the TEE sees it. The kernel attests a client's login to the TA as a UUID made from its
 * effective user id, or from the id of a group it belongs to (Linux, drivers/tee/tee_core.c,
 * tee_session_calc_client_uuid). The same UUID is computed here and compared with what the TA saw, so that a session
 * never speaks for someone else unnoticed.
 */

import { groupRemedy } from '../errors/access.js';
import type { Call } from '../protocol/call.js';
import { Login } from '../tee/seam.js';
import { clientUuid, idOutside, isMember } from '../tee/client-uuid.js';

/** The identity with which a store is opened and under which it stays usable. */
export interface Identity {
  readonly login: number;
  /** The id of the owning group, with a group login. */
  readonly group: number | undefined;
  /** @throws SecureStorageError ERR_UID_CHANGED, ERR_NOT_IN_GROUP */
  assertUnchanged(call: Call): void;
  /** The owner's id outside of all user namespaces, by which the kernel goes; null where it is not known. */
  outerId(): number | null;
  /** The UUID that the TA must have been told; null where it cannot be computed. */
  expectedOwner(): string | null;
}

/** The identity that this process has. */
export class ProcessIdentity implements Identity {
  readonly login: number;
  /** The effective user id; undefined where the platform has none. */
  readonly #uid = process.geteuid?.();
  readonly group: number | undefined;

  constructor(group?: number) {
    this.group = group;
    this.login = group === undefined ? Login.USER : Login.GROUP;
  }

  /**
   * Makes sure that the process is still who it was. A session keeps its identity when the process gives it up, so one
   * that dropped its privileges could go on with the secrets of the user it was. For a group that means both: the same
   * user, and still a member.
   * @throws SecureStorageError ERR_UID_CHANGED, ERR_NOT_IN_GROUP
   */
  assertUnchanged(call: Call): void {
    const uid = process.geteuid?.();
    if (uid !== this.#uid) {
      const detail = `the effective user is ${String(uid)}, but the store was opened by ${String(this.#uid)}`;
      throw call.error('ERR_UID_CHANGED', { detail });
    }
    if (this.group !== undefined && !isMember(this.group))
      throw call.error('ERR_NOT_IN_GROUP', { detail: this.#noMember(), remedy: groupRemedy(this.group) });
  }

  /**
   * The UUID that the TA must have been told.
   * @returns null where it cannot be computed: without /proc, for an id that has no mapping out of this user namespace,
   * and where a policy forbids SHA-1. The kernel's attestation and the TA hold there as well; it is this second look
   * that is missing.
   */
  expectedOwner(): string | null {
    try {
      const outer = this.outerId();
      return outer === null ? null : clientUuid(this.#kind(), outer);
    } catch {
      return null;
    }
  }

  /** @returns null without /proc, and for an id that has no mapping out of this user namespace */
  outerId(): number | null {
    const id = this.group ?? this.#uid;
    if (id === undefined) return null;
    try {
      return idOutside(this.#kind(), id);
    } catch {
      return null;
    }
  }

  #kind(): 'uid' | 'gid' {
    return this.group === undefined ? 'uid' : 'gid';
  }

  #noMember(): string {
    return `this process is not a member of group ${String(this.group)}`;
  }
}
