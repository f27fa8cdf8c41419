// SPDX-License-Identifier: MIT
#include "handles.h"

#include <string.h>

#include "core.h"
#include "port.h"
#include "tee_internal_api.h"

#define HANDLE_MAX 64

/* A handle is place + 1 in the low bits and the generation above. */
#define PLACE_BITS 8
#define GENERATION_MASK 0x3fffff

static struct object objects[HANDLE_MAX];

/* It is in the core's heap while any handle is open. */
static struct tree directory;
static size_t open_count;

static bool open_directory(void)
{
	const struct blob_store *store = core_config()->store;
	size_t entries = store->entries ? store->entries(store->context) : 0;

	if (open_count || core_heap_directory(&directory, entries))
		return true;
	core_heap_give(&directory);
	return false;
}

bool blob_id_equal(const struct blob_id *a, const struct blob_id *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

void object_forget_data(struct object *object)
{
	if (!object->data)
		return;
	memset(object->data, 0, object->size);
	port_free(object->data);
	object->data = NULL;
}

/*
 * The rules of section 5.7.1 as OP-TEE applies them: WRITE_META excludes
 * everybody else, READ and WRITE ask that every handle shares them, and all
 * handles must agree on what is shared.
 */
static bool may_coexist(uint32_t a, uint32_t b)
{
	uint32_t either = a | b;
	uint32_t both = a & b;
	uint32_t share = TEE_DATA_FLAG_SHARE_READ | TEE_DATA_FLAG_SHARE_WRITE;

	if (either & TEE_DATA_FLAG_ACCESS_WRITE_META)
		return false;
	if ((either & TEE_DATA_FLAG_ACCESS_READ) &&
	    !(both & TEE_DATA_FLAG_SHARE_READ))
		return false;
	if ((either & TEE_DATA_FLAG_ACCESS_WRITE) &&
	    !(both & TEE_DATA_FLAG_SHARE_WRITE))
		return false;
	return (a & share) == (b & share);
}

TEE_Result handle_open(const struct blob_id *id, uint32_t flags, bool exclusive,
		       struct object **object)
{
	struct object *place = NULL;
	size_t n = 0;

	for (n = 0; n < HANDLE_MAX; n++) {
		struct object *other = objects + n;

		if (!other->open)
			place = other;
		else if (blob_id_equal(&other->id, id) &&
			 (exclusive || !may_coexist(other->flags, flags)))
			return TEE_ERROR_ACCESS_CONFLICT;
	}
	if (!place || !open_directory())
		return TEE_ERROR_OUT_OF_MEMORY;
	open_count++;
	*place = (struct object){ .open = true,
				  .generation = (place->generation + 1) &
						GENERATION_MASK,
				  .id = *id,
				  .flags = flags };
	*object = place;
	return TEE_SUCCESS;
}

void handle_close(struct object *object)
{
	if (!object->open)
		return;
	object_forget_data(object);
	core_heap_give(&object->tree);
	object->open = false;
	if (!--open_count)
		core_heap_give(&directory);
}

TEE_ObjectHandle handle_of(const struct object *object)
{
	uintptr_t place = (uintptr_t)(object - objects) + 1;

	return (TEE_ObjectHandle)(place | (uintptr_t)object->generation
						  << PLACE_BITS);
}

struct object *handle_object(TEE_ObjectHandle handle)
{
	uintptr_t number = (uintptr_t)handle;
	uintptr_t place = (number & ((1u << PLACE_BITS) - 1)) - 1;

	if (place >= HANDLE_MAX || !objects[place].open ||
	    objects[place].generation != number >> PLACE_BITS)
		core_panic();
	return objects + place;
}

size_t handles_reset(void)
{
	size_t count = 0;
	size_t n = 0;

	for (n = 0; n < HANDLE_MAX; n++) {
		count += objects[n].open;
		handle_close(objects + n);
	}
	return count;
}
