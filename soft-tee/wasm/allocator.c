// SPDX-License-Identifier: MIT
/*
 * Memory for the core, its TA and the parameters of a call: a list of free
 * pieces in the order of their addresses, the first that is large enough is
 * taken, neighbours are joined again. There are a few hundred at most.
 */
#include "port.h"

#include <string.h>

#define GRAIN 16
#define WASM_PAGE 65536

struct piece {
	_Alignas(GRAIN) struct piece *next;
	/* In bytes, this header included. */
	size_t size;
};

/* From the linker: where the memory that it gave out ends. */
extern struct piece __heap_base[];

static struct piece *free_pieces;
static uintptr_t end;

static struct piece *after(struct piece *piece)
{
	return (struct piece *)((char *)piece + piece->size);
}

static void give_back(struct piece *piece)
{
	struct piece **at = &free_pieces;
	struct piece *before = NULL;

	while (*at && *at < piece) {
		before = *at;
		at = &before->next;
	}
	piece->next = *at;
	*at = piece;
	if (piece->next && after(piece) == piece->next) {
		piece->size += piece->next->size;
		piece->next = piece->next->next;
	}
	if (before && after(before) == piece) {
		before->size += piece->size;
		before->next = piece->next;
	}
}

/* Asks the engine for more memory, right behind what there is. */
static bool grow(size_t size)
{
	size_t pages = (size + WASM_PAGE - 1) / WASM_PAGE;
	uintptr_t start = end;
	struct piece *piece = NULL;

	if (!start)
		start = ((uintptr_t)__heap_base + GRAIN - 1) / GRAIN * GRAIN;
	if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1)
		return false;
	end = __builtin_wasm_memory_size(0) * WASM_PAGE;
	piece = (struct piece *)start;
	piece->size = end - start;
	give_back(piece);
	return true;
}

static struct piece *take(size_t size)
{
	struct piece **at = &free_pieces;
	struct piece *found = NULL;

	while (*at && (*at)->size < size)
		at = &(*at)->next;
	found = *at;
	if (!found)
		return NULL;
	*at = found->next;
	if (found->size - size > sizeof(*found)) {
		struct piece *rest = (struct piece *)((char *)found + size);

		rest->size = found->size - size;
		found->size = size;
		give_back(rest);
	}
	return found;
}

void *port_alloc(size_t size)
{
	struct piece *piece = NULL;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + sizeof(*piece) + GRAIN - 1) / GRAIN * GRAIN;
	piece = take(size);
	if (!piece && grow(size))
		piece = take(size);
	return piece ? piece + 1 : NULL;
}

void *port_alloc_zeroed(size_t size)
{
	void *memory = port_alloc(size);

	if (memory)
		memset(memory, 0, size);
	return memory;
}

void port_free(void *memory)
{
	if (memory)
		give_back((struct piece *)memory - 1);
}
