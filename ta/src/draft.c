// SPDX-License-Identifier: MIT
#include "draft.h"

#include "inspect.h"
#include "mem.h"
#include "registry.h"
#include "search.h"
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
#ifndef INDEX_MAX_SIZE
#define INDEX_MAX_SIZE (128 * 1024)
#endif

/*
 * Makes room for one more element. Arrays grow by half, so that a thousand
 * additions copy little.
 */
static void *grow(void *array, uint32_t count, uint32_t *room, size_t size)
{
	uint32_t new_room = 0;
	void *bigger = NULL;

	if (count < *room)
		return array;
	new_room = *room + *room / 2 + 8;
	bigger = mem_alloc_array(new_room, size);
	if (!bigger)
		return NULL;
	if (count)
		memcpy(bigger, array, count * size);
	mem_free(array, *room * size);
	*room = new_room;
	return bigger;
}

static TEE_Result make_room_for_index(struct draft *draft)
{
	void *index = grow(draft->index, draft->head.index_count,
			   &draft->index_room, sizeof(*draft->index));

	if (!index)
		return TEE_ERROR_OUT_OF_MEMORY;
	draft->index = index;
	return TEE_SUCCESS;
}

static TEE_Result make_room_for_record(struct draft *draft)
{
	void *records = grow(draft->records, draft->head.record_count,
			     &draft->record_room, sizeof(*draft->records));

	if (!records)
		return TEE_ERROR_OUT_OF_MEMORY;
	draft->records = records;
	return TEE_SUCCESS;
}

TEE_Result draft_add_garbage(struct draft *draft, uint64_t number)
{
	void *garbage = grow(draft->garbage, draft->head.garbage_count,
			     &draft->garbage_room, sizeof(*draft->garbage));

	if (!garbage)
		return TEE_ERROR_OUT_OF_MEMORY;
	draft->garbage = garbage;
	draft->garbage[draft->head.garbage_count++] = number;
	return TEE_SUCCESS;
}

struct text {
	struct text *next;
	size_t size;
	uint8_t bytes[];
};

TEE_Result draft_keep_text(struct draft *draft, struct span *text)
{
	struct text *kept = mem_alloc(sizeof(*kept) + text->size);

	if (!kept)
		return TEE_ERROR_OUT_OF_MEMORY;
	kept->next = draft->texts;
	kept->size = text->size;
	memcpy(kept->bytes, text->data, text->size);
	draft->texts = kept;
	text->data = kept->bytes;
	return TEE_SUCCESS;
}

static void free_texts(struct text *text)
{
	while (text) {
		struct text *next = text->next;

		mem_free(text, sizeof(*text) + text->size);
		text = next;
	}
}

static TEE_Result copy_entries(struct draft *draft)
{
	const struct node *node = &draft->root->node;
	uint32_t n = 0;

	draft->index_room = node->head.index_count;
	draft->record_room = node->head.record_count;
	draft->index =
		mem_alloc_array(draft->index_room, sizeof(*draft->index));
	draft->records =
		mem_alloc_array(draft->record_room, sizeof(*draft->records));
	if (!draft->index || !draft->records)
		return TEE_ERROR_OUT_OF_MEMORY;
	for (n = 0; n < node->head.index_count; n++)
		draft->index[n] = node_index(node, n);
	for (n = 0; n < node->head.record_count; n++)
		draft->records[n] = node_record(node, n);
	return TEE_SUCCESS;
}

/*
 * So many objects that nothing refers to any more are removed with one change,
 * and as many again as it has written. Each removal passes the directory of
 * all objects, so a change that lets go of hundreds would take minutes. Others
 * wait in the root for later changes.
 */
#ifndef GARBAGE_PER_CHANGE
#define GARBAGE_PER_CHANGE 8
#endif

static TEE_Result remove_garbage(struct cached *root, uint64_t most)
{
	const struct node *node = &root->node;
	TEE_Result res = TEE_SUCCESS;

	for (; root->removed < node->head.garbage_count && most; most--) {
		uint64_t number = node_garbage(node, root->removed);

		cache_drop(&root->owner, number);
		res = twins_remove(&root->owner, number);
		if (res)
			break;
		root->removed++;
	}
	return res;
}

/*
 * Sees to it, once per load, that the root can be changed. After a power cut
 * the twin may be one commit ahead. Would it stay so, and the primary be lost
 * later, it would bring that state back. That the registry was asked before
 * makes sure that looking at the twin does not cost it.
 */
static TEE_Result settle(struct cached *root)
{
	const struct node *node = &root->node;
	TEE_Result res = TEE_SUCCESS;

	if (root->settled)
		return TEE_SUCCESS;
	if (node->head.sequence)
		res = twins_equalize(&root->owner, ROOT_NUMBER, node->image,
				     node->size);
	root->settled = !res;
	return res;
}

/* How many objects are stored: the root, leaves, values and garbage. */
static uint32_t count_pairs(const struct cached *root)
{
	const struct node *node = &root->node;
	uint32_t pairs = 1 + node->head.objects;
	uint32_t n = 0;

	for (n = 0; n < node->head.index_count; n++)
		pairs += node_index(node, n).kind == INDEX_LEAF;
	return pairs + node->head.garbage_count - root->removed;
}

/* The root as it is stored, and what the registry says of its owner. */
static TEE_Result root_to_change(struct draft *draft)
{
	TEE_Result res = lookup_confirm(draft->owner);

	if (!res)
		res = lookup_root(draft->owner, &draft->root);
	if (!res)
		res = registry_ask(draft->owner, &draft->standing);
	return res ? res : settle(draft->root);
}

/* Works garbage off, and takes along what stays for later. */
static TEE_Result carry_garbage(struct draft *draft)
{
	const struct node *node = &draft->root->node;
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	draft->head.garbage_count = 0;
	remove_garbage(draft->root, GARBAGE_PER_CHANGE);
	for (n = draft->root->removed; n < node->head.garbage_count && !res;
	     n++)
		res = draft_add_garbage(draft, node_garbage(node, n));
	return res;
}

TEE_Result draft_begin(struct draft *draft, const struct owner *owner)
{
	TEE_Result res = TEE_SUCCESS;

	*draft = (struct draft){ .owner = owner };
	res = root_to_change(draft);
	if (!res)
		res = registry_heal();
	if (!res)
		res = twins_heal(owner);
	if (!res)
		res = inspect_one(draft);
	if (!res) {
		draft->head = draft->root->node.head;
		res = carry_garbage(draft);
		draft->pairs = count_pairs(draft->root);
	}
	if (!res)
		res = copy_entries(draft);
	if (res)
		draft_end(draft);
	return res;
}

void draft_end(struct draft *draft)
{
	free_texts(draft->texts);
	mem_free(draft->index, draft->index_room * sizeof(*draft->index));
	mem_free(draft->records, draft->record_room * sizeof(*draft->records));
	mem_free(draft->garbage, draft->garbage_room * sizeof(*draft->garbage));
	cached_release(draft->root);
	*draft = (struct draft){ 0 };
}

/*
 * The root stands as it was. What the draft wrote under new numbers goes;
 * leaves that it wrote in place of earlier ones hold the same for readers.
 */
static void remove_new_objects(struct draft *draft)
{
	uint64_t number = draft->root->node.head.next_number;

	for (; number < draft->head.next_number; number++) {
		cache_drop(draft->owner, number);
		twins_remove(draft->owner, number);
	}
}

TEE_Result draft_abandon(struct draft *draft, TEE_Result res)
{
	remove_new_objects(draft);
	draft_end(draft);
	return res;
}

/*
 * A write of the root has failed, and it is not known whether before or after
 * the storage took it.
 */
static TEE_Result learn_outcome(struct draft *draft, TEE_Result res)
{
	struct standing standing = { 0 };
	struct cached *root = NULL;
	bool happened = false;

	cache_drop_owner(draft->owner);
	/* An error of another kind would say that nothing has changed. */
	if (lookup_root(draft->owner, &root)) {
		draft_end(draft);
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	}
	happened = root->node.head.sequence == draft->head.sequence &&
		   root->node.head.mark == draft->head.mark;
	/* New objects may go only when neither copy of the root names them. */
	if (!happened && !registry_ask(draft->owner, &standing) &&
	    !settle(root))
		remove_new_objects(draft);
	cached_release(root);
	draft_end(draft);
	return happened ? TEE_SUCCESS : res;
}

/* The draft as a node, held by *root. */
static TEE_Result encode(struct draft *draft, struct cached **root)
{
	struct node node = { 0 };
	TEE_Result res = TEE_SUCCESS;

	/* Whatever the totals were, an empty store has none. */
	if (!draft->head.index_count && !draft->head.record_count) {
		draft->head.keys = 0;
		draft->head.bytes = 0;
		draft->head.objects = 0;
	}
	draft->head.sequence++;
	TEE_GenerateRandom(&draft->head.mark, sizeof(draft->head.mark));
	res = node_encode(&draft->head, draft->garbage, draft->index,
			  draft->records, &node);
	if (res)
		return res;
	*root = cached_new(draft->owner, ROOT_NUMBER, &node);
	if (*root)
		return TEE_SUCCESS;
	node_free(&node);
	return TEE_ERROR_OUT_OF_MEMORY;
}

/* After the first commit: who is listed has something to lose. */
static void tell_registry(struct draft *draft, uint32_t pairs)
{
	struct standing standing = draft->standing;

	if (!standing.listed)
		registry_add(draft->owner, standing.pairs);
	else if (pairs + pairs / 2 + 16 < standing.pairs)
		registry_grant(draft->owner, pairs, &standing);
}

static bool has_ended(const struct cached *root)
{
	const struct node_header *head = &root->node.head;

	return root->removed == head->garbage_count && head->sequence &&
	       !head->keys && !head->index_count && !head->record_count;
}

/*
 * Takes an empty store away. Where that ends halfway, an empty root is left
 * that nobody misses. Stores that begin later go on with higher numbers.
 */
static void end_store(const struct owner *owner, const struct cached *root)
{
	const struct node_header *head = &root->node.head;
	uint64_t number = head->revision > head->next_number
				  ? head->revision
				  : head->next_number;

	if (registry_remove(owner, number))
		return;
	twins_remove(owner, ROOT_NUMBER);
	cache_drop_owner(owner);
}

TEE_Result draft_commit(struct draft *draft)
{
	struct cached *root = NULL;
	TEE_Result res = TEE_SUCCESS;

	if (!draft->standing.has_place)
		res = SECSTOR_ERROR_NO_PLACE;
	if (!res)
		res = encode(draft, &root);
	if (res)
		return draft_abandon(draft, res);

	res = twins_write(draft->owner, ROOT_NUMBER, root->node.image,
			  root->node.size);
	if (res) {
		cached_release(root);
		return learn_outcome(draft, res);
	}
	root->settled = true;
	cache_add(root);
	remove_garbage(root, draft->head.next_number -
				     draft->root->node.head.next_number +
				     GARBAGE_PER_CHANGE);
	if (draft->may_end && has_ended(root))
		end_store(draft->owner, root);
	else
		tell_registry(draft, count_pairs(root));
	cached_release(root);
	draft_end(draft);
	return TEE_SUCCESS;
}

TEE_Result draft_leave(struct draft *draft)
{
	if (draft->may_end && has_ended(draft->root))
		end_store(draft->owner, draft->root);
	return draft_abandon(draft, TEE_SUCCESS);
}

TEE_Result draft_new_number(struct draft *draft, uint64_t *number)
{
	TEE_Result res = TEE_SUCCESS;

	if (!draft->standing.has_place)
		return SECSTOR_ERROR_NO_PLACE;
	if (draft->pairs >= draft->standing.pairs)
		res = registry_grant(draft->owner, draft->pairs + 1,
				     &draft->standing);
	if (res)
		return res;
	draft->pairs++;
	*number = draft->head.next_number++;
	return TEE_SUCCESS;
}

TEE_Result draft_insert_range(struct draft *draft, uint32_t n,
			      const struct index_entry *entry)
{
	TEE_Result res = make_room_for_index(draft);

	if (res)
		return res;
	memmove(draft->index + n + 1, draft->index + n,
		(draft->head.index_count - n) * sizeof(*draft->index));
	draft->index[n] = *entry;
	draft->head.index_count++;
	return TEE_SUCCESS;
}

TEE_Result draft_need_range(struct draft *draft)
{
	static const struct index_entry all = { .kind = INDEX_EMPTY };

	return draft->head.index_count ? TEE_SUCCESS
				       : draft_insert_range(draft, 0, &all);
}

void draft_remove_range(struct draft *draft, uint32_t n)
{
	draft->head.index_count--;
	memmove(draft->index + n, draft->index + n + 1,
		(draft->head.index_count - n) * sizeof(*draft->index));
}

void draft_take_records(struct draft *draft, uint32_t n, uint32_t count)
{
	memmove(draft->records + n, draft->records + n + count,
		(draft->head.record_count - n - count) *
			sizeof(*draft->records));
	draft->head.record_count -= count;
}

static struct span separator_at(const void *draft, uint32_t n)
{
	return ((const struct draft *)draft)->index[n].separator;
}

static struct span key_of_record_at(const void *draft, uint32_t n)
{
	return ((const struct draft *)draft)->records[n].key;
}

uint32_t draft_find(const struct draft *draft, struct span key, bool *exact)
{
	return search(draft, draft->head.record_count, key_of_record_at, key,
		      exact);
}

uint32_t draft_find_range(const struct draft *draft, struct span key)
{
	return search_last(draft, draft->head.index_count, separator_at, key);
}

TEE_Result draft_put_record(struct draft *draft, const struct record *record)
{
	bool exact = false;
	uint32_t n = draft_find(draft, record->key, &exact);
	TEE_Result res = TEE_SUCCESS;

	if (!exact) {
		res = make_room_for_record(draft);
		if (res)
			return res;
		memmove(draft->records + n + 1, draft->records + n,
			(draft->head.record_count - n) *
				sizeof(*draft->records));
		draft->head.record_count++;
	}
	draft->records[n] = *record;
	return TEE_SUCCESS;
}

void draft_remove_record(struct draft *draft, struct span key)
{
	bool exact = false;
	uint32_t n = draft_find(draft, key, &exact);

	if (exact)
		draft_take_records(draft, n, 1);
}

size_t draft_size(const struct draft *draft)
{
	return NODE_HEADER_SIZE +
	       node_records_size(draft->records, draft->head.record_count);
}

/* By a number of bytes that grows with the store. */
static size_t leaf_size(size_t size)
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

size_t draft_leaf_max(const struct draft *draft)
{
	size_t by_objects = size_by_objects(draft);
	size_t by_index =
		INDEX_SHARE *
		node_index_size(draft->index, draft->head.index_count);

	return leaf_size(by_objects > by_index ? by_objects : by_index);
}

size_t draft_inline_max(const struct draft *draft)
{
	return leaf_size(size_by_objects(draft)) / 8;
}

/*
 * Every object makes every access of every Trusted Application dearer, so one
 * owner does not get any number of them.
 */
#ifndef OBJECTS_MAX
#define OBJECTS_MAX 1024
#endif

bool draft_is_full(const struct draft *draft)
{
	return draft->head.objects + draft->head.index_count >= OBJECTS_MAX;
}

bool draft_index_is_too_large(const struct draft *draft)
{
	const struct node *root = &draft->root->node;
	size_t before = 0;
	size_t size = node_index_size(draft->index, draft->head.index_count);
	uint32_t n = 0;

	if (size <= INDEX_MAX_SIZE)
		return false;
	for (n = 0; n < root->head.index_count; n++)
		before +=
			INDEX_HEADER_SIZE + node_index(root, n).separator.size;
	return size > before;
}

TEE_Result draft_write_leaf(struct draft *draft, struct index_entry *entry,
			    const struct record *records, uint32_t count)
{
	uint64_t number = entry->number;
	struct node_header head = {
		.kind = NODE_LEAF,
		.number = number,
		.sequence = draft->root->node.head.sequence + 1,
		.record_count = count,
	};
	struct cached *leaf = NULL;
	struct node node = { 0 };
	TEE_Result res = node_encode(&head, NULL, NULL, records, &node);

	if (res)
		return res;
	entry->sequence = head.sequence;
	leaf = cached_new(draft->owner, number, &node);
	if (!leaf) {
		node_free(&node);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	/* On an error nobody knows which leaf is stored. */
	cache_drop(draft->owner, number);
	res = twins_write(draft->owner, number, node.image, node.size);
	if (!res)
		cache_add(leaf);
	cached_release(leaf);
	return res;
}
