// SPDX-License-Identifier: MIT
#include "registry.h"

#include <secstor_ta.h>

#include "bytes.h"
#include "mem.h"

/* "SECO", u16 format, u16 zero, then the owners in no order. */
#define HEADER_SIZE 8
#define LIST_SIZE_MAX (HEADER_SIZE + REGISTRY_OWNERS_MAX * OWNER_SIZE)
static const uint8_t magic[4] = { 'S', 'E', 'C', 'O' };

/* No client has login type 0, so these IDs are nobody else's. */
static const struct owner nobody;
#define LIST_NUMBER 0
#define PROBE_NUMBER 1

struct list {
	uint8_t *data; /* NULL: there is no list yet */
	size_t size;
};

/* Found lost since the TA was loaded, and not restored so far. */
static bool primary_is_lost;

/* In this invoke, an object was read that nobody would miss. */
static bool proven;

static void list_free(struct list *list)
{
	mem_free(list->data, list->size);
	*list = (struct list){ 0 };
}

static TEE_Result check(const struct list *list)
{
	if (list->size < HEADER_SIZE ||
	    memcmp(list->data, magic, sizeof(magic)))
		return TEE_ERROR_CORRUPT_OBJECT;
	if (get_u16(list->data + 4) > SECSTOR_FORMAT_VERSION)
		return SECSTOR_ERROR_FORMAT;
	if (list->size > LIST_SIZE_MAX ||
	    (list->size - HEADER_SIZE) % OWNER_SIZE)
		return TEE_ERROR_CORRUPT_OBJECT;
	return TEE_SUCCESS;
}

static TEE_Result read_list(enum copy copy, struct list *list)
{
	struct object_id id = object_id(&nobody, LIST_NUMBER, copy);
	TEE_Result res = persistent_read(&id, &list->data, &list->size);

	if (!res)
		res = check(list);
	if (res)
		list_free(list);
	return res;
}

void registry_end(void)
{
	proven = false;
}

/* That a file can be made and read again, where there is no list to ask. */
static TEE_Result probe(void)
{
	struct object_id id = object_id(&nobody, PROBE_NUMBER, COPY_PRIMARY);
	uint8_t *data = NULL;
	size_t size = 0;
	TEE_Result res = TEE_SUCCESS;

	if (proven)
		return TEE_SUCCESS;
	res = persistent_write(&id, magic, sizeof(magic));
	persistent_end();
	if (!res)
		res = persistent_read(&id, &data, &size);
	mem_free(data, size);
	if (!res)
		res = persistent_remove(&id);
	proven = !res;
	return res;
}

/* On success the list is what is stored, or has no data. */
static TEE_Result find_list(struct list *list)
{
	TEE_Result res = read_list(COPY_PRIMARY, list);

	primary_is_lost = false;
	if (!persistent_is_lost(res))
		return res;
	/* Damaged, or nothing can be read: the twin must not find that out. */
	if (res == TEE_ERROR_CORRUPT_OBJECT && probe())
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	res = read_list(COPY_TWIN, list);
	primary_is_lost = !res;
	if (!persistent_is_lost(res))
		return res;
	return probe() ? TEE_ERROR_STORAGE_NOT_AVAILABLE : TEE_SUCCESS;
}

static bool has(const struct list *list, const struct owner *owner)
{
	size_t at = HEADER_SIZE;

	for (; list->data && at < list->size; at += OWNER_SIZE)
		if (!TEE_MemCompare(list->data + at, owner->bytes, OWNER_SIZE))
			return true;
	return false;
}

TEE_Result registry_ask(const struct owner *owner, bool *listed)
{
	struct list list = { 0 };
	TEE_Result res = find_list(&list);

	*listed = has(&list, owner);
	list_free(&list);
	return res;
}

static TEE_Result write_list(enum copy copy, const struct list *list)
{
	struct object_id id = object_id(&nobody, LIST_NUMBER, copy);

	return persistent_write(&id, list->data, list->size);
}

/* A list that also has the owner. */
static TEE_Result extend(const struct list *list, const struct owner *owner,
			 struct list *longer)
{
	size_t old = list->data ? list->size : HEADER_SIZE;

	if (old + OWNER_SIZE > LIST_SIZE_MAX)
		return TEE_ERROR_OVERFLOW;
	longer->size = old + OWNER_SIZE;
	longer->data = mem_alloc(longer->size);
	if (!longer->data)
		return TEE_ERROR_OUT_OF_MEMORY;
	if (list->data) {
		memcpy(longer->data, list->data, old);
	} else {
		memcpy(longer->data, magic, sizeof(magic));
		put_u16(longer->data + 4, SECSTOR_FORMAT_VERSION);
	}
	memcpy(longer->data + old, owner->bytes, OWNER_SIZE);
	return TEE_SUCCESS;
}

TEE_Result registry_add(const struct owner *owner)
{
	struct list longer = { 0 };
	struct list list = { 0 };
	TEE_Result res = find_list(&list);

	if (!res && !has(&list, owner)) {
		res = extend(&list, owner, &longer);
		if (!res)
			res = write_list(COPY_TWIN, &longer);
		if (!res)
			res = write_list(COPY_PRIMARY, &longer);
	}
	list_free(&longer);
	list_free(&list);
	return res;
}

TEE_Result registry_heal(void)
{
	struct list list = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (!primary_is_lost)
		return TEE_SUCCESS;
	res = find_list(&list);
	if (!res && primary_is_lost)
		res = write_list(COPY_PRIMARY, &list);
	if (!res)
		primary_is_lost = false;
	list_free(&list);
	return res;
}
