// SPDX-License-Identifier: MIT
/**
 * Who the process is, as the TEE sees it. The kernel attests a client's login to the TA as a UUID made from its
 * effective user id, or from the id of a group it belongs to (Linux, drivers/tee/tee_core.c,
 * tee_session_calc_client_uuid). The same UUID is computed here and compared with what the TA saw, so that a session
 * never speaks for someone else unnoticed.
 */
import { readFileSync } from 'node:fs';

import type { Call } from '../protocol/call.js';
import { Login } from '../tee/seam.js';

/** The namespace of the kernel's client UUIDs. */
const namespace = '58ac9ca0-2086-4683-a1b8-ec4bc08e01b6';

/** The identity with which a store is opened and under which it stays usable. */
export interface Identity {
  readonly login: number;
  /** The id of the owning group, with a group login. */
  readonly group: number | undefined;
  /** @throws SecureStorageError ERR_UID_CHANGED, ERR_NOT_IN_GROUP */
  assertUnchanged(call: Call): void;
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
      throw call.error('ERR_NOT_IN_GROUP', { detail: this.#noMember() });
  }

  /**
   * The UUID that the TA must have been told.
   * @returns null where it cannot be computed: without /proc, for an id that has no mapping out of this user namespace,
   * and where a policy forbids SHA-1. The kernel's attestation and the TA hold there as well; it is this second look
   * that is missing.
   */
  expectedOwner(): string | null {
    const kind = this.group === undefined ? 'uid' : 'gid';
    const id = this.group ?? this.#uid;
    if (id === undefined) return null;
    try {
      const outer = idOutside(kind, id);
      return outer === null ? null : clientUuid(kind, outer);
    } catch {
      return null;
    }
  }

  #noMember(): string {
    return `this process is not a member of group ${String(this.group)}`;
  }
}

/**
 * An id of this process's user namespace as it is outside of all, which is what the kernel goes by.
 * @returns null if it has no mapping
 * @throws Error without /proc
 */
export function idOutside(kind: 'uid' | 'gid', id: number): number | null {
  return outerId(id, readFileSync(`/proc/self/${kind}_map`, 'latin1'));
}

/**
 * The UUID under which the kernel knows a client: version 5 of RFC 9562 over the id in hexadecimal digits.
 * @param id number in the initial user namespace
 */
export function clientUuid(kind: 'uid' | 'gid', id: number): string {
  return namedUuid(`${kind}=${id.toString(16)}`);
}

/** Version 5 of RFC 9562 over a name in the namespace of the kernel's client UUIDs. */
export function namedUuid(name: string): string {
  // Loaded here because it is slow to load and this runs while the TEE opens the session.
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return formatUuid(bytes);
}

/** 16 octets in the order of RFC 9562 as 8-4-4-4-12 hexadecimal digits. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, 16).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * Maps an id of this user namespace to the one outside.
 * @param map text of /proc/self/uid_map or gid_map (user_namespaces(7)): lines of first id inside, first id outside, count
 * @returns null if no line covers the id
 */
export function outerId(id: number, map: string): number | null {
  for (const line of map.split('\n')) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || outside === undefined || count === undefined) continue;
    if (id >= inside && id < inside + count) return outside + (id - inside);
  }
  return null;
}

/** Whether this process belongs to a group. */
export function isMember(group: number): boolean {
  return process.getegid?.() === group || (process.getgroups?.().includes(group) ?? false);
}
