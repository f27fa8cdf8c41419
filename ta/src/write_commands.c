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
	struct cached *holder = NULL;
	struct span value = { 0 };
	uint8_t *data = NULL;
	TEE_Result res = lookup_key(&session->owner, key, &found);

	if (res == TEE_ERROR_ITEM_NOT_FOUND) {
		found.record = (struct record){ .kind = RECORD_INLINE };
		res = TEE_SUCCESS;
	}
	if (!res)
		res = check_room(param, PREVIOUS_HEADER_SIZE +
						found.record.value_size);
	if (!res)
		res = lookup_value(&session->owner, &found.record, &value,
				   &holder);
	if (!res) {
		data = mem_alloc(PREVIOUS_HEADER_SIZE + value.size);
		res = data ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
	}
	if (!res) {
		put_u64(data, found.record.revision);
		if (value.size)
			memcpy(data + PREVIOUS_HEADER_SIZE, value.data,
			       value.size);
		*previous = (struct span){ data,
					   PREVIOUS_HEADER_SIZE + value.size };
	}
	cached_release(holder);
	found_release(&found);
	return res;
}

static TEE_Result put(const struct session *session, TEE_Param *params,
		      bool with_previous)
{
	struct change change = { .expected = value_u64(params + 2) };
	struct span previous = { 0 };
	uint32_t failed = 0;
	TEE_Result res = full_key_of(session, params, &change.key);

	if (!res && with_previous)
		res = read_previous(session, change.key, params + 3, &previous);
	if (!res)
		res = copy_in(params + 1, 0, SECSTOR_VALUE_MAX,
			      SECSTOR_ERROR_VALUE_TOO_LARGE, &change.value);
	if (!res)
		res = change_apply(&session->owner, &change, 1, &failed);
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
	uint32_t failed = 0;
	TEE_Result res = full_key_of(session, params, &change.key);

	if (res)
		return res;
	res = change_apply(&session->owner, &change, 1, &failed);
	if (!res && !change.existed)
		res = TEE_ERROR_ITEM_NOT_FOUND;
	if (!res)
		set_value_u64(params + 1, change.revision);
	full_key_free(&change.key);
	return res;
}

/* Takes one operation off the request; its value stays where it is. */
static TEE_Result parse_operation(const struct session *session,
				  struct span *request, struct change *change)
{
	struct span head = { 0 };
	struct span key = { 0 };

	if (!span_take(request, BATCH_HEADER_SIZE, &head) || head.data[1] ||
	    (head.data[0] != SECSTOR_BATCH_PUT &&
	     head.data[0] != SECSTOR_BATCH_DELETE))
		return TEE_ERROR_BAD_PARAMETERS;
	change->remove = head.data[0] == SECSTOR_BATCH_DELETE;
	change->expected = get_u64(head.data + 8);
	if (!span_take(request, get_u16(head.data + 2), &key) ||
	    !span_take(request, get_u32(head.data + 4), &change->value) ||
	    (change->remove && change->value.size))
		return TEE_ERROR_BAD_PARAMETERS;
	if (change->value.size > SECSTOR_VALUE_MAX)
		return SECSTOR_ERROR_VALUE_TOO_LARGE;
	return full_key_from(session, key, &change->key);
}

static struct span key_of_change_at(const void *sorted, uint32_t n)
{
	return ((struct change *const *)sorted)[n]->key;
}

/* Whether two changes have one key; *failed is then the later one. */
static TEE_Result check_keys_differ(struct change *changes, uint32_t count,
				    uint32_t *failed)
{
	struct change **sorted = mem_alloc_array(count, sizeof(*sorted));
	bool twice = false;
	uint32_t n = 0;

	if (!sorted)
		return TEE_ERROR_OUT_OF_MEMORY;
	for (n = 0; n < count && !twice; n++) {
		uint32_t at = search(sorted, n, key_of_change_at,
				     changes[n].key, &twice);

		memmove(sorted + at + 1, sorted + at,
			(n - at) * sizeof(*sorted));
		sorted[at] = changes + n;
	}
	if (twice)
		*failed = n - 1;
	mem_free(sorted, count * sizeof(*sorted));
	return twice ? TEE_ERROR_BAD_PARAMETERS : TEE_SUCCESS;
}

/* On an error *failed is the index of the operation it is about, if any. */
static TEE_Result parse_batch(const struct session *session,
			      struct span request, struct change *changes,
			      uint32_t *count, uint32_t *failed)
{
	TEE_Result res = TEE_SUCCESS;

	*failed = SECSTOR_INDEX_NONE;
	while (request.size) {
		if (*count == SECSTOR_REQUEST_COUNT_MAX)
			return TEE_ERROR_BAD_PARAMETERS;
		res = parse_operation(session, &request, changes + *count);
		if (res == TEE_ERROR_OUT_OF_MEMORY)
			return res;
		if (res) {
			*failed = *count;
			return res;
		}
		++*count;
	}
	if (!*count)
		return TEE_ERROR_BAD_PARAMETERS;
	return check_keys_differ(changes, *count, failed);
}

/* Makes the changes and answers with their revisions. */
static TEE_Result apply_batch(const struct session *session,
			      struct change *changes, uint32_t count,
			      TEE_Param *answer, uint32_t *failed)
{
	uint8_t *revisions = NULL;
	size_t size = count * sizeof(uint64_t);
	TEE_Result res = check_room(answer, size);
	uint32_t n = 0;

	if (res)
		return res;
	/* Allocated first: after the change nothing may fail any more. */
	revisions = mem_alloc(size);
	if (!revisions)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = change_apply(&session->owner, changes, count, failed);
	for (n = 0; n < count; n++)
		put_u64(revisions + n * sizeof(uint64_t), changes[n].revision);
	if (!res)
		res = copy_out(answer, revisions, size);
	mem_free(revisions, size);
	return res;
}

static TEE_Result run_batch(const struct session *session, struct span request,
			    TEE_Param *answer, uint32_t *failed)
{
	size_t room = request.size / BATCH_HEADER_SIZE + 1;
	struct change *changes = NULL;
	TEE_Result res = TEE_SUCCESS;
	uint32_t count = 0;

	if (room > SECSTOR_REQUEST_COUNT_MAX)
		room = SECSTOR_REQUEST_COUNT_MAX;
	changes = mem_alloc_array(room, sizeof(*changes));
	if (!changes)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = parse_batch(session, request, changes, &count, failed);
	if (!res)
		res = apply_batch(session, changes, count, answer, failed);
	while (count)
		full_key_free(&changes[--count].key);
	mem_free(changes, room * sizeof(*changes));
	return res;
}

TEE_Result command_batch(const struct session *session, TEE_Param *params)
{
	uint32_t failed = SECSTOR_INDEX_NONE;
	struct span request = { 0 };
	TEE_Result res = copy_in(params, 0, SECSTOR_REQUEST_MAX,
				 TEE_ERROR_BAD_PARAMETERS, &request);

	if (!res)
		res = run_batch(session, request, params + 1, &failed);
	params[2].value.a = failed;
	params[2].value.b = 0;
	mem_free((void *)request.data, request.size);
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
	uint32_t failed = 0;
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
		res = change_apply(&session->owner, &change, 1, &failed);
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
	TEE_Result res = full_prefix_of(session, params, &prefix);

	if (res)
		return res;
	res = change_clear(&session->owner, prefix, &removed);
	if (!res) {
		params[1].value.a = removed;
		params[1].value.b = 0;
	}
	full_key_free(&prefix);
	return res;
}
