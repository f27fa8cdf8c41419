// SPDX-License-Identifier: MIT
#include "change.h"

#include "flush.h"
#include "leaf.h"
#include "twins.h"

static TEE_Result check_expected(const struct change *change)
{
	if (change->expected == SECSTOR_REVISION_ANY)
		return TEE_SUCCESS;
	if (change->expected == SECSTOR_REVISION_ABSENT)
		return change->existed ? SECSTOR_ERROR_EXISTS : TEE_SUCCESS;
	if (!change->existed || change->old.revision != change->expected)
		return SECSTOR_ERROR_CONFLICT;
	return TEE_SUCCESS;
}

static TEE_Result look_up(const struct owner *owner, struct change *change)
{
	struct found found = { 0 };
	TEE_Result res = lookup_key(owner, change->key, &found);

	change->existed = !res;
	if (!res) {
		change->old = found.record;
		change->old.key = change->key;
		change->old.value = NULL;
	} else if (res != TEE_ERROR_ITEM_NOT_FOUND) {
		return res;
	}
	found_release(&found);
	return check_expected(change);
}

static void account(struct node_header *head, const struct change *change)
{
	const struct record *old = &change->old;

	if (change->existed) {
		head->keys = (uint32_t)total_less(head->keys, 1);
		head->bytes = total_less(head->bytes,
					 key_charge(old->key, old->value_size));
		if (old->kind == RECORD_OBJECT)
			head->objects = (uint32_t)total_less(head->objects, 1);
	}
	if (!change->remove) {
		head->keys++;
		head->bytes += key_charge(change->key, change->value.size);
	}
}

static TEE_Result check_quota(const struct draft *draft)
{
	const struct node_header *before = &draft->root->node.head;
	const struct node_header *after = &draft->head;

	/* A smaller quota than what is stored still lets it shrink. */
	if (after->keys > before->keys && after->keys > SECSTOR_QUOTA_KEYS)
		return SECSTOR_ERROR_QUOTA;
	if (after->bytes > before->bytes && after->bytes > SECSTOR_QUOTA_BYTES)
		return SECSTOR_ERROR_QUOTA;
	return TEE_SUCCESS;
}

/* How much the changes add to the root at most. */
static size_t added_size(const struct draft *draft,
			 const struct change *changes, uint32_t count)
{
	size_t size = 0;
	uint32_t n = 0;

	for (n = 0; n < count; n++) {
		size_t value = changes[n].value.size;

		if (value > leaf_inline_max(draft))
			value = sizeof(uint64_t);
		size += RECORD_HEADER_SIZE + changes[n].key.size + value;
	}
	return size;
}

/* Writes a large value as an object that nothing refers to yet. */
static TEE_Result write_value(struct draft *draft, const struct change *change,
			      struct record *record)
{
	TEE_Result res = TEE_SUCCESS;

	if (draft_is_full(draft))
		return SECSTOR_ERROR_QUOTA;
	res = draft_new_number(draft, &record->number);
	if (res)
		return res;
	record->kind = RECORD_OBJECT;
	draft->head.objects++;
	return twins_write(draft->owner, record->number, change->value.data,
			   change->value.size);
}

static TEE_Result put_change(struct draft *draft, struct change *change,
			     uint64_t revision)
{
	struct record record = {
		.key = change->key,
		.revision = revision,
		.kind = change->remove ? RECORD_DELETED : RECORD_INLINE,
		.value_size = (uint32_t)change->value.size,
		.value = change->value.data,
	};
	TEE_Result res = TEE_SUCCESS;

	change->revision = change->remove ? change->old.revision
					  : record.revision;
	if (change->existed && change->old.kind == RECORD_OBJECT)
		res = draft_add_garbage(draft, change->old.number);
	if (!res && change->value.size > leaf_inline_max(draft))
		res = write_value(draft, change, &record);
	return res ? res : draft_put_record(draft, &record);
}

/* A mark of a deleted key is needed only where a leaf may have the key. */
static void remove_idle_marks(struct draft *draft, const struct change *changes,
			      uint32_t count)
{
	uint32_t n = 0;

	for (n = 0; n < count; n++) {
		uint32_t range = draft_find_range(draft, changes[n].key);

		if (changes[n].remove &&
		    (!draft->head.index_count ||
		     draft->index[range].kind == INDEX_EMPTY))
			draft_remove_record(draft, changes[n].key);
	}
}

static bool has_effect(const struct change *changes, uint32_t count)
{
	uint32_t n = 0;

	for (n = 0; n < count; n++)
		if (!changes[n].remove || changes[n].existed)
			return true;
	return false;
}

/* Changes in the making. */
struct changing {
	struct draft draft;
	struct change *changes;
	struct change *const *order;
	uint32_t count;
	uint64_t revision; /* the highest before these changes */
	/* The first change that can't be made, and why. */
	TEE_Result fault;
	uint32_t faulty;
};

/* Not about a key: nothing further can be said. */
static bool is_about_key(TEE_Result res)
{
	return res == SECSTOR_ERROR_EXISTS || res == SECSTOR_ERROR_CONFLICT ||
	       res == TEE_ERROR_CORRUPT_OBJECT;
}

/*
 * Looks one key up, and notes its fault. Any other error ends the changes.
 * *failed as in change_apply().
 */
static TEE_Result check(struct changing *changing, struct change *change,
			uint32_t *failed)
{
	uint32_t n = (uint32_t)(change - changing->changes);
	TEE_Result res = look_up(changing->draft.owner, change);

	if (res && !is_about_key(res)) {
		*failed = n;
		return res;
	}
	if (res && n < changing->faulty) {
		changing->fault = res;
		changing->faulty = n;
	}
	return TEE_SUCCESS;
}

static TEE_Result make(struct changing *changing, struct change *change)
{
	uint64_t n = (uint64_t)(change - changing->changes);

	change->revision = 0;
	if (change->remove && !change->existed)
		return TEE_SUCCESS;
	return put_change(&changing->draft, change, changing->revision + n + 1);
}

/* How many of the changes up to the n-th one are in one range with it. */
static uint32_t count_in_range(const struct changing *changing, uint32_t n,
			       uint32_t range)
{
	const struct draft *draft = &changing->draft;
	struct span from = draft->index[range].separator;
	uint32_t count = 1;

	while (count <= n &&
	       span_compare(changing->order[n - count]->key, from) >= 0)
		count++;
	return count;
}

/*
 * Makes all changes of one range, up to the n-th one in order, and moves them
 * down at once where there are too many for the root, while what is in the
 * range now is in memory: so each leaf is read once.
 */
static TEE_Result change_range(struct changing *changing, uint32_t n,
			       uint32_t *count, uint32_t *failed)
{
	struct draft *draft = &changing->draft;
	struct change *const *order = changing->order;
	uint32_t range = draft_find_range(draft, order[n]->key);
	TEE_Result res = TEE_SUCCESS;
	uint32_t k = 0;

	*count = count_in_range(changing, n, range);
	for (k = 0; k < *count && !res; k++)
		res = check(changing, order[n - k], failed);
	/* After the first fault the rest is looked up to find out which. */
	if (res || changing->fault)
		return res;
	for (k = 0; k < *count && !res; k++) {
		account(&draft->head, order[n - k]);
		res = make(changing, order[n - k]);
	}
	return res ? res : flush_range_of_batch(draft, range);
}

/* Makes changes that are too many for the root. From the last key on, because
 * ranges that are divided make new ones behind them. */
static TEE_Result make_many(struct changing *changing, uint32_t *failed)
{
	TEE_Result res = draft_need_range(&changing->draft);
	uint32_t left = changing->count;

	while (left && !res) {
		uint32_t count = 0;

		res = change_range(changing, left - 1, &count, failed);
		left -= count;
	}
	if (!res && changing->fault) {
		*failed = changing->faulty;
		return changing->fault;
	}
	return res ? res : check_quota(&changing->draft);
}

/* Makes changes that the root has room for; nothing is written before all of
 * them can be made. */
static TEE_Result make_few(struct changing *changing, size_t size,
			   uint32_t *failed)
{
	struct draft *draft = &changing->draft;
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	for (n = 0; n < changing->count && !res; n++)
		res = check(changing, changing->order[n], failed);
	if (res)
		return res;
	if (changing->fault) {
		*failed = changing->faulty;
		return changing->fault;
	}
	for (n = 0; n < changing->count; n++)
		account(&draft->head, changing->changes + n);
	res = check_quota(draft);
	if (!res && has_effect(changing->changes, changing->count))
		res = flush_for(draft, size);
	for (n = 0; n < changing->count && !res; n++)
		res = make(changing, changing->changes + n);
	return res;
}

static TEE_Result make_all(struct changing *changing, uint32_t *failed)
{
	struct draft *draft = &changing->draft;
	size_t size = added_size(draft, changing->changes, changing->count);
	TEE_Result res = TEE_SUCCESS;

	changing->revision = draft->head.revision;
	if (size > ROOT_SIZE_OF_BATCH)
		res = make_many(changing, failed);
	else
		res = make_few(changing, size, failed);
	if (res)
		return res;
	draft->head.revision += changing->count;
	remove_idle_marks(draft, changing->changes, changing->count);
	res = flush_batch(draft);
	ranges_tidy(draft);
	if (!res && draft_index_is_too_large(draft))
		res = SECSTOR_ERROR_QUOTA;
	return res;
}

TEE_Result change_apply(const struct owner *owner, struct change *changes,
			struct change *const *order, uint32_t count,
			uint32_t *failed)
{
	struct changing changing = {
		.changes = changes,
		.order = order,
		.count = count,
		.faulty = SECSTOR_INDEX_NONE,
	};
	TEE_Result res = draft_begin(&changing.draft, owner);

	*failed = SECSTOR_INDEX_NONE;
	if (res)
		return res;
	res = make_all(&changing, failed);
	/* Nothing is written for keys that were not there. */
	if (res || !has_effect(changes, count))
		return draft_abandon(&changing.draft, res);
	return draft_commit(&changing.draft);
}

TEE_Result change_one(const struct owner *owner, struct change *change)
{
	uint32_t failed = 0;

	return change_apply(owner, change, &change, 1, &failed);
}
