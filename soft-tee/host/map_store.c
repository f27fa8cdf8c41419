// SPDX-License-Identifier: MIT
#include "map_store.h"

#include <stdlib.h>
#include <string.h>

#include "tee_internal_api.h"

static int compare(const struct map_blob *blob, const TEE_UUID *ta,
		   const struct blob_id *id)
{
	int order = memcmp(&blob->ta, ta, sizeof(*ta));
	size_t size = blob->id.size < id->size ? blob->id.size : id->size;

	if (!order)
		order = memcmp(blob->id.bytes, id->bytes, size);
	if (!order)
		order = (blob->id.size > id->size) - (blob->id.size < id->size);
	return order;
}

/* Where the blob is linked, or where it would be. */
static struct map_blob **place(struct map_store *map, const TEE_UUID *ta,
			       const struct blob_id *id)
{
	struct map_blob **at = &map->blobs;

	while (*at && compare(*at, ta, id) < 0)
		at = &(*at)->next;
	return at;
}

static struct map_blob *find(struct map_store *map, const TEE_UUID *ta,
			     const struct blob_id *id)
{
	struct map_blob *blob = *place(map, ta, id);

	return blob && !compare(blob, ta, id) ? blob : NULL;
}

/* A copy of the bytes in a block of their size. */
static uint8_t *duplicate(const void *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static struct map_blob *insert(struct map_store *map, const TEE_UUID *ta,
			       const struct blob_id *id)
{
	struct map_blob **at = place(map, ta, id);
	struct map_blob *blob = calloc(1, sizeof(*blob));

	if (!blob)
		abort();
	blob->ta = *ta;
	blob->id = *id;
	blob->next = *at;
	*at = blob;
	map->count++;
	if (map->count > map->entries)
		map->entries = map->count;
	return blob;
}

static void drop(struct map_store *map, struct map_blob **at)
{
	struct map_blob *blob = *at;

	map->count--;
	*at = blob->next;
	free(blob->data);
	free(blob);
}

static TEE_Result stat_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, size_t *size)
{
	const struct map_blob *blob = find(context, ta, id);

	if (!blob)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (blob->damage == MAP_CORRUPT_AT_OPEN)
		return TEE_ERROR_MAC_INVALID;
	*size = blob->size;
	return TEE_SUCCESS;
}

static TEE_Result read_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, void *data, size_t size)
{
	const struct map_blob *blob = find(context, ta, id);

	if (!blob)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (blob->damage != MAP_SOUND || blob->size != size)
		return TEE_ERROR_CORRUPT_OBJECT;
	if (size)
		memcpy(data, blob->data, size);
	return TEE_SUCCESS;
}

static TEE_Result write_blob(void *context, const TEE_UUID *ta,
			     const struct blob_id *id, const void *data,
			     size_t size, size_t changed)
{
	struct map_store *map = context;
	struct map_blob *blob = find(map, ta, id);

	(void)changed;
	/* Until the new one is complete, the old one stays. */
	if (map->capacity && map_size(map) + size > map->capacity)
		return TEE_ERROR_STORAGE_NO_SPACE;
	if (!blob)
		blob = insert(map, ta, id);
	map_replace(blob, data, size);
	return TEE_SUCCESS;
}

static TEE_Result remove_blob(void *context, const TEE_UUID *ta,
			      const struct blob_id *id)
{
	if (!find(context, ta, id))
		return TEE_ERROR_ITEM_NOT_FOUND;
	drop(context, place(context, ta, id));
	return TEE_SUCCESS;
}

static TEE_Result rename_blob(void *context, const TEE_UUID *ta,
			      const struct blob_id *from,
			      const struct blob_id *to)
{
	struct map_blob *old = find(context, ta, from);
	struct map_blob *blob = NULL;

	if (!old)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (find(context, ta, to))
		return TEE_ERROR_ACCESS_CONFLICT;
	blob = insert(context, ta, to);
	map_replace(blob, old->data, old->size);
	blob->damage = old->damage;
	drop(context, place(context, ta, from));
	return TEE_SUCCESS;
}

static size_t entries(void *context)
{
	return ((const struct map_store *)context)->entries;
}

struct blob_store map_store(struct map_store *map)
{
	return (struct blob_store){ .context = map,
				    .stat = stat_blob,
				    .read = read_blob,
				    .write = write_blob,
				    .remove = remove_blob,
				    .rename = rename_blob,
				    .entries = entries };
}

size_t map_count(const struct map_store *map)
{
	return map->count;
}

size_t map_size(const struct map_store *map)
{
	const struct map_blob *blob = NULL;
	size_t size = 0;

	for (blob = map->blobs; blob; blob = blob->next)
		size += blob->size;
	return size;
}

struct map_blob *map_at(const struct map_store *map, size_t index)
{
	struct map_blob *blob = map->blobs;

	while (blob && index--)
		blob = blob->next;
	return blob;
}

void map_remove_at(struct map_store *map, size_t index)
{
	struct map_blob **at = &map->blobs;

	while (*at && index--)
		at = &(*at)->next;
	if (*at)
		drop(map, at);
}

void map_replace(struct map_blob *blob, const void *data, size_t size)
{
	uint8_t *copy = duplicate(data, size);

	free(blob->data);
	blob->data = copy;
	blob->size = size;
	blob->damage = MAP_SOUND;
}

struct map_store map_copy(const struct map_store *map)
{
	struct map_store copy = { .count = map->count,
				  .entries = map->entries,
				  .capacity = map->capacity };
	struct map_blob **end = &copy.blobs;
	const struct map_blob *blob = NULL;

	for (blob = map->blobs; blob; blob = blob->next) {
		*end = malloc(sizeof(**end));
		if (!*end)
			abort();
		**end = *blob;
		(*end)->data = duplicate(blob->data, blob->size);
		(*end)->next = NULL;
		end = &(*end)->next;
	}
	return copy;
}

int map_equal(const struct map_store *a, const struct map_store *b)
{
	const struct map_blob *x = a->blobs;
	const struct map_blob *y = b->blobs;

	for (; x && y; x = x->next, y = y->next)
		if (compare(x, &y->ta, &y->id) || x->size != y->size ||
		    x->damage != y->damage || memcmp(x->data, y->data, x->size))
			return 0;
	return !x && !y;
}

void map_clear(struct map_store *map)
{
	while (map->blobs)
		drop(map, &map->blobs);
	map->entries = 0;
}
