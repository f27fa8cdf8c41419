// SPDX-License-Identifier: MIT
#include "draft.h"

#include "mem.h"
#include "search.h"

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

TEE_Result draft_copy_entries(struct draft *draft)
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

void draft_end(struct draft *draft)
{
	free_texts(draft->texts);
	mem_free(draft->index, draft->index_room * sizeof(*draft->index));
	mem_free(draft->records, draft->record_room * sizeof(*draft->records));
	mem_free(draft->garbage, draft->garbage_room * sizeof(*draft->garbage));
	cached_release(draft->root);
	*draft = (struct draft){ 0 };
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
