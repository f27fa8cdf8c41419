// SPDX-License-Identifier: MIT
#include "flush.h"

#include "leaf.h"
#include "mem.h"
#include "ranges.h"

/*
 * The range whose records take the most room in the root. Lost ranges can't
 * take any. False: there is none.
 */
static bool fullest_range(const struct draft *draft, uint32_t *range)
{
	size_t most = 0;
	uint32_t n = 0;

	for (n = 0; n < draft->head.index_count; n++) {
		uint32_t count = 0;
		uint32_t from = range_records(draft, n, &count);
		size_t size = node_records_size(draft->records + from, count);

		if (size > most && draft->index[n].kind != INDEX_LOST) {
			most = size;
			*range = n;
		}
	}
	return most != 0;
}

/* Puts the records of two neighbours into one array, in order. */
static TEE_Result join(struct merged *joined, const struct merged *lower,
		       const struct merged *upper)
{
	*joined = (struct merged){ .room = lower->count + upper->count };
	joined->records =
		mem_alloc_array(joined->room, sizeof(*joined->records));
	if (!joined->records)
		return TEE_ERROR_OUT_OF_MEMORY;
	memcpy(joined->records, lower->records,
	       lower->count * sizeof(*joined->records));
	memcpy(joined->records + lower->count, upper->records,
	       upper->count * sizeof(*joined->records));
	joined->count = joined->room;
	return TEE_SUCCESS;
}

static size_t size_of(const struct merged *merged)
{
	return node_records_size(merged->records, merged->count);
}

/* Stores ranges n and n + 1, which were merged, as one. */
static TEE_Result store_joined(struct draft *draft, uint32_t n,
			       const struct merged *lower,
			       const struct merged *upper)
{
	struct merged joined = { 0 };
	TEE_Result res = join(&joined, lower, upper);

	if (!res && draft->index[n + 1].number)
		res = draft_add_garbage(draft, draft->index[n + 1].number);
	if (!res) {
		draft_remove_range(draft, n + 1);
		res = range_store(draft, n, &joined, true);
	}
	merged_free(&joined);
	return res;
}

/* Joins range n, which was merged, with one neighbour if both fit a leaf. */
static TEE_Result join_with(struct draft *draft, uint32_t n,
			    const struct merged *merged, uint32_t neighbour,
			    bool *joined)
{
	size_t max = leaf_max(draft);
	struct merged other = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (neighbour >= draft->head.index_count ||
	    draft->index[neighbour].kind != INDEX_LEAF)
		return TEE_SUCCESS;
	res = range_merge(draft, neighbour, &other);
	if (!res && size_of(merged) + size_of(&other) <= max / 4 * 3) {
		*joined = true;
		if (neighbour < n)
			res = store_joined(draft, neighbour, &other, merged);
		else
			res = store_joined(draft, n, merged, &other);
	}
	merged_free(&other);
	/* What is lost there is no reason not to store this one. */
	return res == TEE_ERROR_CORRUPT_OBJECT ? TEE_SUCCESS : res;
}

TEE_Result flush_store(struct draft *draft, uint32_t n,
		       const struct merged *merged, bool replace)
{
	bool joined = false;
	TEE_Result res = TEE_SUCCESS;

	if (merged->count && size_of(merged) < leaf_max(draft) / 4) {
		if (n)
			res = join_with(draft, n, merged, n - 1, &joined);
		if (!res && !joined)
			res = join_with(draft, n, merged, n + 1, &joined);
	}
	if (!res && !joined)
		res = range_store(draft, n, merged, replace);
	return res;
}

static TEE_Result flush_range(struct draft *draft, uint32_t n, bool replace)
{
	struct merged merged = { 0 };
	TEE_Result res = range_merge(draft, n, &merged);

	/* A lost leaf must not keep other keys from being changed. */
	if (res == TEE_ERROR_CORRUPT_OBJECT)
		return range_mark_lost(draft, n);
	if (!res)
		res = flush_store(draft, n, &merged, replace);
	merged_free(&merged);
	return res;
}

/* Hands down, the fullest range first, until the root has this size. */
static TEE_Result flush(struct draft *draft, size_t size, bool replace)
{
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	while (!res && draft->head.record_count && draft_size(draft) > size) {
		res = draft_need_range(draft);
		if (res || !fullest_range(draft, &n))
			break;
		res = flush_range(draft, n, replace);
	}
	return res;
}

TEE_Result flush_for(struct draft *draft, size_t size)
{
	/* For a large change not everything else is moved. */
	if (size > ROOT_SIZE / 2)
		size = ROOT_SIZE / 2;
	return flush(draft, ROOT_SIZE - size, false);
}

TEE_Result flush_range_of_batch(struct draft *draft, uint32_t n)
{
	if (draft_size(draft) <= ROOT_SIZE_OF_BATCH)
		return TEE_SUCCESS;
	return flush_range(draft, n, true);
}

TEE_Result flush_batch(struct draft *draft)
{
	return flush(draft, ROOT_SIZE_OF_BATCH, true);
}
