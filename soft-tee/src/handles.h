/* SPDX-License-Identifier: MIT */
/* The table of open object handles, and who may open what beside whom. */
#ifndef HANDLES_H
#define HANDLES_H

#include <stdbool.h>

#include "blob_store.h"
#include "core_heap.h"
#include "tee_api_types.h"

struct object {
	bool open;
	/* Told from every earlier use of the same place in the table. */
	uint32_t generation;
	/* After a failed access nothing but closing is left. */
	bool broken;
	struct blob_id id;
	/* TEE_DATA_FLAG_* it was opened or created with. */
	uint32_t flags;
	size_t size;
	size_t position;
	/* In the core's heap. */
	struct tree tree;
	/* All of it, once it was read; NULL before. */
	uint8_t *data;
};

/*
 * Makes a handle. TEE_ERROR_ACCESS_CONFLICT if another handle to the object
 * does not allow it, TEE_ERROR_OUT_OF_MEMORY if there are too many, or if
 * the core's heap has no room for the directory.
 * exclusive: no other handle to the object is allowed at all.
 */
TEE_Result handle_open(const struct blob_id *id, uint32_t flags, bool exclusive,
		       struct object **object);

/* Closes it, and forgets what was read. */
void handle_close(struct object *object);

/* Wipes and frees what was read of the object. */
void object_forget_data(struct object *object);

/* The object of a handle; any that is not open panics. */
struct object *handle_object(TEE_ObjectHandle handle);

/* What stands for the object outside of the core. */
TEE_ObjectHandle handle_of(const struct object *object);

bool blob_id_equal(const struct blob_id *a, const struct blob_id *b);

#endif /* HANDLES_H */
