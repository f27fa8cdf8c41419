/* SPDX-License-Identifier: MIT */
/*
 * What the software TEE core stores persistent objects in. Each object is one
 * blob, named by the TA's UUID and the object ID; the core reads and writes it
 * whole.
 *
 * A result is TEE_SUCCESS, one of those named with each function, or
 * TEE_ERROR_STORAGE_NOT_AVAILABLE. The core passes on to the TA what OP-TEE
 * would, and panics it where OP-TEE would.
 */
#ifndef BLOB_STORE_H
#define BLOB_STORE_H

#include "tee_api_types.h"

struct blob_id {
	uint8_t bytes[TEE_OBJECT_ID_MAX_LEN];
	size_t size;
};

struct blob_store {
	/* Passed to each function. */
	void *context;

	/*
	 * The size of a blob. ITEM_NOT_FOUND, CORRUPT_OBJECT; MAC_INVALID if
	 * its hash is not the one in the directory.
	 */
	TEE_Result (*stat)(void *context, const TEE_UUID *ta,
			   const struct blob_id *id, size_t *size);

	/*
	 * Reads a whole blob of the size that stat gave. ITEM_NOT_FOUND,
	 * CORRUPT_OBJECT (also if the size is another one).
	 */
	TEE_Result (*read)(void *context, const TEE_UUID *ta,
			   const struct blob_id *id, void *data, size_t size);

	/* So much of what was read the TA has asked for. NULL: nobody counts. */
	void (*note_read)(void *context, size_t size);

	/*
	 * Creates or replaces a blob, atomically: whatever happens, all of the
	 * old one or all of the new one is there. So many bytes of it are not
	 * as they were. STORAGE_NO_SPACE.
	 */
	TEE_Result (*write)(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, const void *data,
			    size_t size, size_t changed);

	/* Removes a blob, corrupt ones too. ITEM_NOT_FOUND. */
	TEE_Result (*remove)(void *context, const TEE_UUID *ta,
			     const struct blob_id *id);

	/*
	 * Gives a blob another ID, atomically, never replacing one.
	 * ITEM_NOT_FOUND, ACCESS_CONFLICT if there is one of the new ID.
	 */
	TEE_Result (*rename)(void *context, const TEE_UUID *ta,
			     const struct blob_id *from,
			     const struct blob_id *to);

	/*
	 * How many entries the directory of all blobs has, those that became
	 * free included: OP-TEE's never shrinks. NULL: it is not known.
	 */
	size_t (*entries)(void *context);
};

#endif /* BLOB_STORE_H */
