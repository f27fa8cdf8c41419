// SPDX-License-Identifier: MIT
#include "expect.h"

#include <string.h>

#include "check.h"
#include "question.h"
#include "tee_api_defines.h"

#define NONE TEE_PARAM_TYPE_NONE
#define IN TEE_PARAM_TYPE_MEMREF_INPUT
#define OUT TEE_PARAM_TYPE_MEMREF_OUTPUT
#define V_IN TEE_PARAM_TYPE_VALUE_INPUT
#define V_OUT TEE_PARAM_TYPE_VALUE_OUTPUT
#define V_INOUT TEE_PARAM_TYPE_VALUE_INOUT

static bool is_prefix(struct bytes text)
{
	size_t n = 0;

	for (n = 0; n < text.size; n++)
		if (text.data[n] < 0x20 || text.data[n] == 0x7f)
			return false;
	return text.size <= SECSTOR_KEY_MAX;
}

const struct entry *question_find(const struct question *q, struct bytes key)
{
	return model_find(q->model, q->asker->owner,
			  model_full_key(q->asker, key));
}

TEE_Result question_room(const struct question *q, uint32_t output,
			 size_t needed)
{
	q->answer->output = output;
	q->answer->needed = needed;
	return needed > q->request->args[output].room ? TEE_ERROR_SHORT_BUFFER
						      : TEE_SUCCESS;
}

void question_add(const struct question *q, struct bytes key, bool remove,
		  struct bytes value)
{
	struct expectation *answer = q->answer;

	CHECK(answer->change_count < CHANGES_MAX);
	answer->changes[answer->change_count++] =
		(struct change){ q->asker->owner, key, remove, value, false };
	if (value.size > INLINE_MAX)
		answer->may_exceed_quota = true;
}

TEE_Result question_condition(const struct entry *entry, uint64_t expected)
{
	if (expected == ANY)
		return TEE_SUCCESS;
	if (expected == ABSENT)
		return entry ? SECSTOR_ERROR_EXISTS : TEE_SUCCESS;
	return entry && entry->revision == expected ? TEE_SUCCESS
						    : SECSTOR_ERROR_CONFLICT;
}

TEE_Result question_quota(const struct question *q)
{
	enum owner owner = q->asker->owner;
	size_t keys = model_keys(q->model, owner);
	size_t bytes = model_bytes(q->model, owner);
	size_t new_keys = keys;
	size_t new_bytes = bytes;
	size_t n = 0;

	for (n = 0; n < q->answer->change_count; n++) {
		const struct change *change = q->answer->changes + n;
		const struct entry *old =
			model_find(q->model, owner, change->key);

		if (old) {
			new_keys--;
			new_bytes -= model_charge(old->key, old->value.size);
		}
		if (!change->remove) {
			new_keys++;
			new_bytes +=
				model_charge(change->key, change->value.size);
		}
	}
	if ((new_keys > keys && new_keys > SECSTOR_QUOTA_KEYS) ||
	    (new_bytes > bytes && new_bytes > SECSTOR_QUOTA_BYTES))
		return SECSTOR_ERROR_QUOTA;
	return TEE_SUCCESS;
}

static uint64_t expected_of(const struct arg *arg)
{
	return arg->a | (uint64_t)arg->b << 32;
}

static TEE_Result on_info(const struct question *q)
{
	return question_room(q, 0, SECSTOR_INFO_SIZE);
}

static TEE_Result on_get(const struct question *q)
{
	struct bytes key = q->request->args[0].in;
	const struct entry *entry = question_find(q, key);

	if (!is_name(key, SECSTOR_KEY_MAX))
		return SECSTOR_ERROR_KEY;
	if (!entry)
		return TEE_ERROR_ITEM_NOT_FOUND;
	return q->request->command == SECSTOR_CMD_STAT
		       ? TEE_SUCCESS
		       : question_room(q, 1, entry->value.size);
}

static TEE_Result on_put(const struct question *q)
{
	const struct arg *args = q->request->args;
	const struct entry *old = question_find(q, args[0].in);
	TEE_Result res = TEE_SUCCESS;

	if (!is_name(args[0].in, SECSTOR_KEY_MAX))
		return SECSTOR_ERROR_KEY;
	if (args[3].type == OUT)
		res = question_room(q, 3, 8 + (old ? old->value.size : 0));
	if (res)
		return res;
	if (args[1].in.size > SECSTOR_VALUE_MAX)
		return SECSTOR_ERROR_VALUE_TOO_LARGE;
	res = question_condition(old, expected_of(args + 2));
	if (res)
		return res;
	question_add(q, model_full_key(q->asker, args[0].in), false,
		     args[1].in);
	return question_quota(q);
}

static TEE_Result on_generate(const struct question *q)
{
	const struct arg *args = q->request->args;
	TEE_Result res = TEE_SUCCESS;

	if (!args[1].a || args[1].b)
		return TEE_ERROR_BAD_PARAMETERS;
	if (args[1].a > SECSTOR_VALUE_MAX)
		return SECSTOR_ERROR_VALUE_TOO_LARGE;
	if (args[3].type == OUT)
		res = question_room(q, 3, args[1].a);
	if (res)
		return res;
	if (!is_name(args[0].in, SECSTOR_KEY_MAX))
		return SECSTOR_ERROR_KEY;
	res = question_condition(question_find(q, args[0].in),
				 expected_of(args + 2));
	if (res)
		return res;
	question_add(q, model_full_key(q->asker, args[0].in), false,
		     (struct bytes){ NULL, args[1].a });
	q->answer->changes[0].value_unknown = true;
	return question_quota(q);
}

static TEE_Result on_delete(const struct question *q)
{
	const struct arg *args = q->request->args;
	const struct entry *old = question_find(q, args[0].in);
	TEE_Result res = question_condition(old, expected_of(args + 1));

	if (!is_name(args[0].in, SECSTOR_KEY_MAX))
		return SECSTOR_ERROR_KEY;
	if (res)
		return res;
	if (!old)
		return TEE_ERROR_ITEM_NOT_FOUND;
	question_add(q, old->key, true, (struct bytes){ 0 });
	return TEE_SUCCESS;
}

static TEE_Result on_list(const struct question *q)
{
	const struct arg *args = q->request->args;
	struct bytes prefix = model_full_key(q->asker, args[0].in);
	struct bytes after = model_full_key(q->asker, args[1].in);
	bool inclusive = bytes_compare(after, prefix) < 0;
	const struct entry *first =
		model_next(q->model, q->asker->owner, prefix,
			   inclusive ? prefix : after, inclusive);

	if (!is_prefix(args[0].in) || !is_prefix(args[1].in))
		return SECSTOR_ERROR_KEY;
	return first ? question_room(q, 2,
				     16 + first->key.size -
					     q->asker->domain.size - 1)
		     : TEE_SUCCESS;
}

static TEE_Result on_clear(const struct question *q)
{
	enum owner owner = q->asker->owner;
	struct bytes prefix = model_full_key(q->asker, q->request->args[0].in);
	const struct entry *entry =
		model_next(q->model, owner, prefix, prefix, true);

	if (!is_prefix(q->request->args[0].in))
		return SECSTOR_ERROR_KEY;
	for (; entry;
	     entry = model_next(q->model, owner, prefix, entry->key, false))
		question_add(q, entry->key, true, (struct bytes){ 0 });
	return TEE_SUCCESS;
}

static TEE_Result on_whoami(const struct question *q)
{
	(void)q;
	return TEE_SUCCESS;
}

static TEE_Result on_verify(const struct question *q)
{
	const struct arg *args = q->request->args;
	struct bytes from = args[0].in;
	TEE_Result res = TEE_SUCCESS;

	if (args[2].a > 1 || args[2].b)
		return TEE_ERROR_BAD_PARAMETERS;
	res = question_room(q, 1, SECSTOR_CURSOR_MAX);
	if (res)
		return res;
	return from.size > SECSTOR_CURSOR_MAX ||
			       (from.size &&
				(from.data[0] < 1 || from.data[0] > 3))
		       ? TEE_ERROR_BAD_PARAMETERS
		       : TEE_SUCCESS;
}

#define OWNER_SIZE 17

static TEE_Result on_owners(const struct question *q)
{
	size_t size = q->request->args[0].in.size;

	if (q->asker->owner != ROOT)
		return TEE_ERROR_ACCESS_DENIED;
	if (size && size != OWNER_SIZE)
		return TEE_ERROR_BAD_PARAMETERS;
	return question_room(
		q, 1, SECSTOR_OWNERS_HEADER_SIZE + SECSTOR_OWNER_ENTRY_SIZE);
}

/* Whose login and UUID these are; OWNERS: nobody's. */
static enum owner owner_of(struct bytes octets)
{
	size_t n = 0;

	for (n = 0; n < OWNERS; n++)
		if (bytes_equal(octets, owner_octets((enum owner)n)))
			break;
	return (enum owner)n;
}

static TEE_Result on_remove_owner(const struct question *q)
{
	struct bytes octets = q->request->args[0].in;
	enum owner owner = owner_of(octets);
	const struct entry *entry = NULL;

	if (q->asker->owner != ROOT)
		return TEE_ERROR_ACCESS_DENIED;
	if (octets.size != OWNER_SIZE || !octets.data[0])
		return TEE_ERROR_BAD_PARAMETERS;
	if (owner == OWNERS)
		return TEE_ERROR_ITEM_NOT_FOUND;
	q->answer->may_be_absent = !model_keys(q->model, owner);
	for (entry = model_next(q->model, owner, text(""), text(""), true);
	     entry;
	     entry = model_next(q->model, owner, text(""), entry->key, false)) {
		question_add(q, entry->key, true, (struct bytes){ 0 });
		q->answer->changes[q->answer->change_count - 1].owner = owner;
	}
	return TEE_SUCCESS;
}

static const struct {
	uint32_t id;
	uint32_t types;
	/* The last parameter may be an output, too. */
	bool output;
	TEE_Result (*on)(const struct question *q);
} commands[] = {
	{ SECSTOR_CMD_INFO, TEE_PARAM_TYPES(OUT, NONE, NONE, NONE), false,
	  on_info },
	{ SECSTOR_CMD_GET, TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE), false,
	  on_get },
	{ SECSTOR_CMD_GET_MANY, TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE), false,
	  question_get_many },
	{ SECSTOR_CMD_PUT, TEE_PARAM_TYPES(IN, IN, V_INOUT, NONE), true,
	  on_put },
	{ SECSTOR_CMD_DELETE, TEE_PARAM_TYPES(IN, V_INOUT, NONE, NONE), false,
	  on_delete },
	{ SECSTOR_CMD_LIST, TEE_PARAM_TYPES(IN, IN, OUT, V_INOUT), false,
	  on_list },
	{ SECSTOR_CMD_STAT, TEE_PARAM_TYPES(IN, V_OUT, V_OUT, NONE), false,
	  on_get },
	{ SECSTOR_CMD_BATCH, TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE), false,
	  question_batch },
	{ SECSTOR_CMD_GENERATE, TEE_PARAM_TYPES(IN, V_IN, V_INOUT, NONE), true,
	  on_generate },
	{ SECSTOR_CMD_CLEAR, TEE_PARAM_TYPES(IN, V_OUT, NONE, NONE), false,
	  on_clear },
	{ SECSTOR_CMD_WHOAMI, TEE_PARAM_TYPES(V_OUT, V_OUT, V_OUT, NONE), false,
	  on_whoami },
	{ SECSTOR_CMD_VERIFY, TEE_PARAM_TYPES(IN, OUT, V_INOUT, V_OUT), false,
	  on_verify },
	{ SECSTOR_CMD_OWNERS, TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE), false,
	  on_owners },
	{ SECSTOR_CMD_REMOVE_OWNER, TEE_PARAM_TYPES(IN, V_OUT, NONE, NONE),
	  false, on_remove_owner },
};
#define COMMANDS (sizeof(commands) / sizeof(*commands))

/* The types as one number; an impossible one if a reference is unsound. */
static uint32_t types_of(const struct request *request)
{
	uint32_t types = 0;
	size_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		const struct arg *arg = request->args + n;

		types |= arg->type << (4 * n);
		if (arg->no_memory && arg->room &&
		    (arg->type == IN || arg->type == OUT))
			return UINT32_MAX;
	}
	return types;
}

void expect(const struct model *model, const struct asker *asker,
	    const struct request *request, struct expectation *expectation)
{
	struct question q = { model, asker, request, expectation };
	uint32_t types = types_of(request);
	size_t n = 0;

	expectation->result = TEE_ERROR_NOT_SUPPORTED;
	expectation->index = SECSTOR_INDEX_NONE;
	expectation->is_parsed = false;
	expectation->may_exceed_quota = false;
	expectation->may_lack_place = false;
	expectation->may_be_absent = false;
	expectation->change_count = 0;
	for (n = 0; n < COMMANDS; n++) {
		if (commands[n].id != request->command)
			continue;
		expectation->result = TEE_ERROR_BAD_PARAMETERS;
		expectation->is_parsed =
			types == commands[n].types ||
			(commands[n].output &&
			 types == (commands[n].types | OUT << 12));
		if (expectation->is_parsed)
			expectation->result = commands[n].on(&q);
	}
	if (expectation->result)
		expectation->change_count = 0;
	expectation->may_lack_place = expectation->change_count &&
				      asker->owner != ALICE &&
				      !model_keys(model, asker->owner);
}

TEE_Result expect_open(const TEE_Identity *who, struct bytes domain)
{
	static const TEE_UUID nil = { 0 };
	static const TEE_UUID own = SECSTOR_TA_UUID;

	if (who->login != TEE_LOGIN_USER && who->login != TEE_LOGIN_GROUP)
		return SECSTOR_ERROR_IDENTITY;
	if (!memcmp(&who->uuid, &nil, sizeof(nil)) ||
	    !memcmp(&who->uuid, &own, sizeof(own)))
		return SECSTOR_ERROR_KERNEL;
	return is_name(domain, SECSTOR_DOMAIN_MAX) ? TEE_SUCCESS
						   : SECSTOR_ERROR_DOMAIN;
}
