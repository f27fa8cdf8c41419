// SPDX-License-Identifier: MIT
#include "commands.h"
#include "lookup.h"
#include "mem.h"
#include "registry.h"
#include "twins.h"
#include "version.h"

#define GET_MANY_HEADER_SIZE 16
#define LIST_HEADER_SIZE 16
/* What one answer holds at most; a client asks on for the rest. */
#define ANSWER_MAX SECSTOR_REQUEST_MAX

/* An answer in the making, in private memory. */
struct answer {
	uint8_t *data;
	size_t size;
	size_t room;
	uint32_t count;
};

static TEE_Result answer_begin(struct answer *answer, const TEE_Param *param)
{
	*answer = (struct answer){ .room = param->memref.size };
	if (answer->room > ANSWER_MAX)
		answer->room = ANSWER_MAX;
	answer->data = mem_alloc(answer->room);
	return answer->data ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
}

/* Room for one more entry, or NULL. */
static uint8_t *answer_add(struct answer *answer, size_t size)
{
	uint8_t *entry = answer->data + answer->size;

	if (size > answer->room - answer->size)
		return NULL;
	answer->size += size;
	answer->count++;
	return entry;
}

static TEE_Result answer_end(struct answer *answer, TEE_Param *param,
			     TEE_Result res)
{
	if (!res)
		res = copy_out(param, answer->data, answer->size);
	mem_free(answer->data, answer->room);
	return res;
}

static uint32_t anti_rollback_level(void)
{
	uint32_t level = 0;

	/* A property of newer implementations; absent, nothing is promised. */
	if (TEE_GetPropertyAsU32(TEE_PROPSET_TEE_IMPLEMENTATION,
				 "gpd.tee.trustedStorage.antiRollback."
				 "protectionLevel",
				 &level))
		level = 0;
	return level;
}

TEE_Result command_whoami(const struct session *session, TEE_Param *params)
{
	const uint8_t *octets = session->owner.bytes + 1;

	params[0].value.a = get_u32(octets);
	params[0].value.b = get_u32(octets + 4);
	params[1].value.a = get_u32(octets + 8);
	params[1].value.b = get_u32(octets + 12);
	params[2].value.a = session->owner.bytes[0];
	params[2].value.b = 0;
	return TEE_SUCCESS;
}

TEE_Result command_info(const struct session *session, TEE_Param *params)
{
	uint8_t info[SECSTOR_INFO_SIZE] = { 0 };
	const struct node_header *head = NULL;
	struct cached *root = NULL;
	uint32_t objects = 0;
	uint32_t n = 0;
	TEE_Result res = lookup_root(&session->owner, &root);

	if (res)
		return res;
	head = &root->node.head;
	for (n = 0; n < head->index_count; n++)
		objects += node_index(&root->node, n).kind == INDEX_LEAF;
	objects += head->objects + (head->sequence != 0);
	put_u32(info + SECSTOR_INFO_PROTOCOL, SECSTOR_PROTOCOL_VERSION);
	put_u32(info + SECSTOR_INFO_FORMAT, SECSTOR_FORMAT_VERSION);
	info[SECSTOR_INFO_VERSION] = VERSION_MAJOR;
	info[SECSTOR_INFO_VERSION + 1] = VERSION_MINOR;
	info[SECSTOR_INFO_VERSION + 2] = VERSION_PATCH;
	put_u32(info + SECSTOR_INFO_LOGIN, session->owner.bytes[0]);
	memcpy(info + SECSTOR_INFO_OWNER, session->owner.bytes + 1, 16);
	put_u32(info + SECSTOR_INFO_KEY_MAX, SECSTOR_KEY_MAX);
	put_u32(info + SECSTOR_INFO_DOMAIN_MAX, SECSTOR_DOMAIN_MAX);
	put_u32(info + SECSTOR_INFO_VALUE_MAX, SECSTOR_VALUE_MAX);
	put_u32(info + SECSTOR_INFO_QUOTA_KEYS, SECSTOR_QUOTA_KEYS);
	put_u64(info + SECSTOR_INFO_QUOTA_BYTES, SECSTOR_QUOTA_BYTES);
	put_u32(info + SECSTOR_INFO_USED_KEYS, head->keys);
	/* Each object has its twin. */
	put_u32(info + SECSTOR_INFO_OBJECTS, 2 * objects);
	put_u64(info + SECSTOR_INFO_USED_BYTES, head->bytes);
	put_u32(info + SECSTOR_INFO_ANTI_ROLLBACK, anti_rollback_level());
	put_u32(info + SECSTOR_INFO_HEALED, twins_healed());
	put_u32(info + SECSTOR_INFO_OWN_PLACE,
		registry_has_own_place(&session->owner));
	put_u32(info + SECSTOR_INFO_ID_MAX, SECSTOR_ID_MAX);
	cached_release(root);
	return copy_out(params, info, sizeof(info));
}

TEE_Result command_get(const struct session *session, TEE_Param *params)
{
	struct found found = { 0 };
	struct cached *holder = NULL;
	struct span value = { 0 };
	struct span key = { 0 };
	TEE_Result res = full_key_of(session, params, &key);

	if (res)
		return res;
	res = lookup_key(&session->owner, key, &found);
	/* A value is not read for one who has no room for it. */
	if (!res)
		res = check_room(params + 1, found.record.value_size);
	if (!res)
		res = lookup_value(&session->owner, &found.record, &value,
				   &holder);
	if (!res) {
		set_value_u64(params + 2, found.record.revision);
		res = copy_out(params + 1, value.data, value.size);
	}
	cached_release(holder);
	found_release(&found);
	full_key_free(&key);
	return res;
}

/* Adds the value of one key, or that there is none, to the answer. */
static TEE_Result add_value(const struct session *session, struct span key,
			    struct answer *answer, size_t *needed)
{
	struct found found = { 0 };
	struct cached *holder = NULL;
	struct span value = { 0 };
	struct span full_key = { 0 };
	uint8_t *entry = NULL;
	TEE_Result res = full_key_from(session, key, &full_key);

	if (res)
		return res;
	res = lookup_key(&session->owner, full_key, &found);
	if (res == TEE_ERROR_ITEM_NOT_FOUND) {
		found.record = (struct record){ .kind = RECORD_INLINE };
		res = TEE_SUCCESS;
	}
	*needed = GET_MANY_HEADER_SIZE + found.record.value_size;
	if (!res && *needed > answer->room - answer->size)
		res = TEE_ERROR_SHORT_BUFFER;
	if (!res)
		res = lookup_value(&session->owner, &found.record, &value,
				   &holder);
	if (!res) {
		entry = answer_add(answer, *needed);
		put_u64(entry, found.record.revision);
		put_u32(entry + 8, (uint32_t)value.size);
		put_u32(entry + 12, 0);
		if (value.size)
			memcpy(entry + GET_MANY_HEADER_SIZE, value.data,
			       value.size);
	}
	cached_release(holder);
	found_release(&found);
	full_key_free(&full_key);
	return res;
}

/* Goes over all keys of the request, also those that the answer ends before. */
static bool request_is_well_formed(struct span request)
{
	struct span part = { 0 };
	uint32_t count = 0;

	while (request.size && count < SECSTOR_REQUEST_COUNT_MAX) {
		if (!span_take(&request, 2, &part) ||
		    !span_take(&request, get_u16(part.data), &part))
			return false;
		count++;
	}
	return count && !request.size;
}

static TEE_Result answer_request(const struct session *session,
				 struct span request, TEE_Param *params)
{
	struct answer answer = { 0 };
	struct span part = { 0 };
	size_t needed = 0;
	TEE_Result res = answer_begin(&answer, params + 1);

	if (res)
		return res;
	while (!res && span_take(&request, 2, &part) &&
	       span_take(&request, get_u16(part.data), &part))
		res = add_value(session, part, &answer, &needed);
	if (res == TEE_ERROR_SHORT_BUFFER && answer.count)
		res = TEE_SUCCESS;
	else if (res == TEE_ERROR_SHORT_BUFFER)
		params[1].memref.size = needed;
	params[2].value.a = res ? 0 : answer.count;
	params[2].value.b = res ? answer.count : 0;
	return answer_end(&answer, params + 1, res);
}

TEE_Result command_get_many(const struct session *session, TEE_Param *params)
{
	struct span request = { 0 };
	TEE_Result res = copy_in(params, 0, SECSTOR_REQUEST_MAX,
				 TEE_ERROR_BAD_PARAMETERS, &request);

	params[2].value.a = 0;
	params[2].value.b = SECSTOR_INDEX_NONE;
	if (res)
		return res;
	if (request_is_well_formed(request))
		res = answer_request(session, request, params);
	else
		res = TEE_ERROR_BAD_PARAMETERS;
	mem_free((void *)request.data, request.size);
	return res;
}

static bool add_list_entry(const struct session *session,
			   const struct record *record, struct answer *answer,
			   size_t *needed)
{
	size_t domain = session->domain_size + 1u;
	size_t key_size = record->key.size - domain;
	uint8_t *entry = NULL;

	*needed = LIST_HEADER_SIZE + key_size;
	entry = answer_add(answer, *needed);
	if (!entry)
		return false;
	put_u64(entry, record->revision);
	put_u32(entry + 8, record->value_size);
	put_u16(entry + 12, (uint16_t)key_size);
	put_u16(entry + 14, 0);
	memcpy(entry + LIST_HEADER_SIZE, record->key.data + domain, key_size);
	return true;
}

static TEE_Result list(const struct session *session, struct span prefix,
		       struct span after, TEE_Param *params)
{
	struct answer answer = { 0 };
	struct found found = { 0 };
	struct found last = { 0 };
	uint32_t wanted = params[3].value.a;
	bool inclusive = span_compare(after, prefix) < 0;
	struct span from = inclusive ? prefix : after;
	bool full = false;
	size_t needed = 0;
	TEE_Result res = answer_begin(&answer, params + 2);

	if (res)
		return res;
	while (!full) {
		res = lookup_next(&session->owner, prefix, from, inclusive,
				  &found);
		if (res)
			break;
		full = (wanted && answer.count == wanted) ||
		       !add_list_entry(session, &found.record, &answer,
				       &needed);
		/* The key to go on from belongs to what was found. */
		found_release(&last);
		last = found;
		found = (struct found){ 0 };
		from = last.record.key;
		inclusive = false;
	}
	if (res == TEE_ERROR_ITEM_NOT_FOUND) {
		res = TEE_SUCCESS;
	} else if (res == TEE_ERROR_CORRUPT_OBJECT && answer.count) {
		/* What was found is good; who asks on learns of the loss. */
		res = TEE_SUCCESS;
		full = true;
	}
	found_release(&last);
	if (full && !answer.count) {
		params[2].memref.size = needed;
		res = TEE_ERROR_SHORT_BUFFER;
	}
	params[3].value.a = answer.count;
	params[3].value.b = full;
	return answer_end(&answer, params + 2, res);
}

TEE_Result command_list(const struct session *session, TEE_Param *params)
{
	struct span prefix = { 0 };
	struct span after = { 0 };
	TEE_Result res = full_prefix_of(session, params, &prefix);

	if (!res)
		res = full_prefix_of(session, params + 1, &after);
	if (!res)
		res = list(session, prefix, after, params);
	full_key_free(&after);
	full_key_free(&prefix);
	return res;
}

TEE_Result command_stat(const struct session *session, TEE_Param *params)
{
	struct found found = { 0 };
	struct span key = { 0 };
	TEE_Result res = full_key_of(session, params, &key);

	if (res)
		return res;
	res = lookup_key(&session->owner, key, &found);
	if (!res) {
		set_value_u64(params + 1, found.record.revision);
		params[2].value.a = found.record.value_size;
		params[2].value.b = 0;
	}
	found_release(&found);
	full_key_free(&key);
	return res;
}
