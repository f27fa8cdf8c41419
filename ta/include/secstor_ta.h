/* SPDX-License-Identifier: MIT */
/*
 * The contract of the secure storage Trusted Application (TA).
 *
 * Used unchanged by the TA, by every client and by the tests. The TypeScript
 * side of it is src-ts/protocol/contract.ts; a test compares the two. It
 * includes nothing but <stdint.h>, so that C99 and C++17 read it with either
 * the TEE Client API or the TEE Internal Core API around it.
 *
 * Conventions
 * - Numbers within packed bytes are little-endian and unaligned.
 * - A 64-bit number in a value parameter is split: a holds the low 32 bits,
 *   b the high 32 bits.
 * - Parameters that a command does not name are NONE. The parameter types are
 *   compared exactly; anything else is TEE_ERROR_BAD_PARAMETERS.
 * - A result other than TEE_SUCCESS means that nothing has changed, except
 *   for a storage error (NOT_AVAILABLE, a dead TA or a lost supplicant),
 *   after which a change either happened whole or not at all.
 * - TEE_ERROR_SHORT_BUFFER always comes before any change. The size of the
 *   output reference is then the size that would do.
 * - Command and error numbers are never given a second meaning.
 */
#ifndef SECSTOR_TA_H
#define SECSTOR_TA_H

#include <stdint.h>

/*
 * ff06ae7c-d9e8-40c7-ab24-86ad69bffce7. Stored data is bound to the UUID, so
 * the default never changes. A build may set another one (make TA_UUID=...);
 * it then has a storage of its own.
 */
#ifndef SECSTOR_TA_UUID
#define SECSTOR_TA_UUID                                                        \
	{                                                                      \
		0xff06ae7c, 0xd9e8, 0x40c7,                                    \
		{                                                              \
			0xab, 0x24, 0x86, 0xad, 0x69, 0xbf, 0xfc, 0xe7         \
		}                                                              \
	}
#endif

/* The version of what is said in this file. */
#ifndef SECSTOR_PROTOCOL_VERSION
#define SECSTOR_PROTOCOL_VERSION 1u
#endif
/* The version of what is kept in storage (docs/storage-format.md). */
#define SECSTOR_FORMAT_VERSION 1u

/*
 * Limits. A key is 1 to KEY_MAX bytes of well-formed UTF-8 without control
 * characters (U+0000 to U+001F and U+007F), compared byte by byte; a domain
 * follows the same rules with DOMAIN_MAX. A list prefix is 0 to KEY_MAX bytes
 * and need not end at a character boundary.
 */
#define SECSTOR_KEY_MAX 1024u
#define SECSTOR_DOMAIN_MAX 64u
/* OP-TEE's core heap needs about 104 B for each 4 KiB of an open object, so
 * 1 MiB stays well under the smallest heap in the field (64 KiB). */
#ifndef SECSTOR_VALUE_MAX
#define SECSTOR_VALUE_MAX (1024u * 1024u)
#endif
/* The packed request of GET_MANY or BATCH: one value of the largest size
 * and 128 KiB of anything else. */
#ifndef SECSTOR_REQUEST_MAX
#define SECSTOR_REQUEST_MAX (SECSTOR_VALUE_MAX + 128u * 1024u)
#endif
/* How many keys or operations a packed request may hold. */
#ifndef SECSTOR_REQUEST_COUNT_MAX
#define SECSTOR_REQUEST_COUNT_MAX 1024u
#endif
/* Quota of one owner over all its domains; a build may set others. Bytes
 * are those of keys and values. */
#ifndef SECSTOR_QUOTA_KEYS
#define SECSTOR_QUOTA_KEYS 10000u
#endif
#ifndef SECSTOR_QUOTA_BYTES
#define SECSTOR_QUOTA_BYTES (16u * 1024u * 1024u)
#endif

/*
 * What all owners share, see docs/storage-format.md. OP-TEE's core heap bears
 * so many objects (those of the default size, 64 KiB). An owner whose uid or
 * gid was proven when a session was opened, and is below ID_MAX, has a place of
 * its own, with OBJECTS_RESERVED of them; all others share a small pool, so that
 * one user's subordinate ids can't use everything up. A build may set others.
 */
#ifndef SECSTOR_ID_MAX
#define SECSTOR_ID_MAX 65536u
#endif
#ifndef SECSTOR_OWNERS_MAX
#define SECSTOR_OWNERS_MAX 64u
#endif
#ifndef SECSTOR_POOL_OWNERS_MAX
#define SECSTOR_POOL_OWNERS_MAX 16u
#endif
#ifndef SECSTOR_OBJECTS_TOTAL
#define SECSTOR_OBJECTS_TOTAL 2048u
#endif
#ifndef SECSTOR_POOL_OBJECTS
#define SECSTOR_POOL_OBJECTS 256u
#endif
#define SECSTOR_OBJECTS_RESERVED 8u
#define SECSTOR_POOL_OBJECTS_RESERVED 4u

/*
 * Revisions. Each change of a key gives it a revision that is higher than
 * every revision given before to any key of the same owner, so a key that was
 * deleted and stored again never has an old revision. 0 stands for absent.
 *
 * An "expected revision" is a condition on the key before the change:
 * REVISION_ANY asks nothing, REVISION_ABSENT that the key does not exist
 * (else SECSTOR_ERROR_EXISTS), any other number that the key has this
 * revision (else SECSTOR_ERROR_CONFLICT).
 */
#define SECSTOR_REVISION_ABSENT UINT64_C(0)
#define SECSTOR_REVISION_ANY UINT64_MAX

/* Where an index is reported: the error is about the request as a whole. */
#define SECSTOR_INDEX_NONE UINT32_MAX

/*
 * TEEC_OpenSession
 * [in]  value[0].a   protocol version the client speaks
 * [in]  memref[1]    domain
 * [in]  value[2].a   the uid, or gid, that the login is for, as it is outside
 * of all user namespaces; b zero. Or NONE if that is not known
 *
 * The number counts only if the attested UUID was made from it, as Linux does:
 * UUIDv5 of "uid=%x" or "gid=%x". A wrong one is taken for none.
 *
 * Login must be TEEC_LOGIN_USER or TEEC_LOGIN_GROUP. The owner of all that the
 * session reads and writes is the login type together with the UUID that the
 * kernel attested for it.
 *
 * SECSTOR_ERROR_IDENTITY  another login type
 * SECSTOR_ERROR_KERNEL    the attested UUID is nil or the TA's own, which is
 *                         what kernels before 5.8 give to every caller
 * SECSTOR_ERROR_PROTOCOL  this TA does not speak that version
 * SECSTOR_ERROR_DOMAIN    not a domain by the rules above
 */

/*
 * SECSTOR_CMD_INFO
 * [out] memref[0]    packed information, see SECSTOR_INFO_*
 */
#define SECSTOR_CMD_INFO 0u

/*
 * SECSTOR_CMD_GET
 * [in]  memref[0]    key
 * [out] memref[1]    value
 * [out] value[2]     revision
 *
 * TEE_ERROR_ITEM_NOT_FOUND  no such key (or not the caller's: one answer)
 */
#define SECSTOR_CMD_GET 1u

/*
 * SECSTOR_CMD_GET_MANY
 * [in]  memref[0]    1 to REQUEST_COUNT_MAX times
 *                    { u16 key size; key }
 * [out] memref[1]    in the order asked, as many as fit,
 *                    { u64 revision (0: absent); u32 value size; u32 zero;
 *                      value }
 * [out] value[2].a   how many are in the answer; at least one
 *       value[2].b   on an error: the index of the key it is about, or
 *                    SECSTOR_INDEX_NONE
 *
 * TEE_ERROR_SHORT_BUFFER: not even the first one fits.
 */
#define SECSTOR_CMD_GET_MANY 2u

/*
 * SECSTOR_CMD_PUT
 * [in]    memref[0]  key
 * [in]    memref[1]  value
 * [inout] value[2]   in: expected revision; out: the new revision
 * [out]   memref[3]  the previous value, or NONE when it is not wanted:
 *                    { u64 revision (0: there was none); value }
 */
#define SECSTOR_CMD_PUT 3u

/*
 * SECSTOR_CMD_DELETE
 * [in]    memref[0]  key
 * [inout] value[1]   in: expected revision; out: the revision deleted
 *
 * TEE_ERROR_ITEM_NOT_FOUND  no such key, with REVISION_ANY or REVISION_ABSENT
 */
#define SECSTOR_CMD_DELETE 4u

/*
 * SECSTOR_CMD_LIST, in ascending byte order of the keys
 * [in]    memref[0]  prefix
 * [in]    memref[1]  the key after which to go on; empty: from the start
 * [out]   memref[2]  as many as fit and are wanted,
 *                    { u64 revision; u32 value size; u16 key size; u16 zero;
 *                      key }
 * [inout] value[3]   in:  a how many are wanted at most, 0: no limit
 *                    out: a how many are in the answer, b 1 if there are more
 *
 * TEE_ERROR_SHORT_BUFFER: not even the first one fits.
 */
#define SECSTOR_CMD_LIST 5u

/*
 * SECSTOR_CMD_STAT
 * [in]  memref[0]    key
 * [out] value[1]     revision
 * [out] value[2].a   value size
 *
 * TEE_ERROR_ITEM_NOT_FOUND  no such key
 */
#define SECSTOR_CMD_STAT 6u

/*
 * SECSTOR_CMD_BATCH: all or nothing
 * [in]  memref[0]    1 to REQUEST_COUNT_MAX times
 *                    { u8 kind; u8 zero; u16 key size; u32 value size;
 *                      u64 expected revision; key; value }
 *                    with kind SECSTOR_BATCH_PUT or, with a value size of 0,
 *                    SECSTOR_BATCH_DELETE; no key twice
 * [out] memref[1]    a u64 for each operation: the new revision of a put, the
 *                    revision deleted by a delete (0: nothing was there)
 * [out] value[2].a   on an error: the index of the operation it is about, or
 *                    SECSTOR_INDEX_NONE
 */
#define SECSTOR_CMD_BATCH 7u
#define SECSTOR_BATCH_PUT 1u
#define SECSTOR_BATCH_DELETE 2u

/*
 * SECSTOR_CMD_GENERATE: a value of random bytes made inside the TEE
 * [in]    memref[0]  key
 * [in]    value[1].a size in bytes, 1 to VALUE_MAX
 * [inout] value[2]   in: expected revision; out: the new revision
 * [out]   memref[3]  the value, or NONE when it shall not leave the TEE now
 */
#define SECSTOR_CMD_GENERATE 8u

/*
 * SECSTOR_CMD_CLEAR: deletes every key with a prefix, all or nothing, and
 * forgets what was corrupt under it
 * [in]  memref[0]    prefix; empty: the whole domain
 * [out] value[1].a   how many keys were deleted (lost ones are not counted)
 *       value[1].b   1: objects are left to be removed, which later changes do,
 *                    or the same CLEAR once more
 *
 * An owner who has nothing left gives up its place among the owners.
 */
#define SECSTOR_CMD_CLEAR 9u

/*
 * SECSTOR_CMD_WHOAMI: the session's owner, without a look at the storage
 * [out] value[0], value[1]  the UUID's 16 octets in RFC 4122 order, four in
 *                           each number, the first one lowest
 * [out] value[2].a          TEE_LOGIN_USER or TEE_LOGIN_GROUP
 */
#define SECSTOR_CMD_WHOAMI 10u

/*
 * SECSTOR_CMD_VERIFY: reads both copies of the caller's objects, of all
 * domains, some in each call. What OP-TEE finds damaged it removes.
 *
 * [in]    memref[0]    where to go on: empty, or what the call before gave
 * [out]   memref[1]    where to go on, CURSOR_MAX bytes are enough; empty: all
 *                      has been looked at
 * [inout] value[2].a   in: 1: copies that are lost are made again from the
 *                      other ones, 0: not; out: objects looked at
 *         value[2].b   out: copies that were lost
 * [out]   value[3].a   copies made again
 *         value[3].b   objects of which both copies are lost, and ranges of
 *                      keys that were lost before and are not cleared yet
 *
 * TEE_ERROR_CORRUPT_OBJECT  the root is lost, and so is everything
 */
#define SECSTOR_CMD_VERIFY 11u
#define SECSTOR_CURSOR_MAX 1104u

/*
 * SECSTOR_CMD_OWNERS: who has a store, for the user 0, in ascending order of
 * login and UUID
 * [in]  memref[0]    the owner after whom to go on: u8 login, 16 octets; empty:
 *                    from the start
 * [out] memref[1]    SECSTOR_OWNERS_*: once what all share, then each owner, as
 *                    many as fit
 * [out] value[2].a   how many are in the answer
 *       value[2].b   1 if there are more
 *
 * TEE_ERROR_ACCESS_DENIED  somebody else asks
 */
#define SECSTOR_CMD_OWNERS 12u

/*
 * SECSTOR_CMD_REMOVE_OWNER: removes a store with all its keys, for the user 0
 * [in]  memref[0]    the owner: u8 login, 16 octets
 * [out] value[1].a   how many keys were removed
 *       value[1].b   1: not all objects are removed yet; call again
 *
 * TEE_ERROR_ACCESS_DENIED   somebody else asks
 * TEE_ERROR_ITEM_NOT_FOUND  no such owner
 */
#define SECSTOR_CMD_REMOVE_OWNER 13u

/* Only in a TA built with CFG_SECSTOR_TEST=y: the TA panics. */
#define SECSTOR_CMD_TEST_PANIC 0xffffu

/*
 * The packed answer of SECSTOR_CMD_INFO: offset and type of each field. Later
 * versions may append fields; a client reads the ones it knows.
 */
#define SECSTOR_INFO_PROTOCOL 0u     /* u32 */
#define SECSTOR_INFO_FORMAT 4u	     /* u32 */
#define SECSTOR_INFO_VERSION 8u	     /* u8 major, minor, patch, zero */
#define SECSTOR_INFO_LOGIN 12u	     /* u32 TEE_LOGIN_USER or _GROUP */
#define SECSTOR_INFO_OWNER 16u	     /* 16 octets, the UUID in RFC order */
#define SECSTOR_INFO_KEY_MAX 32u     /* u32 bytes */
#define SECSTOR_INFO_DOMAIN_MAX 36u  /* u32 bytes */
#define SECSTOR_INFO_VALUE_MAX 40u   /* u32 bytes */
#define SECSTOR_INFO_QUOTA_KEYS 44u  /* u32 */
#define SECSTOR_INFO_QUOTA_BYTES 48u /* u64 */
#define SECSTOR_INFO_USED_KEYS 56u   /* u32 of this owner, all domains */
#define SECSTOR_INFO_OBJECTS 60u     /* u32 persistent objects of this owner */
#define SECSTOR_INFO_USED_BYTES 64u  /* u64 of this owner, all domains */
/*
 * u32 gpd.tee.trustedStorage.antiRollback.protectionLevel. 0 or 100: the
 * normal world can bring back an old state unnoticed; 1000: the hardware
 * prevents it.
 */
#define SECSTOR_INFO_ANTI_ROLLBACK 72u
/* u32 copies, of all owners, restored from their twins since the TA loaded */
#define SECSTOR_INFO_HEALED 76u
/* u32 1: the owner has a place of its own, 0: it shares the pool */
#define SECSTOR_INFO_OWN_PLACE 80u
#define SECSTOR_INFO_ID_MAX 84u /* u32 ids below it have */
#define SECSTOR_INFO_SIZE 88u

/*
 * The packed answer of SECSTOR_CMD_OWNERS: what all share, HEADER_SIZE bytes,
 */
#define SECSTOR_OWNERS_COUNT 0u	    /* u32 owners that are listed */
#define SECSTOR_OWNERS_COUNT_MAX 4u /* u32 OWNERS_MAX, the pool's beside */
#define SECSTOR_OWNERS_PROMISED 8u  /* u32 objects that they may have */
#define SECSTOR_OWNERS_TOTAL 12u    /* u32 OBJECTS_TOTAL */
#define SECSTOR_OWNERS_HEADER_SIZE 16u
/* and of each owner, ENTRY_SIZE bytes. */
#define SECSTOR_OWNER_UUID 0u	  /* 16 octets in RFC order */
#define SECSTOR_OWNER_LOGIN 16u	  /* u8 TEE_LOGIN_USER or _GROUP */
#define SECSTOR_OWNER_FLAGS 17u	  /* u8 OWNER_ID_KNOWN, OWNER_LOST */
#define SECSTOR_OWNER_ID 20u	  /* u32 uid or gid, if that is known */
#define SECSTOR_OWNER_KEYS 24u	  /* u32 of all domains */
#define SECSTOR_OWNER_OBJECTS 28u /* u32 that it may have at present */
#define SECSTOR_OWNER_BYTES 32u	  /* u64 of keys and values */
#define SECSTOR_OWNER_ENTRY_SIZE 40u
#define SECSTOR_OWNER_ID_KNOWN 1u
#define SECSTOR_OWNER_LOST 2u /* of its root both copies */

/*
 * Results of the TA's own, beside the TEE_ERROR_* codes of the specification
 * (GlobalPlatform TEE Internal Core API, "Return Code Ranges": 0x80000000 to
 * 0x8fffffff is for errors of an implementation).
 */
#define SECSTOR_ERROR_IDENTITY 0x80535301u
#define SECSTOR_ERROR_KERNEL 0x80535302u
#define SECSTOR_ERROR_PROTOCOL 0x80535303u
#define SECSTOR_ERROR_DOMAIN 0x80535304u
/* The key (or prefix) breaks the rules above. */
#define SECSTOR_ERROR_KEY 0x80535305u
/* The value is larger than VALUE_MAX. */
#define SECSTOR_ERROR_VALUE_TOO_LARGE 0x80535306u
/* The change would exceed QUOTA_KEYS or QUOTA_BYTES. */
#define SECSTOR_ERROR_QUOTA 0x80535307u
#define SECSTOR_ERROR_EXISTS 0x80535308u
#define SECSTOR_ERROR_CONFLICT 0x80535309u
/* What is stored was written by a newer TA; it is left untouched. */
#define SECSTOR_ERROR_FORMAT 0x8053530au
/* There is no place for another owner (OWNERS_MAX, POOL_OWNERS_MAX). */
#define SECSTOR_ERROR_NO_PLACE 0x8053530bu
/* The change needs more objects than are left of what all owners share. */
#define SECSTOR_ERROR_FULL 0x8053530cu

#endif /* SECSTOR_TA_H */
