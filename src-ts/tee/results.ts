// SPDX-License-Identifier: MIT

/**
 * Results that GlobalPlatform defines, as far as this package tells them apart: TEE Client API Specification 1.0,
 * table 4-2 (0xffff0000 and up), and TEE Internal Core API Specification 1.3, table 3-3.
 */

export const TeeResult = {
  SUCCESS: 0,
  CORRUPT_OBJECT: 0xf0100001,
  STORAGE_NOT_AVAILABLE: 0xf0100003,
  GENERIC: 0xffff0000,
  ACCESS_DENIED: 0xffff0001,
  ACCESS_CONFLICT: 0xffff0003,
  BAD_PARAMETERS: 0xffff0006,
  ITEM_NOT_FOUND: 0xffff0008,
  NOT_IMPLEMENTED: 0xffff0009,
  NOT_SUPPORTED: 0xffff000a,
  OUT_OF_MEMORY: 0xffff000c,
  BUSY: 0xffff000d,
  COMMUNICATION: 0xffff000e,
  SECURITY: 0xffff000f,
  SHORT_BUFFER: 0xffff0010,
  TARGET_DEAD: 0xffff3024,
  STORAGE_NO_SPACE: 0xffff3041,
} as const;
