// SPDX-License-Identifier: MIT
#include "leaf.h"

#include "twins.h"

#ifndef LEAF_MIN_SIZE
#define LEAF_MIN_SIZE (8 * 4096 - 24)
#endif
#ifndef LEAF_MAX_SIZE
#define LEAF_MAX_SIZE (64 * 4096 - 24)
#endif
/* So many objects are held at the smallest size of leaves. */
#ifndef FEW_OBJECTS
#define FEW_OBJECTS 18
#endif
/*
 * Keys with much in common have long separators, and each change writes the
 * whole index. Leaves have at least this many times its size, so that it
 * grows with the square root of what is stored; and it has a limit.
 */
#define INDEX_SHARE 3

/*
 * OP-TEE makes each write of a part a transaction of its own, which costs as
 * much as writing so many bytes of a whole object.
 */
#ifndef PART_COST
#define PART_COST (24 * 1024)
#endif
/* Equal bytes between two parts are written along up to this number. */
#define PART_GAP 1024

/* By a number of bytes that grows with the store. */
static size_t size_within_limits(size_t size)
{
	if (size <= LEAF_MIN_SIZE)
		return LEAF_MIN_SIZE;
	return size < LEAF_MAX_SIZE ? size : LEAF_MAX_SIZE;
}

static size_t size_by_objects(const struct draft *draft)
{
	return (draft->head.index_count + draft->head.objects) *
	       (size_t)(LEAF_MIN_SIZE / FEW_OBJECTS);
}

size_t leaf_max(const struct draft *draft)
{
	size_t by_objects = size_by_objects(draft);
	size_t by_index =
		INDEX_SHARE *
		node_index_size(draft->index, draft->head.index_count);

	return size_within_limits(by_objects > by_index ? by_objects
							: by_index);
}

size_t leaf_inline_max(const struct draft *draft)
{
	return size_within_limits(size_by_objects(draft)) / 8;
}

/* The next bytes from `at` on that differ, with what is between them. */
static struct part next_part(const struct node *before,
			     const struct node *after, size_t at)
{
	struct part part = { 0 };
	size_t end = 0;

	while (at < after->size && before->image[at] == after->image[at])
		at++;
	part.from = at;
	end = at;
	for (; at < after->size && at - end < PART_GAP; at++)
		if (before->image[at] != after->image[at])
			end = at + 1;
	part.size = end - part.from;
	return part;
}

/*
 * The parts in which two leaves of one layout differ, the header first. False:
 * to write the whole leaf costs less.
 */
static bool find_parts(const struct node *before, const struct node *after,
		       struct patch *patch)
{
	size_t cost = PART_COST;
	size_t at = NODE_HEADER_SIZE;

	if (before->size != after->size)
		return false;
	*patch = (struct patch){ .before = before->image,
				 .after = after->image,
				 .size = after->size };
	patch->parts[0] = (struct part){ 0, NODE_HEADER_SIZE };
	for (patch->count = 1; cost < after->size; patch->count++) {
		struct part part = next_part(before, after, at);

		if (!part.size)
			return true;
		if (patch->count == PARTS_MAX)
			return false;
		patch->parts[patch->count] = part;
		cost += PART_COST + part.size;
		at = part.from + part.size;
	}
	return false;
}

static TEE_Result write(const struct cached *leaf, const struct node *before)
{
	const struct node *node = &leaf->node;
	struct patch patch = { 0 };

	if (before && find_parts(before, node, &patch))
		return twins_patch(&leaf->owner, leaf->number, &patch);
	return twins_write(&leaf->owner, leaf->number, node->image, node->size);
}

TEE_Result leaf_write(struct draft *draft, struct index_entry *entry,
		      const struct record *records, uint32_t count,
		      const struct node *before)
{
	struct node_header head = {
		.kind = NODE_LEAF,
		.number = entry->number,
		.sequence = draft->root->node.head.sequence + 1,
		.record_count = count,
	};
	struct cached *leaf = NULL;
	struct node node = { 0 };
	TEE_Result res = TEE_SUCCESS;

	TEE_GenerateRandom(&head.mark, sizeof(head.mark));
	res = node_encode(&head, NULL, NULL, records, &node);
	if (res)
		return res;
	entry->sequence = head.sequence;
	leaf = cached_new(draft->owner, head.number, &node);
	if (!leaf) {
		node_free(&node);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	/* On an error nobody knows which leaf is stored. */
	cache_drop(draft->owner, head.number);
	res = write(leaf, before);
	if (!res)
		cache_add(leaf);
	cached_release(leaf);
	return res;
}
