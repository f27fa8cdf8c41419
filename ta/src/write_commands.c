// SPDX-License-Identifier: MIT
#include "change.h"
#include "commands.h"
#include "mem.h"
#include "search.h"

#define PREVIOUS_HEADER_SIZE 8
#define BATCH_HEADER_SIZE 16

/* The previous value, in private memory, before it is replaced. */
static TEE_Result read_previous(const struct session *session, struct span key,
				TEE_Param *param, struct span *previous)
{
	struct found found = { 0 };
	uint8_t *data = NULL;
	size_t size = PREVIOUS_HEADER_SIZE;
	TEE_Result res = lookup_key(&session->owner, key, &found);

	if (res == TEE_ERROR_ITEM_NOT_FOUND) {
		found.record = (struct record){ .kind = RECORD_INLINE };
		res = TEE_SUCCESS;
	}
	size += found.record.value_size;
	if (!res)
		res = check_room(param, size);
	found_leave_node(&found);
	if (!res) {
		data = mem_alloc(size);
		res = data ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
	}
	if (!res) {
		*previous = (struct span){ data, size };
		put_u64(data, found.record.revision);
		res = lookup_value_into(&session->owner, &found.record,
					data + PREVIOUS_HEADER_SIZE);
	}
	found_release(&found);
	return res;
}

static TEE_Result put(const struct session *session, TEE_Param *params,
		      bool with_previous)
{
	struct change change = { .expected = value_u64(params + 2) };
	struct span previous = { 0 };
	TEE_Result res = full_key_of(session, params, &change.key);

	if (!res && with_previous)
		res = read_previous(session, change.key, params + 3, &previous);
	if (!res)
		res = copy_in(params + 1, 0, SECSTOR_VALUE_MAX,
			      SECSTOR_ERROR_VALUE_TOO_LARGE, &change.value);
	if (!res)
		res = change_one(&session->owner, &change);
	if (!res)
		set_value_u64(params + 2, change.revision);
	if (!res && with_previous)
		res = copy_out(params + 3, previous.data, previous.size);
	mem_free((void *)change.value.data, change.value.size);
	mem_free((void *)previous.data, previous.size);
	full_key_free(&change.key);
	return res;
}

TEE_Result command_put(const struct session *session, TEE_Param *params)
{
	return put(session, params, false);
}

TEE_Result command_swap(const struct session *session, TEE_Param *params)
{
	return put(session, params, true);
}

TEE_Result command_delete(const struct session *session, TEE_Param *params)
{
	struct change change = { .remove = true,
				 .expected = value_u64(params + 1) };
	TEE_Result res = full_key_of(session, params, &change.key);

	if (res)
		return res;
	res = change_one(&session->owner, &change);
	if (!res && !change.existed)
		res = TEE_ERROR_ITEM_NOT_FOUND;
	if (!res)
		set_value_u64(params + 1, change.revision);
	full_key_free(&change.key);
	return res;
}

/* A batch in the making. */
struct batch {
	struct change *changes;
	struct change **order; /* by ascending key */
	uint32_t count;
	uint32_t room;
};

/* How many operations a request of this size can have. */
static uint32_t most_operations(size_t size)
{
	size_t most = size / BATCH_HEADER_SIZE + 1;

	return most < SECSTOR_REQUEST_COUNT_MAX ? (uint32_t)most
						: SECSTOR_REQUEST_COUNT_MAX;
}

/*
 * Takes one operation off the request. Full key and value take its place, at
 * `*to`, so that a batch needs no memory for keys of its own.
 */
static TEE_Result parse_operation(const struct session *session,
				  struct span *request, uint8_t **to,
				  struct change *change)
{
	struct span head = { 0 };
	struct span key = { 0 };
	struct span value = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (!span_take(request, BATCH_HEADER_SIZE, &head) || head.data[1] ||
	    (head.data[0] != SECSTOR_BATCH_PUT &&
	     head.data[0] != SECSTOR_BATCH_DELETE))
		return TEE_ERROR_BAD_PARAMETERS;
	change->remove = head.data[0] == SECSTOR_BATCH_DELETE;
	change->expected = get_u64(head.data + 8);
	if (!span_take(request, get_u16(head.data + 2), &key) ||
	    !span_take(request, get_u32(head.data + 4), &value) ||
	    (change->remove && value.size))
		return TEE_ERROR_BAD_PARAMETERS;
	if (value.size > SECSTOR_VALUE_MAX)
		return SECSTOR_ERROR_VALUE_TOO_LARGE;
	res = full_key_at(session, to, key, &change->key);
	if (res)
		return res;
	memmove(*to, value.data, value.size);
	change->value = (struct span){ *to, value.size };
	*to += value.size;
	return TEE_SUCCESS;
}

static struct span key_of_change_at(const void *order, uint32_t n)
{
	return ((struct change *const *)order)[n]->key;
}

/* Whether a change before has the same key. */
static bool put_in_order(struct batch *batch, struct change *change)
{
	bool twice = false;
	uint32_t at = search(batch->order, batch->count, key_of_change_at,
			     change->key, &twice);

	memmove(batch->order + at + 1, batch->order + at,
		(batch->count - at) * sizeof(*batch->order));
	batch->order[at] = change;
	batch->count++;
	return twice;
}

/* On an error *failed is the index of the operation it is about, if any. */
static TEE_Result parse_batch(const struct session *session,
			      struct span request, uint8_t *to,
			      struct batch *batch, uint32_t *failed)
{
	uint32_t twice = SECSTOR_INDEX_NONE;

	while (request.size) {
		struct change *change = batch->changes + batch->count;
		TEE_Result res = TEE_SUCCESS;

		*failed = SECSTOR_INDEX_NONE;
		if (batch->count == batch->room)
			return TEE_ERROR_BAD_PARAMETERS;
		*failed = batch->count;
		res = parse_operation(session, &request, &to, change);
		if (res)
			return res;
		if (put_in_order(batch, change) && twice == SECSTOR_INDEX_NONE)
			twice = batch->count - 1;
	}
	*failed = twice;
	return batch->count && twice == SECSTOR_INDEX_NONE
		       ? TEE_SUCCESS
		       : TEE_ERROR_BAD_PARAMETERS;
}

/* Makes the changes and answers with their revisions. */
static TEE_Result apply_batch(const struct session *session,
			      const struct batch *batch, TEE_Param *answer,
			      uint32_t *failed)
{
	uint8_t *revisions = NULL;
	size_t size = batch->count * sizeof(uint64_t);
	TEE_Result res = check_room(answer, size);
	uint32_t n = 0;

	if (res)
		return res;
	/* Allocated first: after the change nothing may fail any more. */
	revisions = mem_alloc(size);
	if (!revisions)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = change_apply(&session->owner, batch->changes, batch->order,
			   batch->count, failed);
	for (n = 0; n < batch->count; n++)
		put_u64(revisions + n * sizeof(uint64_t),
			batch->changes[n].revision);
	if (!res)
		res = copy_out(answer, revisions, size);
	mem_free(revisions, size);
	return res;
}

static TEE_Result run_batch(const struct session *session, struct span request,
			    size_t front, TEE_Param *answer, uint32_t *failed)
{
	uint8_t *to = (uint8_t *)request.data - front;
	struct batch batch = { .room = most_operations(request.size) };
	TEE_Result res = TEE_ERROR_OUT_OF_MEMORY;

	batch.changes = mem_alloc_array(batch.room, sizeof(*batch.changes));
	batch.order = mem_alloc_array(batch.room, sizeof(*batch.order));
	if (batch.changes && batch.order)
		res = parse_batch(session, request, to, &batch, failed);
	if (!res)
		res = apply_batch(session, &batch, answer, failed);
	mem_free(batch.order, batch.room * sizeof(*batch.order));
	mem_free(batch.changes, batch.room * sizeof(*batch.changes));
	return res;
}

TEE_Result command_batch(const struct session *session, TEE_Param *params)
{
	/* So much longer than its header in the request is a domain. */
	size_t longer = session->domain_size + 1u > BATCH_HEADER_SIZE
				? session->domain_size + 1u - BATCH_HEADER_SIZE
				: 0;
	size_t front = 0;
	uint32_t failed = SECSTOR_INDEX_NONE;
	struct span request = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (params[0].memref.size <= SECSTOR_REQUEST_MAX)
		front = longer * most_operations(params[0].memref.size);
	res = copy_in(params, front, SECSTOR_REQUEST_MAX,
		      TEE_ERROR_BAD_PARAMETERS, &request);
	if (!res) {
		res = run_batch(session, request, front, params + 1, &failed);
		mem_free((uint8_t *)request.data - front, front + request.size);
	}
	params[2].value.a = failed;
	params[2].value.b = 0;
	return res;
}

/*
 * OP-TEE's core needs memory of its own for each request of random bytes, and
 * ends the TA when it has none.
 */
#define RANDOM_PIECE 1024

static void fill_random(uint8_t *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t piece = size - done;

		if (piece > RANDOM_PIECE)
			piece = RANDOM_PIECE;
		TEE_GenerateRandom(data + done, piece);
		done += piece;
	}
}

static TEE_Result generate(const struct session *session, TEE_Param *params,
			   bool with_value)
{
	struct change change = { .expected = value_u64(params + 2) };
	size_t size = params[1].value.a;
	uint8_t *value = NULL;
	TEE_Result res = TEE_SUCCESS;

	if (!size || params[1].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	if (size > SECSTOR_VALUE_MAX)
		return SECSTOR_ERROR_VALUE_TOO_LARGE;
	if (with_value)
		res = check_room(params + 3, size);
	if (!res)
		res = full_key_of(session, params, &change.key);
	if (res)
		return res;
	value = mem_alloc(size);
	if (value) {
		fill_random(value, size);
		change.value = (struct span){ value, size };
		res = change_one(&session->owner, &change);
	} else {
		res = TEE_ERROR_OUT_OF_MEMORY;
	}
	if (!res) {
		set_value_u64(params + 2, change.revision);
		if (with_value)
			res = copy_out(params + 3, value, size);
	}
	mem_free(value, size);
	full_key_free(&change.key);
	return res;
}

TEE_Result command_generate(const struct session *session, TEE_Param *params)
{
	return generate(session, params, false);
}

TEE_Result command_generate_and_return(const struct session *session,
				       TEE_Param *params)
{
	return generate(session, params, true);
}

TEE_Result command_clear(const struct session *session, TEE_Param *params)
{
	struct span prefix = { 0 };
	uint32_t removed = 0;
	bool left = false;
	TEE_Result res = full_prefix_of(session, params, &prefix);

	if (res)
		return res;
	res = change_clear(&session->owner, prefix, &removed, &left);
	if (!res) {
		params[1].value.a = removed;
		params[1].value.b = left;
	}
	full_key_free(&prefix);
	return res;
}
