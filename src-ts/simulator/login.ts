// SPDX-License-Identifier: MIT
/** Who a client of the simulator is: what the kernel would attest of this process. */
import os from 'node:os';

import { isMember, idOutside, clientUuid, namedUuid } from '../tee/client-uuid.js';
import { encodeUuid } from '../util/uuid.js';
import { Login, type SessionTarget } from '../tee/seam.js';
import type { Client } from './module.js';

/** Tells who the client of a session is; undefined where the kernel would refuse the login. */
export type ClientOf = (target: Pick<SessionTarget, 'login' | 'group'>) => Client | undefined;

export const clientOfProcess: ClientOf = ({ login, group }) => {
  switch (login) {
    case Login.PUBLIC:
      return { login, uuid: new Uint8Array(16) };
    case Login.USER:
      return { login, uuid: encodeUuid(ownUuid()) };
    case Login.GROUP:
      if (group === undefined || !isMember(group)) return undefined;
      return { login, uuid: encodeUuid(clientUuid('gid', outside('gid', group))) };
    default:
      return undefined;
  }
};

function ownUuid(): string {
  const uid = process.geteuid?.();
  // Windows has names where others have numbers.
  return uid === undefined ? namedUuid(`user=${os.userInfo().username}`) : clientUuid('uid', outside('uid', uid));
}

/** What cannot be told from the id in this user namespace stays what it is. */
function outside(kind: 'uid' | 'gid', id: number): number {
  try {
    return idOutside(kind, id) ?? id;
  } catch {
    return id;
  }
}
