// SPDX-License-Identifier: MIT
/** The decoder of the list of owners. It believes nothing, as those of decode.ts. */
import { Owner, Owners } from './contract.js';
import { MalformedReply, wide } from './packing.js';
import { formatUuid } from '../util/uuid.js';
import { Login } from '../tee/seam.js';

/** An owner in the list. */
export interface OwnerEntry {
  /** One of Login. */
  readonly login: number;
  readonly uuid: string;
  /** The uid or gid outside of all user namespaces, if the TA was told it and could prove it. */
  readonly id: number | undefined;
  readonly keys: number;
  readonly bytes: number;
  readonly objects: number;
  readonly lost: boolean;
}

/** What all owners share. */
export interface SharedUse {
  readonly owners: number;
  readonly places: number;
  readonly promised: number;
  readonly total: number;
}

export interface OwnersPage {
  readonly entries: OwnerEntry[];
  readonly shared: SharedUse;
  readonly more: boolean;
}

/**
 * Decodes the answer of OWNERS. Owners must ascend from the one asked to go on after: an answer that did not would make
 * a client page for ever.
 */
export function decodeOwners(
  reply: Buffer,
  { count, more, after }: { count: number; more: boolean; after: Buffer },
): OwnersPage {
  if (reply.length !== Owners.HEADER_SIZE + count * Owner.ENTRY_SIZE) {
    throw new MalformedReply('has another number of owners than it says');
  }
  if (more && count === 0) throw new MalformedReply('promises more owners but has none');
  let last = after;
  const entries = Array.from({ length: count }, (_, index) => {
    const start = Owners.HEADER_SIZE + index * Owner.ENTRY_SIZE;
    const entry = reply.subarray(start, start + Owner.ENTRY_SIZE);
    const place = Buffer.from([entry.readUInt8(Owner.LOGIN), ...entry.subarray(Owner.UUID, Owner.UUID + 16)]);
    if (Buffer.compare(place, last) <= 0) throw new MalformedReply('has owners out of order');
    last = place;
    return decodeEntry(entry);
  });
  return { entries, shared: decodeShared(reply), more };
}

function decodeShared(reply: Buffer): SharedUse {
  const shared = {
    owners: reply.readUInt32LE(Owners.COUNT),
    places: reply.readUInt32LE(Owners.COUNT_MAX),
    promised: reply.readUInt32LE(Owners.PROMISED),
    total: reply.readUInt32LE(Owners.TOTAL),
  };
  if (shared.total === 0) throw new MalformedReply('has no objects to share');
  return shared;
}

function decodeEntry(entry: Buffer): OwnerEntry {
  const login = entry.readUInt8(Owner.LOGIN);
  if (login !== Login.USER && login !== Login.GROUP) throw new MalformedReply('has an owner of an impossible login');
  const flags = entry.readUInt8(Owner.FLAGS);
  return {
    login,
    uuid: formatUuid(entry.subarray(Owner.UUID, Owner.UUID + 16)),
    id: (flags & Owner.ID_KNOWN) === 0 ? undefined : entry.readUInt32LE(Owner.ID),
    keys: entry.readUInt32LE(Owner.KEYS),
    bytes: wide({ a: entry.readUInt32LE(Owner.BYTES), b: entry.readUInt32LE(Owner.BYTES + 4) }),
    objects: entry.readUInt32LE(Owner.OBJECTS),
    lost: (flags & Owner.LOST) !== 0,
  };
}
