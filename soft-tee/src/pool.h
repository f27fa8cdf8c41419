/* SPDX-License-Identifier: MIT */
/*
 * How memory of a fixed size is divided among allocations, as OP-TEE's own
 * allocator divides it, in a TA as in the core: each piece has a header, the
 * first free piece that is large enough is cut at its end, and pieces that
 * become free are joined with free neighbours. What is free may so be in
 * pieces that are all too small.
 *
 * Only places are kept account of here. The bytes themselves are elsewhere,
 * each allocation in memory of its own, so that a sanitizer sees its ends.
 */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stddef.h>

struct piece {
	/* By address. */
	struct piece *before;
	struct piece *after;
	/* Among the free ones, in the order in which they are tried. */
	struct piece *earlier;
	struct piece *later;
	/* Header included. */
	size_t size;
	bool is_free;
	/* For whoever took it. */
	struct piece *next;
};

struct pool {
	/* All pieces. */
	struct piece *first;
	/* The free ones: tried first, and last. */
	struct piece *earliest;
	struct piece *latest;
};

/* An empty pool of this many bytes; false if the port has no memory. */
bool pool_begin(struct pool *pool, size_t size);

/* Gives up all pieces. */
void pool_end(struct pool *pool);

/* A piece with room for size bytes, or NULL if there is none. */
struct piece *pool_take(struct pool *pool, size_t size);

void pool_give(struct pool *pool, struct piece *piece);

/* What is free altogether, and the most that one piece has room for. */
size_t pool_free(const struct pool *pool);
size_t pool_largest(const struct pool *pool);

#endif /* POOL_H */
