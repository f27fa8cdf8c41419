// SPDX-License-Identifier: MIT
#include "commands.h"
#include "lookup.h"
#include "mem.h"
#include "registry.h"
#include "search.h"
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
	found_leave_node(&found);
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

/* One of the keys of a GET_MANY. */
struct asked {
	struct span key; /* full key */
	uint32_t at;	 /* of its entry among those found */
	uint32_t size;	 /* of its entry; 0: not found so far, or dropped */
};

/*
 * A GET_MANY under way. Keys are looked up in their order, so that each leaf
 * is read once, whatever the order of the request.
 */
struct search_many {
	const struct session *session;
	struct asked *asked;  /* as the request has them */
	struct asked **order; /* by ascending key */
	uint32_t count;
	uint32_t limit; /* the answer ends before this one, at the latest */
	/* The key at the limit can't be had. */
	TEE_Result fault;
	/* Entries as they were found. */
	struct answer found;
	size_t wanted; /* bytes of those that the answer may have */
	size_t needed; /* by the entry of the first key */
};

static struct span key_of_asked_at(const void *order, uint32_t n)
{
	return ((struct asked *const *)order)[n]->key;
}

/*
 * Takes the keys off the request; full keys take their place, at `to`. An
 * unsound one is a fault only for an answer that gets as far.
 */
static TEE_Result parse_keys(struct search_many *many, struct span request,
			     uint8_t *to)
{
	struct span part = { 0 };

	while (request.size) {
		struct asked *asked = many->asked + many->count;
		bool exact = false;
		uint32_t n = 0;

		if (many->count == SECSTOR_REQUEST_COUNT_MAX ||
		    !span_take(&request, 2, &part) ||
		    !span_take(&request, get_u16(part.data), &part))
			return TEE_ERROR_BAD_PARAMETERS;
		if (!many->fault)
			many->fault = full_key_at(many->session, &to, part,
						  &asked->key);
		many->count++;
		if (many->fault)
			continue;
		n = search(many->order, many->limit, key_of_asked_at,
			   asked->key, &exact);
		memmove(many->order + n + 1, many->order + n,
			(many->limit - n) * sizeof(*many->order));
		many->order[n] = asked;
		many->limit++;
	}
	return many->count ? TEE_SUCCESS : TEE_ERROR_BAD_PARAMETERS;
}

/* The answer ends before the n-th key. */
static void end_before(struct search_many *many, uint32_t n, TEE_Result fault)
{
	if (n >= many->limit)
		return;
	many->limit = n;
	many->fault = fault;
	for (; n < many->count; n++) {
		many->wanted -= many->asked[n].size;
		many->asked[n].size = 0;
	}
}

/*
 * Sees to it that all that was found fits the answer, with the one just
 * found: whichever comes last in the request goes, and all behind it.
 */
static void keep_to_room(struct search_many *many)
{
	uint32_t last = many->limit;

	while (many->wanted > many->found.room) {
		while (!many->asked[--last].size)
			;
		end_before(many, last, TEE_SUCCESS);
	}
}

/* Closes the gaps of dropped entries; the first `n` keys were looked up. */
static void close_gaps(struct search_many *many, uint32_t n)
{
	uint32_t k = 0;

	many->found.size = 0;
	for (k = 0; k < n; k++) {
		struct asked *asked = many->order[k];

		memmove(many->found.data + many->found.size,
			many->found.data + asked->at, asked->size);
		asked->at = (uint32_t)many->found.size;
		many->found.size += asked->size;
	}
}

/* Puts the n-th key's entry with those found, if there is room for it. */
static TEE_Result add_found(struct search_many *many, uint32_t n,
			    const struct record *record)
{
	struct asked *asked = many->order[n];
	uint8_t *entry = NULL;

	asked->size = GET_MANY_HEADER_SIZE + record->value_size;
	many->wanted += asked->size;
	if (asked == many->asked)
		many->needed = asked->size;
	keep_to_room(many);
	if (!asked->size)
		return TEE_SUCCESS;
	if (asked->size > many->found.room - many->found.size)
		close_gaps(many, n);
	asked->at = (uint32_t)many->found.size;
	entry = answer_add(&many->found, asked->size);
	put_u64(entry, record->revision);
	put_u32(entry + 8, record->value_size);
	put_u32(entry + 12, 0);
	return lookup_value_into(&many->session->owner, record,
				 entry + GET_MANY_HEADER_SIZE);
}

static TEE_Result find_one(struct search_many *many, uint32_t n)
{
	static const struct record absent = { .kind = RECORD_INLINE };
	const struct owner *owner = &many->session->owner;
	struct found found = { 0 };
	TEE_Result res = lookup_key(owner, many->order[n]->key, &found);

	if (!res)
		res = add_found(many, n, &found.record);
	else if (res == TEE_ERROR_ITEM_NOT_FOUND)
		res = add_found(many, n, &absent);
	found_release(&found);
	return res;
}

/* Finds what the answer has room for, from the start of the request on. */
static TEE_Result find_all(struct search_many *many, uint32_t *failed)
{
	uint32_t count = many->limit;
	uint32_t n = 0;

	for (n = 0; n < count; n++) {
		uint32_t place = (uint32_t)(many->order[n] - many->asked);
		TEE_Result res = TEE_SUCCESS;

		if (place >= many->limit)
			continue;
		res = find_one(many, n);
		if (res == TEE_ERROR_CORRUPT_OBJECT) {
			end_before(many, place, res);
		} else if (res) {
			*failed = place;
			return res;
		}
	}
	*failed = many->limit;
	if (many->fault)
		return many->fault;
	return many->limit ? TEE_SUCCESS : TEE_ERROR_SHORT_BUFFER;
}

/* Puts the entries into the order of the request. */
static TEE_Result copy_found(const struct search_many *many, TEE_Param *param)
{
	uint8_t *data = mem_alloc(many->wanted);
	TEE_Result res = TEE_ERROR_OUT_OF_MEMORY;
	size_t size = 0;
	uint32_t n = 0;

	if (!data)
		return res;
	for (n = 0; n < many->limit; n++) {
		const struct asked *asked = many->asked + n;

		memcpy(data + size, many->found.data + asked->at, asked->size);
		size += asked->size;
	}
	res = copy_out(param, data, size);
	mem_free(data, many->wanted);
	return res;
}

static TEE_Result search_begin(struct search_many *many, TEE_Param *answer)
{
	many->asked = mem_alloc_array(SECSTOR_REQUEST_COUNT_MAX,
				      sizeof(*many->asked));
	many->order = mem_alloc_array(SECSTOR_REQUEST_COUNT_MAX,
				      sizeof(*many->order));
	if (!many->asked || !many->order)
		return TEE_ERROR_OUT_OF_MEMORY;
	return answer_begin(&many->found, answer);
}

static void search_end(struct search_many *many)
{
	mem_free(many->found.data, many->found.room);
	mem_free(many->order, SECSTOR_REQUEST_COUNT_MAX * sizeof(*many->order));
	mem_free(many->asked, SECSTOR_REQUEST_COUNT_MAX * sizeof(*many->asked));
}

TEE_Result command_get_many(const struct session *session, TEE_Param *params)
{
	/* A full key takes the place of its size and itself, and some more. */
	size_t front = (session->domain_size + 1u - 2) *
		       (size_t)SECSTOR_REQUEST_COUNT_MAX;
	struct search_many many = { .session = session };
	struct span request = { 0 };
	uint32_t failed = SECSTOR_INDEX_NONE;
	TEE_Result res = search_begin(&many, params + 1);

	if (!res)
		res = copy_in(params, front, SECSTOR_REQUEST_MAX,
			      TEE_ERROR_BAD_PARAMETERS, &request);
	if (!res) {
		uint8_t *memory = (uint8_t *)request.data - front;

		res = parse_keys(&many, request, memory);
		if (!res)
			res = find_all(&many, &failed);
		/* The answer may need the room. */
		mem_free(memory, front + request.size);
	}
	if (!res)
		res = copy_found(&many, params + 1);
	else if (res == TEE_ERROR_SHORT_BUFFER)
		params[1].memref.size = many.needed;
	params[2].value.a = res ? 0 : many.limit;
	params[2].value.b = res ? failed : 0;
	search_end(&many);
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
