// SPDX-License-Identifier: MIT
#include "core_heap.h"

#include "core.h"
#include "pool.h"

/*
 * What else is in that heap. OP-TEE 3.22 with 64 KiB has room for two trees of
 * 640 KiB, and for two of 768 KiB it has not: it is 16 to 24 KB.
 */
#define OWN_USE (20 * 1024)

#define NODE_SIZE 104
#define BLOCK_SIZE 4096
/* Before the data of an object. */
#define OBJECT_HEAD 24
#define ENTRY_SIZE 120

static struct pool pool;
static size_t used;
static size_t peak;

void core_heap_boot(void)
{
	size_t size = core_config()->core_heap;

	pool_end(&pool);
	used = 0;
	peak = 0;
	/* One that has no room to begin with stays empty. */
	if (size > OWN_USE)
		pool_begin(&pool, size - OWN_USE);
}

size_t soft_tee_core_heap_peak(void)
{
	return peak;
}

static bool add_node(struct tree *tree)
{
	struct piece *piece = pool_take(&pool, NODE_SIZE);

	if (!piece)
		return false;
	piece->next = tree->nodes;
	tree->nodes = piece;
	tree->count++;
	used += piece->size;
	if (used > peak)
		peak = used;
	return true;
}

static bool resize(struct tree *tree, size_t size)
{
	size_t count = (size + BLOCK_SIZE - 1) / BLOCK_SIZE;

	if (!core_config()->core_heap)
		return true;
	while (tree->count < count)
		if (!add_node(tree))
			return false;
	return true;
}

bool core_heap_object(struct tree *tree, size_t size)
{
	return resize(tree, OBJECT_HEAD + size);
}

bool core_heap_directory(struct tree *tree, size_t entries)
{
	/* The root of the tree is there with no entry, too. */
	return resize(tree, entries ? entries * ENTRY_SIZE : 1);
}

void core_heap_give(struct tree *tree)
{
	while (tree->nodes) {
		struct piece *piece = tree->nodes;

		tree->nodes = piece->next;
		used -= piece->size;
		pool_give(&pool, piece);
	}
	tree->count = 0;
}
