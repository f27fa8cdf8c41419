// SPDX-License-Identifier: MIT
#include "cache.h"

#include "mem.h"

static struct cached table[CACHE_COUNT];
static struct cached *newest;
static struct cached *oldest;
static size_t used;

static size_t cost(const struct cached *cached)
{
	return sizeof(*cached) + cached->node.size +
	       ((size_t)cached->node.head.index_count +
		cached->node.head.record_count) *
		       sizeof(uint32_t);
}

/* A free place in the table, or NULL. */
static struct cached *free_place(void)
{
	uint32_t n = 0;

	while (n < CACHE_COUNT && (table[n].holders || table[n].kept))
		n++;
	return n < CACHE_COUNT ? table + n : NULL;
}

struct cached *cached_new(const struct owner *owner, uint64_t number,
			  const struct node *node)
{
	struct cached *cached = NULL;

	do {
		cached = free_place();
	} while (!cached && cache_evict());
	if (!cached)
		return NULL;
	*cached = (struct cached){
		.owner = *owner, .number = number, .holders = 1, .node = *node
	};
	mem_let_move(node->image, &cached->node.image, &cached->holders);
	if (node->offsets)
		mem_let_move(node->offsets, &cached->node.offsets,
			     &cached->holders);
	return cached;
}

static void free_if_unused(struct cached *cached)
{
	if (cached->holders || cached->kept)
		return;
	node_free(&cached->node);
	mem_wipe(cached, sizeof(*cached));
}

void cached_hold(struct cached *cached)
{
	cached->holders++;
}

void cached_release(struct cached *cached)
{
	if (!cached)
		return;
	cached->holders--;
	free_if_unused(cached);
}

static void unlink_cached(struct cached *cached)
{
	if (cached->newer)
		cached->newer->older = cached->older;
	else
		newest = cached->older;
	if (cached->older)
		cached->older->newer = cached->newer;
	else
		oldest = cached->newer;
	cached->newer = NULL;
	cached->older = NULL;
}

static void link_newest(struct cached *cached)
{
	cached->older = newest;
	if (newest)
		newest->newer = cached;
	else
		oldest = cached;
	newest = cached;
}

static void drop(struct cached *cached)
{
	unlink_cached(cached);
	used -= cost(cached);
	cached->kept = false;
	free_if_unused(cached);
}

static struct cached *find(const struct owner *owner, uint64_t number)
{
	struct cached *cached = newest;

	while (cached && (cached->number != number ||
			  !owner_equal(&cached->owner, owner)))
		cached = cached->older;
	return cached;
}

struct cached *cache_get(const struct owner *owner, uint64_t number)
{
	struct cached *cached = find(owner, number);

	if (!cached)
		return NULL;
	unlink_cached(cached);
	link_newest(cached);
	cached_hold(cached);
	return cached;
}

bool cache_evict(void)
{
	struct cached *cached = oldest;

	while (cached && cached->holders)
		cached = cached->newer;
	if (!cached)
		return false;
	drop(cached);
	return true;
}

void cache_add(struct cached *cached)
{
	cache_drop(&cached->owner, cached->number);
	if (!cached->node.offsets && cached->node.size > CACHE_VALUE_MAX)
		return;
	cached->kept = true;
	link_newest(cached);
	used += cost(cached);
	while (used > CACHE_BUDGET && cache_evict())
		;
}

void cache_drop(const struct owner *owner, uint64_t number)
{
	struct cached *cached = find(owner, number);

	if (cached)
		drop(cached);
}

void cache_drop_owner(const struct owner *owner)
{
	struct cached *cached = newest;
	struct cached *next = NULL;

	for (; cached; cached = next) {
		next = cached->older;
		if (owner_equal(&cached->owner, owner))
			drop(cached);
	}
}

void cache_drop_all(void)
{
	while (newest)
		drop(newest);
}
