// SPDX-License-Identifier: MIT
#include "mem.h"

#include <string.h>

#include "cache.h"
#include "compat.h"
#include "user_ta_header_defines.h"

/* For host builds, which watch each allocation and each access. */
#ifdef MEM_WATCH
#include <mem_watch.h>
#else
#define MEM_UNWATCHED
static inline bool mem_watch_fails(void)
{
	return false;
}
static inline void mem_watch_open(const void *data, size_t size)
{
	(void)data;
	(void)size;
}
static inline void mem_watch_close(const void *data, size_t size)
{
	(void)data;
	(void)size;
}
#endif

/*
 * The TA's heap less what sessions take: about 200 bytes each, half of it
 * libutee's own.
 */
#ifndef SESSIONS_SIZE
#define SESSIONS_SIZE (128 * 1024)
#endif
#define MEM_SIZE (TA_DATA_SIZE - SESSIONS_SIZE)

#define GRAIN 16

/* Stands before each piece of the memory; the pieces follow one another. */
struct piece {
	_Alignas(GRAIN) size_t size; /* with this header */
	size_t used;		     /* what was asked for; 0: it is free */
	void *home;		     /* where its address is kept */
	const unsigned int *holders; /* it may move while this is 0 */
};

static uint8_t *memory;
/* A free piece that the next request is likely to fit in, or NULL. */
static struct piece *roomy;

#define FIRST ((struct piece *)(void *)memory)
#define END ((struct piece *)(void *)(memory + MEM_SIZE))

MEM_UNWATCHED static struct piece *after(struct piece *piece)
{
	return (struct piece *)(void *)((uint8_t *)piece + piece->size);
}

MEM_UNWATCHED static bool is_pinned(const struct piece *piece)
{
	return piece->used && (!piece->home || *piece->holders);
}

MEM_UNWATCHED bool mem_begin(void)
{
	memory = TEE_Malloc(MEM_SIZE, 0);
	if (!memory)
		return false;
	FIRST->size = MEM_SIZE;
	roomy = FIRST;
	mem_watch_close(memory, MEM_SIZE);
	return true;
}

/* Makes one of a free piece and the free ones that follow it. */
MEM_UNWATCHED static void merge(struct piece *piece)
{
	struct piece *next = after(piece);

	while (next != END && !next->used) {
		size_t size = next->size;

		if (next == roomy)
			roomy = piece;
		*next = (struct piece){ 0 };
		piece->size += size;
		next = after(piece);
	}
}

MEM_UNWATCHED void mem_end(void)
{
	if (!memory)
		return;
	if (!FIRST->used)
		merge(FIRST);
	if (FIRST->used || FIRST->size != MEM_SIZE)
		return;
	mem_watch_open(memory, MEM_SIZE);
	FIRST->size = 0;
	TEE_Free(memory);
	memory = NULL;
}

/* The first or the last free piece of this size, or NULL. */
MEM_UNWATCHED static struct piece *find(size_t size, bool last)
{
	struct piece *found = NULL;
	struct piece *piece = NULL;

	for (piece = FIRST; piece != END; piece = after(piece)) {
		if (piece->used)
			continue;
		merge(piece);
		if (piece->size < size)
			continue;
		found = piece;
		if (!last)
			break;
	}
	return found;
}

/* Moves what is used in a span to its front and returns the rest. */
MEM_UNWATCHED static struct piece *squeeze(struct piece *span,
					   struct piece *end)
{
	uint8_t *to = (uint8_t *)span;
	struct piece *piece = span;

	mem_watch_open(span, (size_t)((uint8_t *)end - to));
	while (piece != end) {
		struct piece *next = after(piece);
		size_t size = piece->size;
		struct piece *moved = (struct piece *)(void *)to;

		if (piece->used) {
			void *data = moved + 1;

			memmove(to, piece, size);
			memcpy(moved->home, &data, sizeof(data));
			to += size;
		}
		piece = next;
	}
	mem_wipe(to, (size_t)((uint8_t *)end - to));
	((struct piece *)(void *)to)->size = (size_t)((uint8_t *)end - to);

	for (piece = span; piece != end; piece = after(piece)) {
		mem_watch_close(piece, piece->size);
		mem_watch_open(piece + 1, piece->used);
	}
	return (struct piece *)(void *)to;
}

/*
 * As find(), but where pieces that may move leave room for the size between
 * two that may not.
 */
MEM_UNWATCHED static struct piece *gather(size_t size, bool last)
{
	struct piece *from = NULL;
	struct piece *to = NULL;
	struct piece *span = FIRST;
	struct piece *piece = FIRST;
	size_t room = 0;

	while (piece != END && (last || !from)) {
		struct piece *next = after(piece);

		if (is_pinned(piece)) {
			span = next;
			room = 0;
		} else if (!piece->used) {
			room += piece->size;
		}
		if (room >= size && (next == END || is_pinned(next))) {
			from = span;
			to = next;
		}
		piece = next;
	}
	roomy = NULL;
	return from ? squeeze(from, to) : NULL;
}

/* Takes the front or the end of a free piece for `used` bytes. */
MEM_UNWATCHED static void *carve(struct piece *piece, size_t used, size_t size,
				 bool end)
{
	size_t rest = piece->size - size;

	if (rest < sizeof(*piece)) {
		if (piece == roomy)
			roomy = NULL;
	} else if (end) {
		piece->size = rest;
		roomy = piece;
		piece = after(piece);
		piece->size = size;
	} else {
		piece->size = size;
		roomy = after(piece);
		roomy->size = rest;
	}
	piece->used = used;
	piece->home = NULL;
	mem_watch_open(piece + 1, used);
	return piece + 1;
}

MEM_UNWATCHED static void *take(size_t used, bool end)
{
	size_t size = (sizeof(struct piece) + used + GRAIN - 1) / GRAIN * GRAIN;
	struct piece *piece = roomy;

	if (!piece || !end || piece->size < size)
		piece = find(size, end);
	if (!piece)
		piece = gather(size, end);
	return piece ? carve(piece, used, size, end) : NULL;
}

static void *alloc(size_t size, bool end)
{
	void *data = NULL;

	if (size > MEM_SIZE)
		return NULL;
	/* An empty allocation must not look like a failed one. */
	if (!size)
		size = 1;
	do {
		data = mem_watch_fails() ? NULL : take(size, end);
	} while (!data && cache_evict());
	return data;
}

void *mem_alloc(size_t size)
{
	return alloc(size, true);
}

void *mem_alloc_kept(size_t size)
{
	return alloc(size, false);
}

void *mem_alloc_array(size_t count, size_t size)
{
	if (count > UINT32_MAX / size)
		return NULL;
	return mem_alloc(count * size);
}

MEM_UNWATCHED void mem_let_move(void *data, void *home,
				const unsigned int *holders)
{
	struct piece *piece = (struct piece *)data - 1;

	piece->home = home;
	piece->holders = holders;
}

void mem_wipe(void *data, size_t size)
{
	memset(data, 0, size);
	/* The memory counts as read here, so the stores must be made. */
	__asm__ volatile("" : : "r"(data) : "memory");
}

MEM_UNWATCHED void mem_free(void *data, size_t size)
{
	struct piece *piece = NULL;

	if (!data)
		return;
	mem_wipe(data, size);
	piece = (struct piece *)data - 1;
	mem_watch_close(data, piece->used);
	piece->used = 0;
	/* What came last goes first, mostly: then nothing has to be searched. */
	if (roomy && after(roomy) == piece)
		piece = roomy;
	merge(piece);
}
