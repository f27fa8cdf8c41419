// SPDX-License-Identifier: MIT
#include "change.h"

#include "flush.h"
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

		if (value > draft_inline_max(draft))
			value = sizeof(uint64_t);
		size += RECORD_HEADER_SIZE + changes[n].key.size + value;
		if (changes[n].existed && changes[n].old.kind == RECORD_OBJECT)
			size += GARBAGE_SIZE;
	}
	return size;
}

/*
 * Every object makes every access of every Trusted Application dearer, so one
 * owner does not get any number of them.
 */
#ifndef OBJECTS_MAX
#define OBJECTS_MAX 1024
#endif

/* Writes a large value as an object that nothing refers to yet. */
static TEE_Result write_value(struct draft *draft, const struct change *change,
			      struct record *record)
{
	TEE_Result res = TEE_SUCCESS;

	if (draft->head.objects + draft->head.index_count >= OBJECTS_MAX)
		return SECSTOR_ERROR_QUOTA;
	res = draft_new_number(draft, &record->number);
	if (res)
		return res;
	record->kind = RECORD_OBJECT;
	draft->head.objects++;
	return twins_write(draft->owner, record->number, change->value.data,
			   change->value.size);
}

static TEE_Result put_change(struct draft *draft, struct change *change)
{
	struct record record = {
		.key = change->key,
		.revision = ++draft->head.revision,
		.kind = change->remove ? RECORD_DELETED : RECORD_INLINE,
		.value_size = (uint32_t)change->value.size,
		.value = change->value.data,
	};
	TEE_Result res = TEE_SUCCESS;

	if (change->remove)
		change->revision = change->existed ? change->old.revision : 0;
	else
		change->revision = record.revision;
	if (change->existed && change->old.kind == RECORD_OBJECT)
		res = draft_add_garbage(draft, change->old.number);
	if (!res && change->value.size > draft_inline_max(draft))
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

/* Looks everything up; *failed as in change_apply(). */
static TEE_Result prepare(struct draft *draft, struct change *changes,
			  uint32_t count, uint32_t *failed)
{
	TEE_Result res = TEE_SUCCESS;

	for (*failed = 0; *failed < count; ++*failed) {
		res = look_up(draft->owner, changes + *failed);
		if (res)
			return res;
		account(&draft->head, changes + *failed);
	}
	*failed = SECSTOR_INDEX_NONE;
	return check_quota(draft);
}

static TEE_Result make_draft(struct draft *draft, struct change *changes,
			     uint32_t count)
{
	size_t size = added_size(draft, changes, count);
	TEE_Result res = flush_for(draft, size);
	uint32_t n = 0;

	for (n = 0; n < count && !res; n++)
		res = put_change(draft, changes + n);
	if (res)
		return res;
	remove_idle_marks(draft, changes, count);
	return flush_batch(draft);
}

TEE_Result change_apply(const struct owner *owner, struct change *changes,
			uint32_t count, uint32_t *failed)
{
	struct draft draft = { 0 };
	TEE_Result res = draft_begin(&draft, owner);

	*failed = SECSTOR_INDEX_NONE;
	if (res)
		return res;
	res = prepare(&draft, changes, count, failed);
	/* Nothing is written for a key that was not there. */
	if (!res && has_effect(changes, count))
		res = make_draft(&draft, changes, count);
	if (res || !has_effect(changes, count))
		return draft_abandon(&draft, res);
	return draft_commit(&draft);
}
