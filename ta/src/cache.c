// SPDX-License-Identifier: MIT
#include "cache.h"

#include "mem.h"

static struct object *newest;
static struct object *oldest;
static size_t used;

static size_t cost(const struct object *object)
{
	return sizeof(*object) + object->node.size +
	       ((size_t)object->node.head.index_count +
		object->node.head.record_count) *
		       sizeof(uint32_t);
}

struct object *object_new(const struct owner *owner, uint64_t number,
			  const struct node *node)
{
	struct object *object = mem_alloc(sizeof(*object));

	if (!object)
		return NULL;
	object->owner = *owner;
	object->number = number;
	object->holders = 1;
	object->node = *node;
	return object;
}

static void free_if_unused(struct object *object)
{
	if (object->holders || object->cached)
		return;
	node_free(&object->node);
	mem_free(object, sizeof(*object));
}

void object_hold(struct object *object)
{
	object->holders++;
}

void object_release(struct object *object)
{
	if (!object)
		return;
	object->holders--;
	free_if_unused(object);
}

static void unlink_object(struct object *object)
{
	if (object->newer)
		object->newer->older = object->older;
	else
		newest = object->older;
	if (object->older)
		object->older->newer = object->newer;
	else
		oldest = object->newer;
	object->newer = NULL;
	object->older = NULL;
}

static void link_newest(struct object *object)
{
	object->older = newest;
	if (newest)
		newest->newer = object;
	else
		oldest = object;
	newest = object;
}

static void drop(struct object *object)
{
	unlink_object(object);
	used -= cost(object);
	object->cached = false;
	free_if_unused(object);
}

static struct object *find(const struct owner *owner, uint64_t number)
{
	struct object *object = newest;

	while (object && (object->number != number ||
			  !owner_equal(&object->owner, owner)))
		object = object->older;
	return object;
}

struct object *cache_get(const struct owner *owner, uint64_t number)
{
	struct object *object = find(owner, number);

	if (!object)
		return NULL;
	unlink_object(object);
	link_newest(object);
	object_hold(object);
	return object;
}

bool cache_evict(void)
{
	struct object *object = oldest;

	while (object && object->holders)
		object = object->newer;
	if (!object)
		return false;
	drop(object);
	return true;
}

void cache_add(struct object *object)
{
	cache_drop(&object->owner, object->number);
	if (!object->node.offsets && object->node.size > CACHE_VALUE_MAX)
		return;
	object->cached = true;
	link_newest(object);
	used += cost(object);
	while (used > CACHE_BUDGET && cache_evict())
		;
}

void cache_drop(const struct owner *owner, uint64_t number)
{
	struct object *object = find(owner, number);

	if (object)
		drop(object);
}

void cache_drop_owner(const struct owner *owner)
{
	struct object *object = newest;
	struct object *next = NULL;

	for (; object; object = next) {
		next = object->older;
		if (owner_equal(&object->owner, owner))
			drop(object);
	}
}

void cache_drop_all(void)
{
	while (newest)
		drop(newest);
}
