// SPDX-License-Identifier: MIT
#include "lookup.h"

#include "mem.h"
#include "owner_list.h"
#include "registry.h"
#include "twins.h"

/* Whose root was compared or read in this invoke. */
static bool is_confirmed;
static struct owner confirmed;

/* Whose root in memory is of no stored one. */
static bool is_passing;
static struct owner passing;

/* What is to be read, and what it turned out to be. */
struct wanted {
	enum node_kind kind;
	uint64_t number;
	uint64_t oldest; /* sequence */
	uint64_t newest;
	struct node node;
};

static TEE_Result accept_node(uint8_t *data, size_t size, void *context)
{
	struct wanted *wanted = context;
	TEE_Result res = node_decode(data, size, wanted->kind, wanted->number,
				     &wanted->node);

	if (res || (wanted->node.head.sequence >= wanted->oldest &&
		    wanted->node.head.sequence <= wanted->newest))
		return res;
	/* The image is given back with the error. */
	wanted->node.image = NULL;
	node_free(&wanted->node);
	return TEE_ERROR_CORRUPT_OBJECT;
}

static TEE_Result accept_value(uint8_t *data, size_t size, void *context)
{
	struct node *node = context;

	if (size != node->size)
		return TEE_ERROR_CORRUPT_OBJECT;
	node->image = data;
	return TEE_SUCCESS;
}

static TEE_Result add_object(const struct owner *owner, uint64_t number,
			     struct node *node, struct cached **object)
{
	*object = cached_new(owner, number, node);
	if (!*object) {
		node_free(node);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	cache_add(*object);
	return TEE_SUCCESS;
}

static TEE_Result load_node(const struct owner *owner, struct wanted *wanted,
			    struct cached **object)
{
	TEE_Result res = twins_read(owner, wanted->number, accept_node, wanted);

	if (res)
		return res;
	return add_object(owner, wanted->number, &wanted->node, object);
}

/*
 * Both copies of the root are gone. An empty store in their place would be a
 * silent loss, so this root says that everything there was is lost. Its
 * numbers begin where no earlier root can have come to.
 */
static TEE_Result lost_root(struct node *node)
{
	static const struct index_entry everything = { .kind = INDEX_LOST };
	struct node_header head = { .kind = NODE_ROOT, .index_count = 1 };

	head.revision = owner_list_new_floor();
	if (head.revision < owner_list_floor())
		head.revision = owner_list_floor();
	head.next_number = head.revision + 1;
	return node_encode(&head, NULL, &everything, NULL, node);
}

static TEE_Result empty_root(struct node *node)
{
	struct node_header head = { .kind = NODE_ROOT };

	head.revision = owner_list_floor();
	head.next_number = head.revision + 1;
	return node_encode(&head, NULL, NULL, NULL, node);
}

static void confirm(const struct owner *owner)
{
	confirmed = *owner;
	is_confirmed = true;
}

static TEE_Result load_root(const struct owner *owner, struct cached **root)
{
	struct wanted wanted = { .kind = NODE_ROOT, .newest = UINT64_MAX };
	struct node node = { 0 };
	TEE_Result res = load_node(owner, &wanted, root);

	if (!res)
		confirm(owner);
	if (res == TEE_ERROR_ITEM_NOT_FOUND)
		res = empty_root(&node);
	else if (res == TEE_ERROR_CORRUPT_OBJECT)
		res = lost_root(&node);
	else
		return res;
	/* Nothing cached belongs to such a root. */
	cache_drop_owner(owner);
	if (res)
		return res;
	confirm(owner);
	passing = *owner;
	is_passing = true;
	return add_object(owner, ROOT_NUMBER, &node, root);
}

TEE_Result lookup_root(const struct owner *owner, struct cached **root)
{
	*root = cache_get(owner, ROOT_NUMBER);
	if (*root && (*root)->doubted) {
		/* Where nobody can say, what is in memory serves readers. */
		(*root)->doubted = false;
		if (lookup_confirm(owner) == STORE_CHANGED) {
			cached_release(*root);
			*root = NULL;
		}
	}
	return *root ? TEE_SUCCESS : load_root(owner, root);
}

void lookup_doubt(const struct owner *owner)
{
	struct cached *root = cache_get(owner, ROOT_NUMBER);

	if (root)
		root->doubted = true;
	cached_release(root);
}

void lookup_end(void)
{
	struct cached *root = is_passing ? cache_get(&passing, ROOT_NUMBER)
					 : NULL;

	/* A store may have begun since. */
	if (root && !root->node.head.sequence)
		cache_drop_owner(&passing);
	cached_release(root);
	is_passing = false;
	is_confirmed = false;
}

/* Whether the root in memory and the stored one are the same. */
static TEE_Result compare(const struct owner *owner, const struct node *root)
{
	uint8_t head[NODE_HEADER_SIZE] = { 0 };
	TEE_Result res = twins_peek(owner, ROOT_NUMBER, head, sizeof(head));

	if (!res)
		return node_has_header(head, &root->head) ? TEE_SUCCESS
							  : STORE_CHANGED;
	/* Damage to both copies: that in memory is the last one. */
	if (res == TEE_ERROR_CORRUPT_OBJECT)
		return TEE_SUCCESS;
	if (res != TEE_ERROR_ITEM_NOT_FOUND)
		return res;
	/*
	 * A storage that never had this owner takes the place of the other.
	 * One that has nothing at all is the loss of everything.
	 */
	if (!owner_list_is_there())
		res = registry_add(owner, 0);
	return res == TEE_ERROR_STORAGE_NOT_AVAILABLE ? res : STORE_CHANGED;
}

TEE_Result lookup_confirm(const struct owner *owner)
{
	struct cached *root = NULL;
	TEE_Result res = TEE_SUCCESS;

	if (is_confirmed && owner_equal(&confirmed, owner))
		return TEE_SUCCESS;
	root = cache_get(owner, ROOT_NUMBER);
	if (root)
		res = compare(owner, &root->node);
	cached_release(root);
	if (res == STORE_CHANGED)
		cache_drop_owner(owner);
	if (!res || res == STORE_CHANGED)
		confirm(owner);
	return res;
}

/* Something is lost, if the root that says that it should be there is right. */
static TEE_Result lost(const struct owner *owner)
{
	TEE_Result res = lookup_confirm(owner);

	return res ? res : TEE_ERROR_CORRUPT_OBJECT;
}

static bool is_within(const struct node *leaf, struct span start,
		      struct span end)
{
	uint32_t last = leaf->head.record_count - 1;

	return span_compare(node_record(leaf, 0).key, start) >= 0 &&
	       (!end.size ||
		span_compare(node_record(leaf, last).key, end) < 0);
}

TEE_Result lookup_leaf(const struct owner *owner, const struct node *root,
		       const struct index_entry *entry, struct span end,
		       struct cached **leaf)
{
	/* One that was written for a commit that failed says the same. */
	struct wanted wanted = { .kind = NODE_LEAF,
				 .number = entry->number,
				 .oldest = entry->sequence,
				 .newest = root->head.sequence + 1 };
	TEE_Result res = TEE_SUCCESS;

	*leaf = cache_get(owner, entry->number);
	if (!*leaf)
		res = load_node(owner, &wanted, leaf);
	/* The index names it, so it was there. */
	if (persistent_is_lost(res))
		return lost(owner);
	/* Keys of other ranges would end up in leaves that are not in order. */
	if (!res && !is_within(&(*leaf)->node, entry->separator, end)) {
		cached_release(*leaf);
		*leaf = NULL;
		return lost(owner);
	}
	return res;
}

TEE_Result lookup_value(const struct owner *owner, const struct record *record,
			struct span *value, struct cached **holder)
{
	struct node node = { .size = record->value_size };
	TEE_Result res = TEE_SUCCESS;

	*holder = NULL;
	if (record->kind == RECORD_INLINE) {
		*value = (struct span){ record->value, record->value_size };
		return TEE_SUCCESS;
	}
	*holder = cache_get(owner, record->number);
	if (!*holder) {
		res = twins_read(owner, record->number, accept_value, &node);
		if (persistent_is_lost(res))
			return lost(owner);
		if (!res)
			res = add_object(owner, record->number, &node, holder);
		if (res)
			return res;
	}
	*value = (struct span){ (*holder)->node.image, (*holder)->node.size };
	return TEE_SUCCESS;
}

TEE_Result lookup_value_into(const struct owner *owner,
			     const struct record *record, uint8_t *to)
{
	struct cached *holder = NULL;
	struct span value = { 0 };
	TEE_Result res = TEE_SUCCESS;

	/* What is not kept needs no memory of its own. */
	if (record->kind == RECORD_OBJECT &&
	    record->value_size > CACHE_VALUE_MAX) {
		res = twins_read_into(owner, record->number, to,
				      record->value_size);
		return res == TEE_ERROR_ITEM_NOT_FOUND
			       ? TEE_ERROR_CORRUPT_OBJECT
			       : res;
	}
	res = lookup_value(owner, record, &value, &holder);
	if (!res && value.size)
		memcpy(to, value.data, value.size);
	cached_release(holder);
	return res;
}

void found_release(struct found *found)
{
	cached_release(found->holder);
	found->holder = NULL;
}

void found_leave_node(struct found *found)
{
	if (found->record.kind != RECORD_OBJECT)
		return;
	found->record.key = (struct span){ 0 };
	found_release(found);
}

static void found_take(struct found *found, struct cached *holder, uint32_t n)
{
	cached_hold(holder);
	found_release(found);
	found->holder = holder;
	found->record = node_record(&holder->node, n);
}

static TEE_Result find_in_leaf(const struct owner *owner,
			       const struct node *root, struct span key,
			       struct found *found)
{
	struct index_entry entry = { 0 };
	struct cached *leaf = NULL;
	TEE_Result res = TEE_SUCCESS;
	bool exact = false;
	uint32_t n = 0;

	if (!root->head.index_count)
		return TEE_ERROR_ITEM_NOT_FOUND;
	n = node_find_range(root, key);
	entry = node_index(root, n);
	if (entry.kind == INDEX_EMPTY)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (entry.kind == INDEX_LOST)
		return lost(owner);
	res = lookup_leaf(owner, root, &entry, node_range_end(root, n), &leaf);
	if (res)
		return res;
	n = node_find(&leaf->node, key, &exact);
	if (exact)
		found_take(found, leaf, n);
	cached_release(leaf);
	return exact ? TEE_SUCCESS : TEE_ERROR_ITEM_NOT_FOUND;
}

TEE_Result lookup_key(const struct owner *owner, struct span key,
		      struct found *found)
{
	struct cached *root = NULL;
	TEE_Result res = lookup_root(owner, &root);
	bool exact = false;
	uint32_t n = 0;

	if (res)
		return res;
	n = node_find(&root->node, key, &exact);
	if (exact)
		found_take(found, root, n);
	else
		res = find_in_leaf(owner, &root->node, key, found);
	cached_release(root);
	if (!res && found->record.kind == RECORD_DELETED) {
		found_release(found);
		res = TEE_ERROR_ITEM_NOT_FOUND;
	}
	return res;
}

/* The place of the first record above the key, or not below it. */
static uint32_t first_from(const struct node *node, struct span key,
			   bool inclusive)
{
	bool exact = false;
	uint32_t n = node_find(node, key, &exact);

	return exact && !inclusive ? n + 1 : n;
}

/* Where, from here on, keys with this prefix have ended. */
static bool is_past(struct span key, struct span prefix)
{
	return !span_starts_with(key, prefix) && span_compare(key, prefix) > 0;
}

/* As lookup_next(), of the leaves alone and up to the key `until`, if any. */
static TEE_Result next_in_leaves(const struct owner *owner,
				 const struct node *root, struct span prefix,
				 struct span key, bool inclusive,
				 const struct record *until,
				 struct found *found)
{
	uint32_t range = 0;

	if (!root->head.index_count)
		return TEE_ERROR_ITEM_NOT_FOUND;
	for (range = node_find_range(root, key); range < root->head.index_count;
	     range++) {
		struct index_entry entry = node_index(root, range);
		struct cached *leaf = NULL;
		TEE_Result res = TEE_SUCCESS;
		uint32_t n = 0;

		if (is_past(entry.separator, prefix) ||
		    (until && span_compare(entry.separator, until->key) > 0))
			break;
		if (entry.kind == INDEX_EMPTY)
			continue;
		if (entry.kind == INDEX_LOST)
			return lost(owner);
		res = lookup_leaf(owner, root, &entry,
				  node_range_end(root, range), &leaf);
		if (res)
			return res;
		n = first_from(&leaf->node, key, inclusive);
		if (n < leaf->node.head.record_count)
			found_take(found, leaf, n);
		cached_release(leaf);
		if (found->holder)
			return TEE_SUCCESS;
	}
	return TEE_ERROR_ITEM_NOT_FOUND;
}

/* As lookup_next(), but finds marks of deleted keys too. */
static TEE_Result next_record(const struct owner *owner, struct cached *root,
			      struct span prefix, struct span key,
			      bool inclusive, struct found *found)
{
	struct record in_root = { 0 };
	uint32_t n = first_from(&root->node, key, inclusive);
	bool root_has = n < root->node.head.record_count;
	TEE_Result res = TEE_SUCCESS;

	if (root_has)
		in_root = node_record(&root->node, n);
	res = next_in_leaves(owner, &root->node, prefix, key, inclusive,
			     root_has ? &in_root : NULL, found);
	if (res && res != TEE_ERROR_ITEM_NOT_FOUND)
		return res;
	if (root_has &&
	    (res || span_compare(in_root.key, found->record.key) <= 0)) {
		found_take(found, root, n);
		res = TEE_SUCCESS;
	}
	return res;
}

TEE_Result lookup_next(const struct owner *owner, struct span prefix,
		       struct span key, bool inclusive, struct found *found)
{
	struct found last = { 0 };
	struct cached *root = NULL;
	TEE_Result res = lookup_root(owner, &root);

	while (!res) {
		res = next_record(owner, root, prefix, key, inclusive, found);
		if (res || found->record.kind != RECORD_DELETED)
			break;
		/* The key to go on from belongs to what was found. */
		found_release(&last);
		last = *found;
		*found = (struct found){ 0 };
		key = last.record.key;
		inclusive = false;
	}
	found_release(&last);
	cached_release(root);
	if (!res && !span_starts_with(found->record.key, prefix)) {
		found_release(found);
		res = TEE_ERROR_ITEM_NOT_FOUND;
	}
	return res;
}
