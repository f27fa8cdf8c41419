/* SPDX-License-Identifier: MIT */
/*
 * Persistent objects, one at a time. The only part that calls the storage
 * functions of the TEE Internal Core API.
 *
 * To OP-TEE an object that can't be read is corrupt, and a corrupt object is
 * deleted. It takes even a passing open(2) failure of its supplicant for that.
 */
#ifndef PERSISTENT_H
#define PERSISTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

/* Who the data belongs to: login type, then the UUID in its octet order. */
#define OWNER_SIZE 17
struct owner {
	uint8_t bytes[OWNER_SIZE];
	/* The UUID was made from this uid or gid. It is no part of who it is. */
	bool proven;
	uint32_t id;
};

static inline bool owner_equal(const struct owner *a, const struct owner *b)
{
	return !TEE_MemCompare(a->bytes, b->bytes, OWNER_SIZE);
}

enum copy { COPY_PRIMARY = 0, COPY_TWIN = 1 };

#define OBJECT_ID_SIZE (2 + OWNER_SIZE + 8)

/* On the stack or in static memory: never shared with the client. */
struct object_id {
	uint8_t bytes[OBJECT_ID_SIZE];
};

struct object_id object_id(const struct owner *owner, uint64_t number,
			   enum copy copy);

/*
 * Reads an object into heap memory that the caller frees with mem_free().
 *
 * TEE_ERROR_ITEM_NOT_FOUND
 * TEE_ERROR_CORRUPT_OBJECT     it was there, and is deleted now
 * TEE_ERROR_OUT_OF_MEMORY, TEE_ERROR_STORAGE_NOT_AVAILABLE
 */
TEE_Result persistent_read(const struct object_id *id, uint8_t **data,
			   size_t *size);

/*
 * Reads the first bytes of an object, `size` at least; fewer are
 * TEE_ERROR_CORRUPT_OBJECT.
 */
TEE_Result persistent_peek(const struct object_id *id, uint8_t *head,
			   size_t size);

/*
 * Reads all of an object, in pieces that nobody keeps, and its first bytes
 * into `head`, as many as there are up to *head_size. *size is that of the
 * object.
 */
TEE_Result persistent_scan(const struct object_id *id, uint8_t *head,
			   size_t *head_size, size_t *size);

/* As persistent_read(), into the caller's memory; of another size: corrupt. */
TEE_Result persistent_read_into(const struct object_id *id, uint8_t *data,
				size_t size);

/* Whether a result of persistent_read() means that there is no such object now.
 */
static inline bool persistent_is_lost(TEE_Result res)
{
	return res == TEE_ERROR_ITEM_NOT_FOUND ||
	       res == TEE_ERROR_CORRUPT_OBJECT;
}

/*
 * Replaces or creates an object, atomically. Where the file system of the
 * normal world fails, many supplicants name no reason and the TA panics.
 */
TEE_Result persistent_write(const struct object_id *id, const void *data,
			    size_t size);

/* A part of an object, in bytes. */
struct part {
	size_t from;
	size_t size;
};

#define PARTS_MAX 4

/* A new content of an object that has the size of the old one. */
struct patch {
	const uint8_t *before;
	const uint8_t *after;
	size_t size;
	struct part parts[PARTS_MAX]; /* in which they differ */
	uint32_t count;
};

/*
 * Writes the parts of an object, each atomically, from the first one on or
 * from the last one on.
 *
 * TEE_ERROR_CORRUPT_OBJECT  a part is not as it was; nothing is written then.
 *                           Else as persistent_read(), persistent_write()
 */
TEE_Result persistent_patch(const struct object_id *id,
			    const struct patch *patch, bool from_first);

/* Removes an object if it exists. */
TEE_Result persistent_remove(const struct object_id *id);

/* To be called before an invoke returns: no handle may outlive it. */
void persistent_end(void);

#endif /* PERSISTENT_H */
