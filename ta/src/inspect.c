// SPDX-License-Identifier: MIT
#include "inspect.h"

#include "owner_list.h"

/* What one call looks at, about. */
#define BYTES_AT_ONCE (512 * 1024)
#define KEYS_AT_ONCE 2048

/* A change looks at a larger twin in one of so many of its turns. */
#define LARGE_SIZE (64 * 1024)
#define LARGE_TURNS 8

/* One change in so many looks around. */
#define CHANGES_PER_TURN 4

/* A leaf as the root knows it. */
struct known_leaf {
	uint64_t number;
	uint64_t oldest;
	uint64_t newest;
};

static bool is_leaf(const uint8_t *head, size_t size, size_t object_size,
		    const void *context)
{
	const struct known_leaf *known = context;
	struct node_header leaf = { 0 };

	(void)object_size;
	return !node_read_header(head, size, NODE_LEAF, known->number, &leaf) &&
	       leaf.sequence >= known->oldest && leaf.sequence <= known->newest;
}

static bool is_root(const uint8_t *head, size_t size, size_t object_size,
		    const void *context)
{
	const struct node *root = context;

	return size == NODE_HEADER_SIZE && object_size == root->size &&
	       node_has_header(head, &root->head);
}

static bool is_value(const uint8_t *head, size_t size, size_t object_size,
		     const void *context)
{
	const struct record *record = context;

	(void)head;
	(void)size;
	return object_size == record->value_size;
}

static struct known_leaf known_leaf(const struct node *root,
				    const struct index_entry *entry)
{
	return (struct known_leaf){ entry->number, entry->sequence,
				    root->head.sequence + 1 };
}

static TEE_Result inspect_twin_of_leaf(const struct draft *draft, uint32_t n)
{
	const struct node *root = &draft->root->node;
	struct index_entry entry = node_index(root, n);
	struct known_leaf known = known_leaf(root, &entry);

	if (entry.kind != INDEX_LEAF)
		return TEE_SUCCESS;
	return twins_inspect_twin(draft->owner, entry.number, is_leaf, &known);
}

/* The n-th record of a node that is a value object; false: there is none. */
static bool nth_value(const struct node *node, uint32_t n,
		      struct record *record)
{
	uint32_t count = 0;
	uint32_t at = 0;

	for (at = 0; at < node->head.record_count; at++) {
		*record = node_record(node, at);
		if (record->kind == RECORD_OBJECT && count++ == n)
			return true;
	}
	return false;
}

static uint32_t count_values(const struct node *node)
{
	struct record record = { 0 };
	uint32_t count = 0;

	while (nth_value(node, count, &record))
		count++;
	return count;
}

/* Of a node's value objects, another one in each turn. */
static TEE_Result inspect_twin_of_value(const struct draft *draft,
					const struct node *node, uint64_t turn)
{
	uint32_t count = count_values(node);
	struct record record = { 0 };
	bool replaced = false;

	if (!count || !nth_value(node, (uint32_t)(turn % count), &record))
		return TEE_SUCCESS;
	if (record.value_size > LARGE_SIZE && turn / count % LARGE_TURNS)
		return TEE_SUCCESS;
	/* What the root replaces is gone. */
	if (node->head.kind == NODE_LEAF)
		node_find(&draft->root->node, record.key, &replaced);
	if (replaced)
		return TEE_SUCCESS;
	return twins_inspect_twin(draft->owner, record.number, is_value,
				  &record);
}

static TEE_Result inspect_value_of_leaf(const struct draft *draft, uint32_t n,
					uint64_t turn)
{
	const struct node *root = &draft->root->node;
	struct index_entry entry = node_index(root, n);
	struct cached *leaf = NULL;
	TEE_Result res = TEE_SUCCESS;

	if (entry.kind != INDEX_LEAF)
		return TEE_SUCCESS;
	res = lookup_leaf(draft->owner, root, &entry, node_range_end(root, n),
			  &leaf);
	/* Who needs it will be told. */
	if (res == TEE_ERROR_CORRUPT_OBJECT)
		return TEE_SUCCESS;
	if (!res)
		res = inspect_twin_of_value(draft, &leaf->node, turn);
	cached_release(leaf);
	return res;
}

bool inspect_is_due(const struct node *root)
{
	return root->head.sequence % CHANGES_PER_TURN == 1;
}

/*
 * The number of the commit says whose turn it is: leaves and the list of owners
 * in every other one, the values of leaves and root in the others.
 */
TEE_Result inspect_one(const struct draft *draft)
{
	const struct node *root = &draft->root->node;
	struct inspection inspection = { 0 };
	uint64_t turn = root->head.sequence / CHANGES_PER_TURN;
	bool values = turn % 2;
	uint32_t ranges = root->head.index_count;
	uint32_t n = 0;

	turn /= 2;
	n = (uint32_t)(turn % (ranges + 1));
	if (!values)
		return n < ranges ? inspect_twin_of_leaf(draft, n)
				  : owner_list_inspect(true, &inspection);
	if (!root->head.objects)
		return TEE_SUCCESS;
	turn /= ranges + 1;
	return n < ranges ? inspect_value_of_leaf(draft, n, turn)
			  : inspect_twin_of_value(draft, root, turn);
}

/* What a place to go on says, in its first byte; the rest is a full key. */
enum stage {
	STAGE_LEAVES = 1, /* the range that begins there or next */
	STAGE_FROM = 2,	  /* values, this key first */
	STAGE_AFTER = 3,  /* values, the next key first */
};

struct tour {
	const struct owner *owner;
	struct cached *root;
	struct inspection *inspection;
	bool repair;
	uint8_t *next;
	size_t *next_size;
};

static void go_on(const struct tour *tour, enum stage stage, struct span key)
{
	tour->next[0] = (uint8_t)stage;
	if (key.size)
		memmove(tour->next + 1, key.data, key.size);
	*tour->next_size = 1 + key.size;
}

static bool has_done_enough(const struct tour *tour)
{
	return tour->inspection->bytes >= BYTES_AT_ONCE;
}

static TEE_Result inspect_start(const struct tour *tour)
{
	const struct node *root = &tour->root->node;
	TEE_Result res = owner_list_inspect(tour->repair, tour->inspection);

	if (res || !root->head.sequence)
		return res;
	go_on(tour, STAGE_LEAVES, (struct span){ 0 });
	return twins_inspect(tour->owner, ROOT_NUMBER, is_root, root,
			     tour->repair, tour->inspection);
}

static TEE_Result inspect_leaves(const struct tour *tour, struct span from)
{
	const struct node *root = &tour->root->node;
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	for (n = 0; n < root->head.index_count && !res; n++) {
		struct index_entry entry = node_index(root, n);
		struct known_leaf known = known_leaf(root, &entry);

		if (entry.kind == INDEX_EMPTY ||
		    span_compare(entry.separator, from) < 0)
			continue;
		/* Known to be lost: it counts until its owner clears it. */
		if (entry.kind == INDEX_LOST) {
			tour->inspection->objects++;
			tour->inspection->lost++;
			continue;
		}
		if (has_done_enough(tour)) {
			go_on(tour, STAGE_LEAVES, entry.separator);
			return TEE_SUCCESS;
		}
		res = twins_inspect(tour->owner, entry.number, is_leaf, &known,
				    tour->repair, tour->inspection);
	}
	go_on(tour, STAGE_FROM, (struct span){ 0 });
	return res;
}

/* The start of the next range after a key; false: it is the last one. */
static bool next_range(const struct node *root, struct span key,
		       struct span *start)
{
	uint32_t n = node_find_range(root, key) + 1;

	if (n >= root->head.index_count)
		return false;
	*start = node_index(root, n).separator;
	return true;
}

static TEE_Result inspect_value(const struct tour *tour,
				const struct record *record)
{
	if (record->kind != RECORD_OBJECT)
		return TEE_SUCCESS;
	return twins_inspect(tour->owner, record->number, is_value, record,
			     tour->repair, tour->inspection);
}

/* Keys that are lost with their leaf were counted with it. */
static TEE_Result inspect_values(const struct tour *tour, struct span from,
				 bool inclusive)
{
	static const struct span any = { 0 };
	TEE_Result res = TEE_SUCCESS;
	uint32_t count = 0;

	/* The place that this begins at is in the memory of *next, too. */
	go_on(tour, inclusive ? STAGE_FROM : STAGE_AFTER, from);
	while (!res && count++ < KEYS_AT_ONCE && !has_done_enough(tour)) {
		struct span at = { tour->next + 1, *tour->next_size - 1 };
		struct found found = { 0 };
		struct span start = { 0 };

		res = lookup_next(tour->owner, any, at,
				  tour->next[0] == STAGE_FROM, &found);
		if (res == TEE_ERROR_CORRUPT_OBJECT &&
		    next_range(&tour->root->node, at, &start)) {
			go_on(tour, STAGE_FROM, start);
			res = TEE_SUCCESS;
			continue;
		}
		if (res == TEE_ERROR_CORRUPT_OBJECT ||
		    res == TEE_ERROR_ITEM_NOT_FOUND) {
			*tour->next_size = 0;
			return TEE_SUCCESS;
		}
		if (!res) {
			go_on(tour, STAGE_AFTER, found.record.key);
			res = inspect_value(tour, &found.record);
		}
		found_release(&found);
	}
	return res;
}

static TEE_Result go_on_from(const struct tour *tour, struct span from)
{
	struct span key = { from.data + 1, from.size - 1 };

	switch (from.data[0]) {
	case STAGE_LEAVES:
		return inspect_leaves(tour, key);
	case STAGE_FROM:
	case STAGE_AFTER:
		return inspect_values(tour, key, from.data[0] == STAGE_FROM);
	default:
		return TEE_ERROR_BAD_PARAMETERS;
	}
}

static bool is_all_lost(const struct node *root)
{
	return !root->head.sequence && root->head.index_count;
}

TEE_Result inspect_some(const struct owner *owner, struct span from,
			bool repair, struct inspection *inspection,
			uint8_t *next, size_t *next_size)
{
	struct tour tour = { .owner = owner,
			     .inspection = inspection,
			     .repair = repair,
			     .next = next,
			     .next_size = next_size };
	TEE_Result res = lookup_confirm(owner);

	*next_size = 0;
	if (!res)
		res = lookup_root(owner, &tour.root);
	if (res)
		return res;
	if (is_all_lost(&tour.root->node))
		res = TEE_ERROR_CORRUPT_OBJECT;
	else if (!from.size)
		res = inspect_start(&tour);
	else
		res = go_on_from(&tour, from);
	cached_release(tour.root);
	return res;
}
