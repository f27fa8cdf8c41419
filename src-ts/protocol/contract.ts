// SPDX-License-Identifier: MIT
/**
 * The contract of the Trusted Application as TypeScript: numbers and offsets of ta/include/secstor_ta.h under the
 * names they have there, without the prefix SECSTOR_. A unit test reads the header and compares every one.
 * What each command takes and returns is documented in the header and encoded in commands.ts.
 */

/** UUID of the TA; stored data is bound to it, so the default never changes. */
export const TA_UUID = 'ff06ae7c-d9e8-40c7-ab24-86ad69bffce7';

export const PROTOCOL_VERSION = 1;
export const FORMAT_VERSION = 1;

/** Sizes in bytes and counts that no request may exceed. */
export const Limit = {
  KEY_MAX: 1024,
  DOMAIN_MAX: 64,
  VALUE_MAX: 1024 * 1024,
  REQUEST_MAX: 1024 * 1024 + 128 * 1024,
  REQUEST_COUNT_MAX: 1024,
  CURSOR_MAX: 1104,
} as const;

/** What all owners of a TA share; a build of the TA may set others. Objects are counted with their twins. */
export const Shared = {
  /** Owners with a proven id below it have a place of their own, all others share the pool. */
  ID_MAX: 65_536,
  OWNERS_MAX: 64,
  POOL_OWNERS_MAX: 16,
  OBJECTS_TOTAL: 2048,
  POOL_OBJECTS: 256,
  OBJECTS_RESERVED: 8,
  POOL_OBJECTS_RESERVED: 4,
} as const;

/** Default quota of one owner over all its domains; a build of the TA may set others, info() reports them. */
export const Quota = { KEYS: 10_000, BYTES: 16 * 1024 * 1024 } as const;

export const Command = {
  INFO: 0,
  GET: 1,
  GET_MANY: 2,
  PUT: 3,
  DELETE: 4,
  LIST: 5,
  STAT: 6,
  BATCH: 7,
  GENERATE: 8,
  CLEAR: 9,
  WHOAMI: 10,
  VERIFY: 11,
  OWNERS: 12,
  REMOVE_OWNER: 13,
  /** Only in a TA built for tests. */
  TEST_PANIC: 0xffff,
} as const;

export const BatchKind = { PUT: 1, DELETE: 2 } as const;

/** Expected revisions that are not a number of changes: 64 bits, as low and high half of a value parameter. */
export const REVISION_ANY = { a: 0xffffffff, b: 0xffffffff } as const;
export const REVISION_ABSENT = 0;

/** Where an index is reported: the error is about the request as a whole. */
export const INDEX_NONE = 0xffffffff;

/** Offset of each field in the packed answer of Command.INFO. */
export const Info = {
  PROTOCOL: 0,
  FORMAT: 4,
  VERSION: 8,
  LOGIN: 12,
  OWNER: 16,
  KEY_MAX: 32,
  DOMAIN_MAX: 36,
  VALUE_MAX: 40,
  QUOTA_KEYS: 44,
  QUOTA_BYTES: 48,
  USED_KEYS: 56,
  OBJECTS: 60,
  USED_BYTES: 64,
  ANTI_ROLLBACK: 72,
  HEALED: 76,
  OWN_PLACE: 80,
  ID_MAX: 84,
  SIZE: 88,
} as const;

/** Offset of each field at the front of the answer of Command.OWNERS. */
export const Owners = { COUNT: 0, COUNT_MAX: 4, PROMISED: 8, TOTAL: 12, HEADER_SIZE: 16 } as const;

/** And in each of its entries; the last two are flags. */
export const Owner = {
  UUID: 0,
  LOGIN: 16,
  FLAGS: 17,
  ID: 20,
  KEYS: 24,
  OBJECTS: 28,
  BYTES: 32,
  ENTRY_SIZE: 40,
  ID_KNOWN: 1,
  LOST: 2,
} as const;

/** Results of the TA's own. */
export const TaError = {
  IDENTITY: 0x80535301,
  KERNEL: 0x80535302,
  PROTOCOL: 0x80535303,
  DOMAIN: 0x80535304,
  KEY: 0x80535305,
  VALUE_TOO_LARGE: 0x80535306,
  QUOTA: 0x80535307,
  EXISTS: 0x80535308,
  CONFLICT: 0x80535309,
  FORMAT: 0x8053530a,
  NO_PLACE: 0x8053530b,
  FULL: 0x8053530c,
} as const;
