// SPDX-License-Identifier: MIT
/**
 * The UUIDs under which a TEE knows its clients. The kernel makes them from the effective user id, or from the id of a
 * group (Linux, drivers/tee/tee_core.c, tee_session_calc_client_uuid).
 */
import { readFileSync } from 'node:fs';

import { formatUuid } from '../util/uuid.js';

/** The namespace of the kernel's client UUIDs. */
const namespace = '58ac9ca0-2086-4683-a1b8-ec4bc08e01b6';

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

/**
 * The UUID under which the kernel knows a client: version 5 of RFC 9562 over the id in hexadecimal digits.
 * @param id number in the initial user namespace
 */
export function clientUuid(kind: 'uid' | 'gid', id: number): string {
  return namedUuid(`${kind}=${id.toString(16)}`);
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

/**
 * An id of this process's user namespace as it is outside of all, which is what the kernel goes by.
 * @returns null if it has no mapping
 * @throws Error without /proc
 */
export function idOutside(kind: 'uid' | 'gid', id: number): number | null {
  return outerId(id, readFileSync(`/proc/self/${kind}_map`, 'latin1'));
}

/** Whether this process belongs to a group. */
export function isMember(group: number): boolean {
  return process.getegid?.() === group || (process.getgroups?.().includes(group) ?? false);
}
