// SPDX-License-Identifier: MIT
/* How a draft begins, and how it becomes the root or does not. */
#include "draft.h"
#include "inspect.h"
#include "owner_list.h"
#include "registry.h"
#include "twins.h"

/*
 * So many objects that nothing refers to any more are removed with one change,
 * and as many again as it has written. Each removal passes the directory of
 * all objects, so a change that lets go of hundreds would take minutes. Others
 * wait in the root for later changes.
 */
#ifndef GARBAGE_PER_CHANGE
#define GARBAGE_PER_CHANGE 8
#endif

static TEE_Result remove_garbage(struct cached *root, uint64_t most)
{
	const struct node *node = &root->node;
	TEE_Result res = TEE_SUCCESS;

	for (; root->removed < node->head.garbage_count && most; most--) {
		uint64_t number = node_garbage(node, root->removed);

		cache_drop(&root->owner, number);
		res = twins_remove(&root->owner, number);
		if (res)
			break;
		root->removed++;
	}
	return res;
}

/*
 * Sees to it, once per load, that the root can be changed. After a power cut
 * the twin may be one commit ahead. Would it stay so, and the primary be lost
 * later, it would bring that state back. That the registry was asked before
 * makes sure that looking at the twin does not cost it.
 */
static TEE_Result settle(struct cached *root)
{
	const struct node *node = &root->node;
	TEE_Result res = TEE_SUCCESS;

	if (root->settled)
		return TEE_SUCCESS;
	if (node->head.sequence)
		res = twins_equalize(&root->owner, ROOT_NUMBER, node->image,
				     node->size);
	root->settled = !res;
	return res;
}

/* How many objects are stored: the root, leaves, values and garbage. */
static uint32_t count_pairs(const struct cached *root)
{
	const struct node *node = &root->node;
	uint32_t pairs = 1 + node->head.objects;
	uint32_t n = 0;

	for (n = 0; n < node->head.index_count; n++)
		pairs += node_index(node, n).kind == INDEX_LEAF;
	return pairs + node->head.garbage_count - root->removed;
}

/*
 * What the list of owners says of this one. Nobody else changes that, so what
 * it said is believed for some changes, as long as the root is the stored one.
 */
static TEE_Result ask_registry(struct draft *draft)
{
	struct cached *root = draft->root;
	TEE_Result res = TEE_SUCCESS;

	if (!root->settled || !root->standing.listed ||
	    root->owner.proven != draft->owner->proven ||
	    inspect_is_due(&root->node))
		res = registry_ask(draft->owner, &root->standing);
	draft->standing = root->standing;
	return res;
}

/* The root as it is stored, and what the registry says of its owner. */
static TEE_Result root_to_change(struct draft *draft)
{
	TEE_Result res = lookup_confirm(draft->owner);

	if (!res)
		res = lookup_root(draft->owner, &draft->root);
	if (!res)
		res = ask_registry(draft);
	return res ? res : settle(draft->root);
}

/* Works garbage off, and takes along what stays for later. */
static TEE_Result carry_garbage(struct draft *draft)
{
	const struct node *node = &draft->root->node;
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	draft->head.garbage_count = 0;
	remove_garbage(draft->root, GARBAGE_PER_CHANGE);
	for (n = draft->root->removed; n < node->head.garbage_count && !res;
	     n++)
		res = draft_add_garbage(draft, node_garbage(node, n));
	return res;
}

TEE_Result draft_begin(struct draft *draft, const struct owner *owner)
{
	TEE_Result res = TEE_SUCCESS;

	*draft = (struct draft){ .owner = owner };
	res = root_to_change(draft);
	if (!res)
		res = owner_list_heal();
	if (!res)
		res = twins_heal(owner);
	if (!res && inspect_is_due(&draft->root->node))
		res = inspect_one(draft);
	if (!res) {
		draft->head = draft->root->node.head;
		res = carry_garbage(draft);
		draft->pairs = count_pairs(draft->root);
	}
	if (!res)
		res = draft_copy_entries(draft);
	if (res)
		draft_end(draft);
	return res;
}

/*
 * The root stands as it was. What the draft wrote under new numbers goes;
 * leaves that it wrote in place of earlier ones hold the same for readers.
 */
static void remove_new_objects(struct draft *draft)
{
	uint64_t number = draft->root->node.head.next_number;

	for (; number < draft->head.next_number; number++) {
		cache_drop(draft->owner, number);
		twins_remove(draft->owner, number);
	}
}

TEE_Result draft_abandon(struct draft *draft, TEE_Result res)
{
	remove_new_objects(draft);
	draft_end(draft);
	return res;
}

/*
 * A write of the root has failed, and it is not known whether before or after
 * the storage took it.
 */
static TEE_Result learn_outcome(struct draft *draft, TEE_Result res)
{
	struct standing standing = { 0 };
	struct cached *root = NULL;
	bool happened = false;

	cache_drop_owner(draft->owner);
	/* An error of another kind would say that nothing has changed. */
	if (lookup_root(draft->owner, &root)) {
		draft_end(draft);
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	}
	happened = root->node.head.sequence == draft->head.sequence &&
		   root->node.head.mark == draft->head.mark;
	/* New objects may go only when neither copy of the root names them. */
	if (!happened && !registry_ask(draft->owner, &standing) &&
	    !settle(root))
		remove_new_objects(draft);
	cached_release(root);
	draft_end(draft);
	return happened ? TEE_SUCCESS : res;
}

/* The draft as a node, held by *root. */
static TEE_Result encode(struct draft *draft, struct cached **root)
{
	struct node node = { 0 };
	TEE_Result res = TEE_SUCCESS;

	/* Whatever the totals were, an empty store has none. */
	if (!draft->head.index_count && !draft->head.record_count) {
		draft->head.keys = 0;
		draft->head.bytes = 0;
		draft->head.objects = 0;
	}
	draft->head.sequence++;
	TEE_GenerateRandom(&draft->head.mark, sizeof(draft->head.mark));
	res = node_encode(&draft->head, draft->garbage, draft->index,
			  draft->records, &node);
	if (res)
		return res;
	*root = cached_new(draft->owner, ROOT_NUMBER, &node);
	if (*root)
		return TEE_SUCCESS;
	node_free(&node);
	return TEE_ERROR_OUT_OF_MEMORY;
}

/* After the first commit: who is listed has something to lose. */
static void tell_registry(const struct draft *draft, struct cached *root)
{
	uint32_t pairs = count_pairs(root);

	root->standing = draft->standing;
	if (!root->standing.listed)
		registry_add(draft->owner, root->standing.pairs);
	else if (pairs + pairs / 2 + 16 < root->standing.pairs)
		registry_grant(draft->owner, pairs, &root->standing);
}

static bool has_ended(const struct cached *root)
{
	const struct node_header *head = &root->node.head;

	return root->removed == head->garbage_count && head->sequence &&
	       !head->keys && !head->index_count && !head->record_count;
}

/*
 * Takes an empty store away. Where that ends halfway, an empty root is left
 * that nobody misses. Stores that begin later go on with higher numbers.
 */
static void end_store(const struct owner *owner, const struct cached *root)
{
	const struct node_header *head = &root->node.head;
	uint64_t number = head->revision > head->next_number
				  ? head->revision
				  : head->next_number;

	if (registry_remove(owner, number))
		return;
	twins_remove(owner, ROOT_NUMBER);
	cache_drop_owner(owner);
}

TEE_Result draft_commit(struct draft *draft)
{
	struct cached *root = NULL;
	TEE_Result res = TEE_SUCCESS;

	if (!draft->standing.has_place)
		res = SECSTOR_ERROR_NO_PLACE;
	if (!res)
		res = encode(draft, &root);
	if (res)
		return draft_abandon(draft, res);

	res = twins_write(draft->owner, ROOT_NUMBER, root->node.image,
			  root->node.size);
	if (res) {
		cached_release(root);
		return learn_outcome(draft, res);
	}
	root->settled = true;
	cache_add(root);
	remove_garbage(root, draft->head.next_number -
				     draft->root->node.head.next_number +
				     GARBAGE_PER_CHANGE);
	if (draft->may_end && has_ended(root))
		end_store(draft->owner, root);
	else
		tell_registry(draft, root);
	cached_release(root);
	draft_end(draft);
	return TEE_SUCCESS;
}

TEE_Result draft_leave(struct draft *draft)
{
	if (draft->may_end && has_ended(draft->root))
		end_store(draft->owner, draft->root);
	return draft_abandon(draft, TEE_SUCCESS);
}

TEE_Result draft_new_number(struct draft *draft, uint64_t *number)
{
	TEE_Result res = TEE_SUCCESS;

	if (!draft->standing.has_place)
		return SECSTOR_ERROR_NO_PLACE;
	if (draft->pairs >= draft->standing.pairs)
		res = registry_grant(draft->owner, draft->pairs + 1,
				     &draft->standing);
	if (res)
		return res;
	draft->pairs++;
	*number = draft->head.next_number++;
	return TEE_SUCCESS;
}
