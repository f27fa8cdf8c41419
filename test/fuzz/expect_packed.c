// SPDX-License-Identifier: MIT
/* Requests that are packed, and part by part right or wrong. */
#include "check.h"
#include "question.h"
#include "tee_api_defines.h"

/* Takes size bytes off the front; false if there are fewer. */
static bool take(struct bytes *from, size_t size, struct bytes *taken)
{
	if (from->size < size)
		return false;
	*taken = (struct bytes){ from->data, size };
	from->data += size;
	from->size -= size;
	return true;
}

static bool take_key(struct bytes *from, struct bytes *key)
{
	struct bytes head = { 0 };

	return take(from, 2, &head) && take(from, read_u16(head.data), key);
}

TEE_Result question_get_many(const struct question *q)
{
	struct bytes rest = q->request->args[0].in;
	size_t used = 0;
	uint32_t count = 0;
	struct bytes key = { 0 };

	for (count = 0; rest.size; count++)
		if (!take_key(&rest, &key))
			return TEE_ERROR_BAD_PARAMETERS;
	if (!count || count > SECSTOR_REQUEST_COUNT_MAX)
		return TEE_ERROR_BAD_PARAMETERS;
	rest = q->request->args[0].in;
	for (q->answer->index = 0; take_key(&rest, &key); q->answer->index++) {
		const struct entry *entry = question_find(q, key);
		TEE_Result res = TEE_SUCCESS;

		if (!is_name(key, SECSTOR_KEY_MAX))
			return SECSTOR_ERROR_KEY;
		used += 16 + (entry ? entry->value.size : 0);
		res = question_room(q, 1, used);
		if (res)
			return q->answer->index ? TEE_SUCCESS : res;
	}
	return TEE_SUCCESS;
}

/* One operation of a batch. */
static TEE_Result take_operation(const struct question *q, struct bytes *rest,
				 uint64_t *expected)
{
	struct bytes head = { 0 };
	struct bytes key = { 0 };
	struct bytes value = { 0 };

	if (!take(rest, 16, &head) || head.data[0] < SECSTOR_BATCH_PUT ||
	    head.data[0] > SECSTOR_BATCH_DELETE || head.data[1] ||
	    !take(rest, read_u16(head.data + 2), &key) ||
	    !take(rest, read_u32(head.data + 4), &value) ||
	    (value.size && head.data[0] == SECSTOR_BATCH_DELETE))
		return TEE_ERROR_BAD_PARAMETERS;
	if (value.size > SECSTOR_VALUE_MAX)
		return SECSTOR_ERROR_VALUE_TOO_LARGE;
	if (!is_name(key, SECSTOR_KEY_MAX))
		return SECSTOR_ERROR_KEY;
	*expected = read_u64(head.data + 8);
	question_add(q, model_full_key(q->asker, key),
		     head.data[0] == SECSTOR_BATCH_DELETE, value);
	return TEE_SUCCESS;
}

/* Whether the change is of a key that an earlier one is of, too. */
static bool is_double(const struct expectation *answer, size_t index)
{
	size_t n = 0;

	for (n = 0; n < index; n++)
		if (bytes_equal(answer->changes[n].key,
				answer->changes[index].key))
			return true;
	return false;
}

TEE_Result question_batch(const struct question *q)
{
	struct expectation *answer = q->answer;
	struct bytes rest = q->request->args[0].in;
	uint64_t expected[CHANGES_MAX] = { 0 };
	uint32_t n = 0;
	TEE_Result res = TEE_SUCCESS;

	if (rest.size > SECSTOR_REQUEST_MAX || !rest.size)
		return TEE_ERROR_BAD_PARAMETERS;
	for (answer->index = 0; rest.size; answer->index++) {
		res = take_operation(q, &rest, expected + answer->index);
		if (res)
			return res;
	}
	for (answer->index = 0; answer->index < answer->change_count;
	     answer->index++)
		if (is_double(answer, answer->index))
			return TEE_ERROR_BAD_PARAMETERS;
	answer->index = SECSTOR_INDEX_NONE;
	res = question_room(q, 1, 8 * answer->change_count);
	for (n = 0; n < answer->change_count && !res; n++) {
		res = question_condition(model_find(q->model, q->asker->owner,
						    answer->changes[n].key),
					 expected[n]);
		if (res)
			answer->index = n;
	}
	return res ? res : question_quota(q);
}
