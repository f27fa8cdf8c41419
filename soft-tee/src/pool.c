// SPDX-License-Identifier: MIT
#include "pool.h"

#include "port.h"

/* Those of OP-TEE for a machine of 64 bits, wherever this runs. */
#define GRAIN ((size_t)16)
#define HEADER ((size_t)16)
/* A free piece keeps its two neighbours in the list in itself. */
#define LEAST ((size_t)16)

static struct piece *new_piece(size_t size)
{
	struct piece *piece = port_alloc(sizeof(*piece));

	if (piece)
		*piece = (struct piece){ .size = size };
	return piece;
}

static void list_append(struct pool *pool, struct piece *piece)
{
	piece->is_free = true;
	piece->later = NULL;
	piece->earlier = pool->latest;
	if (pool->latest)
		pool->latest->later = piece;
	else
		pool->earliest = piece;
	pool->latest = piece;
}

static void list_remove(struct pool *pool, struct piece *piece)
{
	piece->is_free = false;
	if (piece->earlier)
		piece->earlier->later = piece->later;
	else
		pool->earliest = piece->later;
	if (piece->later)
		piece->later->earlier = piece->earlier;
	else
		pool->latest = piece->earlier;
	piece->earlier = NULL;
	piece->later = NULL;
}

static void insert_after(struct piece *piece, struct piece *added)
{
	added->before = piece;
	added->after = piece->after;
	if (piece->after)
		piece->after->before = added;
	piece->after = added;
}

bool pool_begin(struct pool *pool, size_t size)
{
	/* A header at the end stops the search for neighbours. */
	size_t room = size / GRAIN * GRAIN - HEADER;

	*pool = (struct pool){ 0 };
	if (size < 4 * HEADER)
		return false;
	pool->first = new_piece(room);
	if (!pool->first)
		return false;
	list_append(pool, pool->first);
	return true;
}

void pool_end(struct pool *pool)
{
	while (pool->first) {
		struct piece *piece = pool->first;

		pool->first = piece->after;
		port_free(piece);
	}
	*pool = (struct pool){ 0 };
}

struct piece *pool_take(struct pool *pool, size_t size)
{
	struct piece *found = pool->earliest;
	struct piece *taken = NULL;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = size < LEAST ? LEAST : (size + GRAIN - 1) / GRAIN * GRAIN;
	size += HEADER;
	while (found && found->size < size)
		found = found->later;
	if (!found)
		return NULL;
	if (found->size - size <= HEADER + GRAIN) {
		list_remove(pool, found);
		return found;
	}
	taken = new_piece(size);
	if (!taken)
		return NULL;
	/* What is left keeps its place in the list. */
	found->size -= size;
	insert_after(found, taken);
	return taken;
}

/* The second one is gone after this. */
static void join(struct piece *piece, struct piece *second)
{
	piece->size += second->size;
	piece->after = second->after;
	if (second->after)
		second->after->before = piece;
	port_free(second);
}

void pool_give(struct pool *pool, struct piece *piece)
{
	struct piece *before = piece->before;
	struct piece *after = piece->after;

	if (before && before->is_free) {
		join(before, piece);
		piece = before;
	} else {
		list_append(pool, piece);
	}
	if (after && after->is_free) {
		list_remove(pool, after);
		join(piece, after);
	}
}

size_t pool_free(const struct pool *pool)
{
	const struct piece *piece = pool->earliest;
	size_t size = 0;

	for (; piece; piece = piece->later)
		size += piece->size - HEADER;
	return size;
}

size_t pool_largest(const struct pool *pool)
{
	const struct piece *piece = pool->earliest;
	size_t size = 0;

	for (; piece; piece = piece->later)
		if (piece->size - HEADER > size)
			size = piece->size - HEADER;
	return size;
}
