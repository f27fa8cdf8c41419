// SPDX-License-Identifier: MIT
/** A user other than the one that the process has: where nothing is protected, anybody can be played. */
import type { Identity } from '../connection/identity.js';
import { clientUuid } from '../tee/client-uuid.js';
import type { ClientOf } from '../simulator/login.js';
import { encodeUuid } from '../util/uuid.js';
import { Login } from '../tee/seam.js';

/** The identity of a user that the process is not. */
export class GivenIdentity implements Identity {
  readonly login: number;
  readonly #uid: number;

  constructor(
    uid: number,
    readonly group: number | undefined,
  ) {
    this.#uid = uid;
    this.login = group === undefined ? Login.USER : Login.GROUP;
  }

  assertUnchanged(): void {
    // It is whoever it is said to be.
  }

  outerId(): number {
    return this.group ?? this.#uid;
  }

  expectedOwner(): string {
    return this.group === undefined ? clientUuid('uid', this.#uid) : clientUuid('gid', this.group);
  }
}

/** Logins of a user that the process is not, and that belongs to these groups. */
export function clientOfUser(uid: number, groups: readonly number[]): ClientOf {
  return ({ login, group }) => {
    if (login === Login.USER) return { login, uuid: encodeUuid(clientUuid('uid', uid)) };
    if (group === undefined || !groups.includes(group)) return undefined;
    return { login, uuid: encodeUuid(clientUuid('gid', group)) };
  };
}
