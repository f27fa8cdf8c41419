// SPDX-License-Identifier: MIT
#include "twins.h"

#include "bytes.h"
#include "mem.h"
#include "registry.h"

/*
 * Lost primaries that wait to be restored. If there are more, the rest is
 * noted when it is read again.
 */
#define LOST_MAX 16

struct place {
	struct owner owner;
	uint64_t number;
};

static struct place lost[LOST_MAX];
static uint32_t lost_count;
static uint32_t healed;

uint32_t twins_healed(void)
{
	return healed;
}

static void note_lost(const struct owner *owner, uint64_t number)
{
	uint32_t n = 0;

	while (n < lost_count && (lost[n].number != number ||
				  !owner_equal(&lost[n].owner, owner)))
		n++;
	if (n < LOST_MAX && n == lost_count)
		lost[lost_count++] = (struct place){ *owner, number };
}

static TEE_Result read_copy(const struct owner *owner, uint64_t number,
			    enum copy copy, twins_accept accept, void *context)
{
	struct object_id id = object_id(owner, number, copy);
	uint8_t *data = NULL;
	size_t size = 0;
	TEE_Result res = persistent_read(&id, &data, &size);

	if (res)
		return res;
	res = accept(data, size, context);
	if (res)
		mem_free(data, size);
	return res;
}

TEE_Result twins_read(const struct owner *owner, uint64_t number,
		      twins_accept accept, void *context)
{
	TEE_Result res =
		read_copy(owner, number, COPY_PRIMARY, accept, context);
	TEE_Result other = TEE_SUCCESS;
	bool listed = false;

	if (!persistent_is_lost(res))
		return res;
	other = registry_ask(owner, &listed);
	if (other)
		return other;
	other = read_copy(owner, number, COPY_TWIN, accept, context);
	if (!other)
		note_lost(owner, number);
	if (!persistent_is_lost(other))
		return other;
	return listed || res != other ? TEE_ERROR_CORRUPT_OBJECT : res;
}

struct content {
	const void *data;
	size_t size;
};

static TEE_Result accept_equal(uint8_t *data, size_t size, void *context)
{
	const struct content *wanted = context;

	if (size != wanted->size || memcmp(data, wanted->data, size))
		return TEE_ERROR_CORRUPT_OBJECT;
	mem_free(data, size);
	return TEE_SUCCESS;
}

static TEE_Result write_copy(const struct owner *owner, uint64_t number,
			     enum copy copy, const void *data, size_t size)
{
	struct object_id id = object_id(owner, number, copy);

	return persistent_write(&id, data, size);
}

TEE_Result twins_equalize(const struct owner *owner, uint64_t number,
			  const void *data, size_t size)
{
	struct content wanted = { data, size };
	TEE_Result res =
		read_copy(owner, number, COPY_TWIN, accept_equal, &wanted);

	if (!persistent_is_lost(res))
		return res;
	res = write_copy(owner, number, COPY_TWIN, data, size);
	healed += !res;
	return res;
}

TEE_Result twins_write(const struct owner *owner, uint64_t number,
		       const void *data, size_t size)
{
	TEE_Result res = write_copy(owner, number, COPY_TWIN, data, size);

	if (!res)
		res = write_copy(owner, number, COPY_PRIMARY, data, size);
	return res;
}

TEE_Result twins_remove(const struct owner *owner, uint64_t number)
{
	struct object_id primary = object_id(owner, number, COPY_PRIMARY);
	struct object_id twin = object_id(owner, number, COPY_TWIN);
	TEE_Result res = persistent_remove(&primary);

	return res ? res : persistent_remove(&twin);
}

static TEE_Result accept_any(uint8_t *data, size_t size, void *context)
{
	struct span *taken = context;

	*taken = (struct span){ data, size };
	return TEE_SUCCESS;
}

static TEE_Result heal(const struct place *place)
{
	struct span data = { 0 };
	TEE_Result res = read_copy(&place->owner, place->number, COPY_TWIN,
				   accept_any, &data);

	/* It may have been removed since. */
	if (persistent_is_lost(res))
		return TEE_SUCCESS;
	if (!res)
		res = write_copy(&place->owner, place->number, COPY_PRIMARY,
				 data.data, data.size);
	healed += !res;
	mem_free((void *)data.data, data.size);
	return res;
}

TEE_Result twins_heal(const struct owner *owner)
{
	TEE_Result res = TEE_SUCCESS;
	bool listed = false;
	uint32_t n = 0;

	while (n < lost_count && !res) {
		if (!owner_equal(&lost[n].owner, owner)) {
			n++;
			continue;
		}
		/* The twin is the only copy, so it is not looked at lightly. */
		res = registry_ask(owner, &listed);
		if (!res)
			res = heal(lost + n);
		if (!res)
			lost[n] = lost[--lost_count];
	}
	return res;
}
