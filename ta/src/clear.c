// SPDX-License-Identifier: MIT
#include "change.h"
#include "flush.h"
#include "mem.h"

struct clear {
	struct draft draft;
	struct span prefix;
	struct span end; /* the first text after all that have the prefix */
	uint32_t removed;
	bool lost; /* something is forgotten, nobody knows how much */
};

static uint64_t charge(const struct record *record)
{
	return key_charge(record->key, record->value_size);
}

static void count_in(struct node_header *head, const struct record *record)
{
	if (record->kind == RECORD_DELETED)
		return;
	head->keys++;
	head->bytes += charge(record);
	head->objects += record->kind == RECORD_OBJECT;
}

static void count_out(struct node_header *head, const struct record *record)
{
	head->keys = (uint32_t)total_less(head->keys, 1);
	head->bytes = total_less(head->bytes, charge(record));
	if (record->kind == RECORD_OBJECT)
		head->objects = (uint32_t)total_less(head->objects, 1);
}

static TEE_Result let_go(struct clear *clear, const struct record *record)
{
	if (record->kind == RECORD_DELETED)
		return TEE_SUCCESS;
	clear->removed++;
	count_out(&clear->draft.head, record);
	if (record->kind == RECORD_OBJECT)
		return draft_add_garbage(&clear->draft, record->number);
	return TEE_SUCCESS;
}

/* Of the merged records, leaves those that stay; the others are let go. */
static TEE_Result sift(struct clear *clear, struct merged *merged)
{
	TEE_Result res = TEE_SUCCESS;
	uint32_t kept = 0;
	uint32_t n = 0;

	for (n = 0; n < merged->count && !res; n++) {
		if (span_starts_with(merged->records[n].key, clear->prefix))
			res = let_go(clear, merged->records + n);
		else
			merged->records[kept++] = merged->records[n];
	}
	merged->count = kept;
	return res;
}

/* The same for the root's own records of a range that has no leaf. */
static TEE_Result sift_root(struct clear *clear, uint32_t n)
{
	struct draft *draft = &clear->draft;
	TEE_Result res = TEE_SUCCESS;
	uint32_t count = 0;
	uint32_t from = range_records(draft, n, &count);

	for (; count && !res; count--) {
		const struct record *record = draft->records + from;

		if (!span_starts_with(record->key, clear->prefix)) {
			from++;
			continue;
		}
		res = let_go(clear, record);
		draft_take_records(draft, from, 1);
	}
	return res;
}

/*
 * Forgets the part of lost range n that the prefix covers; what is lost
 * before and behind it stays lost.
 */
static TEE_Result forget_range(struct clear *clear, uint32_t n)
{
	struct draft *draft = &clear->draft;
	struct index_entry lost = { .separator = clear->end,
				    .kind = INDEX_LOST };
	struct index_entry empty = { .separator = clear->prefix,
				     .kind = INDEX_EMPTY };
	bool goes_on = n + 1 >= draft->head.index_count ||
		       span_compare(draft->index[n + 1].separator, clear->end) >
			       0;
	TEE_Result res = range_mark_lost(draft, n);

	clear->lost = true;
	if (!res && goes_on)
		res = draft_insert_range(draft, n + 1, &lost);
	if (res)
		return res;
	if (span_compare(draft->index[n].separator, clear->prefix) < 0)
		return draft_insert_range(draft, n + 1, &empty);
	draft->index[n].kind = INDEX_EMPTY;
	return TEE_SUCCESS;
}

static TEE_Result clear_range(struct clear *clear, uint32_t n)
{
	struct merged merged = { 0 };
	TEE_Result res = TEE_SUCCESS;
	uint32_t before = clear->removed;

	if (clear->draft.index[n].kind == INDEX_EMPTY)
		return sift_root(clear, n);
	res = range_merge(&clear->draft, n, &merged);
	if (res == TEE_ERROR_CORRUPT_OBJECT) {
		res = sift_root(clear, n);
		return res ? res : forget_range(clear, n);
	}
	if (!res)
		res = sift(clear, &merged);
	if (!res && clear->removed != before)
		res = flush_store(&clear->draft, n, &merged, true);
	merged_free(&merged);
	return res;
}

/* Counts anew what the draft has, where lost keys made the totals unknown. */
static TEE_Result recount(struct draft *draft)
{
	uint32_t range = 0;
	uint32_t n = 0;

	draft->head.keys = 0;
	draft->head.bytes = 0;
	draft->head.objects = 0;
	for (range = 0; range < draft->head.index_count; range++) {
		struct merged merged = { 0 };
		TEE_Result res = range_merge(draft, range, &merged);
		uint32_t count = 0;
		uint32_t from = range_records(draft, range, &count);

		if (res && res != TEE_ERROR_CORRUPT_OBJECT)
			return res;
		for (n = 0; n < merged.count; n++)
			count_in(&draft->head, merged.records + n);
		/* Of a lost range there is what the root has. */
		for (n = 0; res && n < count; n++)
			count_in(&draft->head, draft->records + from + n);
		merged_free(&merged);
	}
	return TEE_SUCCESS;
}

/* The last range that begins before the end of the prefix. */
static uint32_t last_range(const struct clear *clear)
{
	const struct draft *draft = &clear->draft;
	uint32_t n = draft_find_range(draft, clear->end);

	if (n && span_compare(draft->index[n].separator, clear->end) >= 0)
		n--;
	return n;
}

static TEE_Result clear_ranges(struct clear *clear)
{
	struct draft *draft = &clear->draft;
	TEE_Result res = draft_need_range(draft);
	uint32_t first = 0;
	uint32_t last = 0;
	uint32_t n = 0;

	if (res)
		return res;
	/*
	 * From the end, because ranges come and go behind the current one. The
	 * two at the edges come last: what stays of them may be joined with
	 * what they then have for neighbours.
	 */
	first = draft_find_range(draft, clear->prefix);
	last = last_range(clear);
	for (n = last; n-- > first + 1 && !res;)
		res = clear_range(clear, n);
	if (!res && last > first)
		res = clear_range(clear, last_range(clear));
	if (!res)
		res = clear_range(clear,
				  draft_find_range(draft, clear->prefix));
	if (!res && clear->lost)
		res = recount(draft);
	ranges_tidy(draft);
	if (!res && draft_index_is_too_large(draft))
		res = SECSTOR_ERROR_QUOTA;
	return res;
}

static bool has_garbage(const struct owner *owner)
{
	struct cached *root = cache_get(owner, ROOT_NUMBER);
	bool left = root && root->removed < root->node.head.garbage_count;

	cached_release(root);
	return left;
}

/* Also to forget garbage that is gone: so a store becomes small again. */
static bool has_effect(const struct clear *clear)
{
	const struct draft *draft = &clear->draft;

	return clear->removed || clear->lost ||
	       draft->head.garbage_count < draft->root->node.head.garbage_count;
}

TEE_Result change_clear(const struct owner *owner, struct span prefix,
			uint32_t *removed, bool *left)
{
	struct clear clear = { .prefix = prefix };
	uint8_t *end = mem_alloc(prefix.size);
	size_t size = prefix.size;
	TEE_Result res = TEE_SUCCESS;

	if (!end)
		return TEE_ERROR_OUT_OF_MEMORY;
	/* The NUL after the domain sees to it that there is a byte to raise. */
	memcpy(end, prefix.data, size);
	while (end[size - 1] == 0xff)
		size--;
	end[size - 1]++;
	clear.end = (struct span){ end, size };

	res = draft_begin(&clear.draft, owner);
	if (!res) {
		clear.draft.may_end = true;
		res = clear_ranges(&clear);
		if (res)
			res = draft_abandon(&clear.draft, res);
		else if (!has_effect(&clear))
			res = draft_leave(&clear.draft);
		else
			res = draft_commit(&clear.draft);
	}
	*removed = clear.removed;
	*left = !res && has_garbage(owner);
	mem_free(end, prefix.size);
	return res;
}
