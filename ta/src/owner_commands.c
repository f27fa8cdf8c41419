// SPDX-License-Identifier: MIT
/* Looking after stores: one's own, and for the user 0 those of all owners. */
#include "commands.h"
#include "draft.h"
#include "identity.h"
#include "inspect.h"
#include "mem.h"

/* Copies a small input once; TEE_ERROR_BAD_PARAMETERS if it is not so small. */
static TEE_Result take_small(const TEE_Param *param, uint8_t *data, size_t max,
			     size_t *size)
{
	*size = param->memref.size;
	if (*size > max)
		return TEE_ERROR_BAD_PARAMETERS;
	if (*size)
		TEE_MemMove(data, param->memref.buffer, *size);
	return TEE_SUCCESS;
}

struct cursors {
	uint8_t from[SECSTOR_CURSOR_MAX];
	uint8_t next[SECSTOR_CURSOR_MAX];
};

static TEE_Result verify(const struct session *session, TEE_Param *params,
			 struct cursors *cursors)
{
	struct inspection inspection = { 0 };
	size_t from_size = 0;
	size_t next_size = 0;
	TEE_Result res = take_small(params, cursors->from,
				    sizeof(cursors->from), &from_size);

	if (!res)
		res = inspect_some(&session->owner,
				   (struct span){ cursors->from, from_size },
				   params[2].value.a, &inspection,
				   cursors->next, &next_size);
	if (res)
		return res;
	params[2].value.a = inspection.objects;
	params[2].value.b = inspection.damaged;
	params[3].value.a = inspection.healed;
	params[3].value.b = inspection.lost;
	return copy_out(params + 1, cursors->next, next_size);
}

TEE_Result command_verify(const struct session *session, TEE_Param *params)
{
	struct cursors *cursors = NULL;
	TEE_Result res = TEE_SUCCESS;

	if (params[2].value.a > 1 || params[2].value.b)
		return TEE_ERROR_BAD_PARAMETERS;
	res = check_room(params + 1, SECSTOR_CURSOR_MAX);
	if (res)
		return res;
	/* They have keys in them. */
	cursors = mem_alloc(sizeof(*cursors));
	if (!cursors)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = verify(session, params, cursors);
	mem_free(cursors, sizeof(*cursors));
	return res;
}

/* Of whom a command is, for the user 0 alone. */
static TEE_Result take_owner(const struct session *session,
			     const TEE_Param *param, struct owner *owner,
			     size_t *size)
{
	if (!identity_is_root(&session->owner))
		return TEE_ERROR_ACCESS_DENIED;
	return take_small(param, owner->bytes, OWNER_SIZE, size);
}

static TEE_Result describe(const struct listing *listing, uint8_t *entry)
{
	const struct owner *owner = &listing->owner;
	uint8_t head[NODE_HEADER_SIZE] = { 0 };
	struct node_header root = { 0 };
	TEE_Result res = twins_peek(owner, ROOT_NUMBER, head, sizeof(head));

	if (!res)
		res = node_read_header(head, sizeof(head), NODE_ROOT,
				       ROOT_NUMBER, &root);
	if (res && !persistent_is_lost(res))
		return res;
	memset(entry, 0, SECSTOR_OWNER_ENTRY_SIZE);
	memcpy(entry + SECSTOR_OWNER_UUID, owner->bytes + 1, 16);
	entry[SECSTOR_OWNER_LOGIN] = owner->bytes[0];
	entry[SECSTOR_OWNER_FLAGS] =
		(owner->proven ? SECSTOR_OWNER_ID_KNOWN : 0) |
		(res ? SECSTOR_OWNER_LOST : 0);
	put_u32(entry + SECSTOR_OWNER_ID, owner->id);
	put_u32(entry + SECSTOR_OWNER_KEYS, root.keys);
	put_u32(entry + SECSTOR_OWNER_OBJECTS, 2 * listing->pairs);
	put_u64(entry + SECSTOR_OWNER_BYTES, root.bytes);
	return TEE_SUCCESS;
}

/* As many owners as there is room for. */
static TEE_Result list_owners(struct owner *after, bool from_start,
			      uint8_t *answer, size_t room, TEE_Param *params)
{
	struct listing listing = { 0 };
	struct budget budget = { 0 };
	size_t size = SECSTOR_OWNERS_HEADER_SIZE;
	uint32_t count = 0;
	TEE_Result res =
		registry_next(from_start ? NULL : after, &listing, &budget);

	put_u32(answer + SECSTOR_OWNERS_COUNT, budget.owners);
	put_u32(answer + SECSTOR_OWNERS_COUNT_MAX, SECSTOR_OWNERS_MAX);
	put_u32(answer + SECSTOR_OWNERS_PROMISED, 2 * budget.pairs);
	put_u32(answer + SECSTOR_OWNERS_TOTAL, SECSTOR_OBJECTS_TOTAL);
	while (!res && room - size >= SECSTOR_OWNER_ENTRY_SIZE) {
		res = describe(&listing, answer + size);
		if (res)
			return res;
		size += SECSTOR_OWNER_ENTRY_SIZE;
		count++;
		*after = listing.owner;
		res = registry_next(after, &listing, NULL);
	}
	if (res && res != TEE_ERROR_ITEM_NOT_FOUND)
		return res;
	params[2].value.a = count;
	params[2].value.b = !res;
	return copy_out(params + 1, answer, size);
}

TEE_Result command_owners(const struct session *session, TEE_Param *params)
{
	uint8_t answer[SECSTOR_OWNERS_HEADER_SIZE +
		       8 * SECSTOR_OWNER_ENTRY_SIZE];
	struct owner after = { 0 };
	size_t room = params[1].memref.size;
	size_t size = 0;
	TEE_Result res = take_owner(session, params, &after, &size);

	if (!res && size && size != OWNER_SIZE)
		res = TEE_ERROR_BAD_PARAMETERS;
	if (!res)
		res = check_room(params + 1, SECSTOR_OWNERS_HEADER_SIZE +
						     SECSTOR_OWNER_ENTRY_SIZE);
	if (res)
		return res;
	if (room > sizeof(answer))
		room = sizeof(answer);
	return list_owners(&after, !size, answer, room, params);
}

static TEE_Result let_values_go(struct draft *draft, const struct node *node)
{
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	for (n = 0; n < node->head.record_count && !res; n++) {
		struct record record = node_record(node, n);

		if (record.kind == RECORD_OBJECT)
			res = draft_add_garbage(draft, record.number);
	}
	return res;
}

static TEE_Result let_leaf_go(struct draft *draft, uint32_t n)
{
	const struct node *root = &draft->root->node;
	struct index_entry entry = node_index(root, n);
	struct cached *leaf = NULL;
	TEE_Result res = TEE_SUCCESS;

	if (entry.kind != INDEX_LEAF)
		return TEE_SUCCESS;
	res = lookup_leaf(draft->owner, root, &entry, node_range_end(root, n),
			  &leaf);
	if (!res)
		res = let_values_go(draft, &leaf->node);
	/* Of a lost one the values have no name any more. */
	else if (res == TEE_ERROR_CORRUPT_OBJECT)
		res = TEE_SUCCESS;
	cached_release(leaf);
	return res ? res : draft_add_garbage(draft, entry.number);
}

/* A root that knows nothing but what is to be removed. */
static TEE_Result let_all_go(struct draft *draft)
{
	TEE_Result res = let_values_go(draft, &draft->root->node);
	uint32_t n = 0;

	for (n = 0; n < draft->root->node.head.index_count && !res; n++)
		res = let_leaf_go(draft, n);
	draft->head.index_count = 0;
	draft->head.record_count = 0;
	return res;
}

static TEE_Result remove_store(const struct owner *owner, uint32_t *keys)
{
	struct draft draft = { 0 };
	TEE_Result res = draft_begin(&draft, owner);

	if (res)
		return res;
	*keys = draft.head.keys;
	draft.may_end = true;
	res = let_all_go(&draft);
	return res ? draft_abandon(&draft, res) : draft_commit(&draft);
}

TEE_Result command_remove_owner(const struct session *session,
				TEE_Param *params)
{
	struct standing standing = { 0 };
	struct owner owner = { 0 };
	uint32_t keys = 0;
	size_t size = 0;
	TEE_Result res = take_owner(session, params, &owner, &size);

	if (!res && (size != OWNER_SIZE || !owner.bytes[0]))
		res = TEE_ERROR_BAD_PARAMETERS;
	if (!res)
		res = registry_ask(&owner, &standing);
	if (!res && !standing.listed)
		res = TEE_ERROR_ITEM_NOT_FOUND;
	if (!res)
		res = remove_store(&owner, &keys);
	if (res)
		return res;
	/* What cannot be said now is asked again. */
	params[1].value.a = keys;
	params[1].value.b = registry_ask(&owner, &standing) != TEE_SUCCESS ||
			    standing.listed;
	return TEE_SUCCESS;
}
