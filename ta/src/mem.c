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
/* The free piece before what was taken last from the end, or NULL. */
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

/* The first free piece of this size, or NULL. */
MEM_UNWATCHED static struct piece *find(size_t size)
{
	struct piece *piece = NULL;

	for (piece = FIRST; piece != END; piece = after(piece)) {
		if (piece->used)
			continue;
		merge(piece);
		if (piece->size >= size)
			return piece;
	}
	return NULL;
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
 * A free piece of this size at the end of a span that holds no pinned piece:
 * of the first such span that has the room, or of the last. Pieces that may
 * move make way.
 */
MEM_UNWATCHED static struct piece *gather(size_t size, bool last)
{
	struct piece *from = NULL;
	struct piece *to = NULL;
	struct piece *final = NULL;
	struct piece *span = FIRST;
	struct piece *piece = FIRST;
	struct piece *next = NULL;
	size_t room = 0;

	for (; piece != END && (last || !from); piece = next) {
		if (!piece->used)
			merge(piece);
		next = after(piece);
		if (is_pinned(piece)) {
			span = next;
			room = 0;
		} else if (!piece->used) {
			room += piece->size;
		}
		if (room >= size && (next == END || is_pinned(next))) {
			from = span;
			to = next;
			final = piece;
		}
	}
	if (!from)
		return NULL;
	if (!final->used && final->size >= size)
		return final;
	roomy = NULL;
	return squeeze(from, to);
}

/* Gives a free piece to somebody, for `used` bytes. */
MEM_UNWATCHED static void *give(struct piece *piece, size_t used)
{
	piece->used = used;
	piece->home = NULL;
	mem_watch_open(piece + 1, used);
	return piece + 1;
}

/* From the front of the memory on. */
MEM_UNWATCHED static void *take_front(size_t used, size_t size)
{
	struct piece *piece = find(size);
	struct piece *rest = NULL;

	if (!piece)
		piece = gather(size, false);
	if (!piece)
		return NULL;
	if (piece->size - size >= sizeof(*piece)) {
		rest = (struct piece *)(void *)((uint8_t *)piece + size);
		rest->size = piece->size - size;
		piece->size = size;
	}
	if (piece == roomy)
		roomy = rest;
	return give(piece, used);
}

/*
 * As near to the end of the memory as can be, so that what a request keeps
 * for itself lies together and leaves room in one piece before it.
 */
MEM_UNWATCHED static void *take_end(size_t used, size_t size)
{
	struct piece *piece = roomy;

	if (!piece || piece->size < size)
		piece = gather(size, true);
	if (!piece)
		return NULL;
	roomy = NULL;
	if (piece->size - size >= sizeof(*piece)) {
		roomy = piece;
		piece->size -= size;
		piece = after(piece);
		piece->size = size;
	}
	return give(piece, used);
}

MEM_UNWATCHED static void *take(size_t used, bool end)
{
	size_t size = (sizeof(struct piece) + used + GRAIN - 1) / GRAIN * GRAIN;

	return end ? take_end(used, size) : take_front(used, size);
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
	/*
	 * What came last from the end goes first, mostly: then nothing has to
	 * be searched. Any other piece may lie nearer to the end.
	 */
	if (roomy && after(roomy) == piece)
		piece = roomy;
	else
		roomy = NULL;
	merge(piece);
}
