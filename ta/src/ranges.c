// SPDX-License-Identifier: MIT
#include "ranges.h"

#include "leaf.h"
#include "mem.h"

uint32_t range_records(const struct draft *draft, uint32_t n, uint32_t *count)
{
	bool exact = false;
	uint32_t from = n ? draft_find(draft, draft->index[n].separator, &exact)
			  : 0;
	uint32_t end = draft->head.record_count;

	if (n + 1 < draft->head.index_count)
		end = draft_find(draft, draft->index[n + 1].separator, &exact);
	*count = end - from;
	return from;
}

static void merge(struct merged *merged, const struct record *fresh,
		  uint32_t fresh_count)
{
	const struct node *old = merged->leaf ? &merged->leaf->node : NULL;
	uint32_t old_count = old ? old->head.record_count : 0;
	uint32_t o = 0;
	uint32_t f = 0;

	merged->appended = true;
	while (o < old_count || f < fresh_count) {
		struct record record = { 0 };
		int order = 1;

		if (o < old_count) {
			record = node_record(old, o);
			order = f < fresh_count
					? span_compare(record.key, fresh[f].key)
					: -1;
		}
		if (order >= 0) {
			record = fresh[f++];
			if (o < old_count)
				merged->appended = false;
		}
		if (order <= 0)
			o++;
		if (record.kind != RECORD_DELETED)
			merged->records[merged->count++] = record;
	}
}

TEE_Result range_merge(struct draft *draft, uint32_t n, struct merged *merged)
{
	const struct index_entry *entry = draft->index + n;
	struct span end = { 0 };
	TEE_Result res = TEE_SUCCESS;
	uint32_t count = 0;
	uint32_t from = range_records(draft, n, &count);

	*merged = (struct merged){ .room = count };
	if (entry->kind == INDEX_LOST)
		return TEE_ERROR_CORRUPT_OBJECT;
	if (entry->kind == INDEX_LEAF) {
		if (n + 1 < draft->head.index_count)
			end = draft->index[n + 1].separator;
		res = lookup_leaf(draft->owner, &draft->root->node, entry, end,
				  &merged->leaf);
		if (res)
			return res;
		merged->room += merged->leaf->node.head.record_count;
	}
	merged->records = mem_alloc_array(merged->room, sizeof(struct record));
	if (!merged->records) {
		merged_free(merged);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	merge(merged, draft->records + from, count);
	return TEE_SUCCESS;
}

void merged_free(struct merged *merged)
{
	mem_free(merged->records, merged->room * sizeof(struct record));
	cached_release(merged->leaf);
	*merged = (struct merged){ 0 };
}

/*
 * How many records, from the n-th on, go into a leaf: until it has `target`
 * bytes, and not above `max`.
 */
static uint32_t piece_count(const struct merged *merged, uint32_t from,
			    size_t target, size_t max)
{
	size_t size = NODE_HEADER_SIZE;
	uint32_t n = from;

	do {
		size += node_record_size(merged->records + n++);
	} while (n < merged->count && size < target &&
		 size + node_record_size(merged->records + n) <= max);
	return n - from;
}

/* The shortest text above the last key before and not above the first one. */
static struct span separator(struct span before, struct span first)
{
	size_t n = 0;

	while (n < before.size && before.data[n] == first.data[n])
		n++;
	return (struct span){ first.data, n + 1 };
}

/*
 * Writes new leaves for what does not fit one, in place of range n. Keys that
 * come in ascending order leave full leaves behind; others leave leaves of
 * equal size that can take more.
 */
static TEE_Result write_pieces(struct draft *draft, uint32_t n,
			       const struct merged *merged)
{
	size_t max = leaf_max(draft);
	size_t size = node_records_size(merged->records, merged->count);
	size_t pieces = size / (max - NODE_HEADER_SIZE) + 1;
	size_t target = merged->appended ? max
					 : NODE_HEADER_SIZE + size / pieces;
	struct span before = { 0 };
	uint32_t from = 0;

	while (from < merged->count) {
		uint32_t count = piece_count(merged, from, target, max);
		struct index_entry entry = draft->index[n];
		TEE_Result res = TEE_SUCCESS;

		/* Only one more is too much: others take the place of old. */
		if (from && draft_is_full(draft))
			return SECSTOR_ERROR_QUOTA;
		entry.kind = INDEX_LEAF;
		res = draft_new_number(draft, &entry.number);
		if (!res)
			res = leaf_write(draft, &entry, merged->records + from,
					 count, NULL);
		if (res)
			return res;
		if (!from) {
			draft->index[n] = entry;
		} else {
			entry.separator =
				separator(before, merged->records[from].key);
			res = draft_keep_text(draft, &entry.separator);
			if (!res)
				res = draft_insert_range(draft, ++n, &entry);
		}
		if (res)
			return res;
		from += count;
		before = merged->records[from - 1].key;
	}
	return TEE_SUCCESS;
}

/* No key is left in range n: the one before takes it over, unless lost. */
static void empty_range(struct draft *draft, uint32_t n)
{
	if (n && draft->index[n - 1].kind != INDEX_LOST) {
		draft_remove_range(draft, n);
	} else {
		draft->index[n].kind = INDEX_EMPTY;
		draft->index[n].number = 0;
		draft->index[n].sequence = 0;
	}
}

TEE_Result range_store(struct draft *draft, uint32_t n,
		       const struct merged *merged, bool replace)
{
	uint64_t old = draft->index[n].number;
	TEE_Result res = TEE_SUCCESS;
	uint32_t count = 0;
	uint32_t from = range_records(draft, n, &count);
	size_t size = NODE_HEADER_SIZE +
		      node_records_size(merged->records, merged->count);

	if (old && !replace && merged->count && size <= leaf_max(draft)) {
		res = leaf_write(draft, draft->index + n, merged->records,
				 merged->count, &merged->leaf->node);
	} else {
		if (old)
			res = draft_add_garbage(draft, old);
		if (!res && merged->count)
			res = write_pieces(draft, n, merged);
		else if (!res)
			empty_range(draft, n);
	}
	if (!res)
		draft_take_records(draft, from, count);
	return res;
}

TEE_Result range_mark_lost(struct draft *draft, uint32_t n)
{
	struct index_entry *entry = draft->index + n;
	TEE_Result res = TEE_SUCCESS;

	if (entry->number)
		res = draft_add_garbage(draft, entry->number);
	if (!res) {
		entry->kind = INDEX_LOST;
		entry->number = 0;
		entry->sequence = 0;
	}
	return res;
}

void ranges_tidy(struct draft *draft)
{
	uint32_t n = 1;

	while (n < draft->head.index_count)
		if (draft->index[n].kind != INDEX_LEAF &&
		    draft->index[n].kind == draft->index[n - 1].kind)
			draft_remove_range(draft, n);
		else
			n++;
	if (draft->head.index_count == 1 && draft->index[0].kind == INDEX_EMPTY)
		draft->head.index_count = 0;
}
