// SPDX-License-Identifier: MIT
/*
 * The TA's heap. Every block is a block of the port, so that a sanitizer sees
 * where it ends; whether there is room for it is decided by where it would be
 * in a heap of TA_DATA_SIZE.
 */
#include <string.h>

#include "core.h"
#include "mem_watch.h"
#include "pool.h"
#include "port.h"
#include "tee_internal_api.h"

/* What OP-TEE's TA library keeps of a session. */
#define SESSION_SIZE 32

/* What TEE_Malloc(0) returns: not NULL, and not to be used. */
#define EMPTY_BLOCK ((void *)1)

#define BLOCK_ALIVE 0x50F7AE11u

/* Stands before each block; aligned so that the block is. */
struct block {
	_Alignas(16) struct block *next;
	struct block *previous;
	struct piece *piece;
	size_t size;
	uint32_t mark;
};

static struct {
	/* Empty until something is allocated. */
	struct pool pool;
	struct block *blocks;
	size_t used;
	size_t peak;
	uint64_t allocations;
	/* The count of allocations at which they fail; 0: never. */
	uint64_t fail_at;
	bool fail_later;
	const uint8_t *secret;
	size_t secret_size;
} heap;

uint64_t soft_tee_allocations(void)
{
	return heap.allocations;
}

size_t soft_tee_heap_used(void)
{
	return heap.used;
}

size_t soft_tee_heap_peak(void)
{
	return heap.peak;
}

size_t soft_tee_heap_free(void)
{
	return heap.pool.first ? pool_free(&heap.pool) : ta_heap_size;
}

size_t soft_tee_heap_largest(void)
{
	return heap.pool.first ? pool_largest(&heap.pool) : ta_heap_size;
}

void soft_tee_fail_allocation(uint64_t nth, bool all_later)
{
	heap.fail_at = nth ? heap.allocations + nth : 0;
	heap.fail_later = all_later;
}

void soft_tee_watch(const void *secret, size_t size)
{
	heap.secret = secret;
	heap.secret_size = size;
}

/* Looks into what the TA keeps closed, too (mem_watch.h). */
MEM_UNWATCHED static bool has_secret(const struct block *block)
{
	const uint8_t *data = (const uint8_t *)(block + 1);
	size_t same = 0;
	size_t n = 0;

	if (!heap.secret_size || block->size < heap.secret_size)
		return false;
	for (n = 0; n <= block->size - heap.secret_size; n++) {
		for (same = 0; data[n + same] == heap.secret[same];)
			if (++same == heap.secret_size)
				return true;
	}
	return false;
}

bool soft_tee_secret_in_heap(void)
{
	const struct block *block = NULL;

	for (block = heap.blocks; block; block = block->next)
		if (has_secret(block))
			return true;
	return false;
}

static bool must_fail(void)
{
	heap.allocations++;
	if (!heap.fail_at)
		return false;
	return heap.allocations == heap.fail_at ||
	       (heap.fail_later && heap.allocations > heap.fail_at);
}

bool mem_watch_fails(void)
{
	return must_fail();
}

/* A place in the heap, or NULL. */
static struct piece *take_place(size_t size)
{
	if (must_fail())
		return NULL;
	if (!heap.pool.first && !pool_begin(&heap.pool, ta_heap_size))
		return NULL;
	return pool_take(&heap.pool, size);
}

static void link_block(struct block *block)
{
	block->next = heap.blocks;
	if (heap.blocks)
		heap.blocks->previous = block;
	heap.blocks = block;
	heap.used += block->size;
	if (heap.used > heap.peak)
		heap.peak = heap.used;
}

/* Zeroed. */
static void *allocate(size_t size)
{
	struct piece *piece = take_place(size);
	struct block *block = NULL;

	if (!piece)
		return NULL;
	block = port_alloc_zeroed(sizeof(*block) + size);
	if (!block) {
		pool_give(&heap.pool, piece);
		return NULL;
	}
	*block = (struct block){ .piece = piece,
				 .size = size,
				 .mark = BLOCK_ALIVE };
	link_block(block);
	return block + 1;
}

struct piece *heap_take_session(void)
{
	return take_place(SESSION_SIZE);
}

void heap_give_session(struct piece *piece)
{
	pool_give(&heap.pool, piece);
}

/* The block of a pointer from the TA; a pointer of no block panics. */
static struct block *block_of(void *buffer)
{
	struct block *block = (struct block *)buffer - 1;

	if (block->mark != BLOCK_ALIVE) {
		core_violation("freed memory that is not allocated");
		core_panic();
	}
	return block;
}

static void release(struct block *block)
{
	if (block->previous)
		block->previous->next = block->next;
	else
		heap.blocks = block->next;
	if (block->next)
		block->next->previous = block->previous;
	heap.used -= block->size;
	block->mark = 0;
	pool_give(&heap.pool, block->piece);
	port_free(block);
}

static void free_block(struct block *block)
{
	if (has_secret(block))
		core_violation("a secret was not wiped before it was freed");
	release(block);
}

size_t heap_reset(void)
{
	size_t count = 0;

	for (count = 0; heap.blocks; count++)
		release(heap.blocks);
	pool_end(&heap.pool);
	return count;
}

void heap_boot(void)
{
	heap_reset();
	memset(&heap, 0, sizeof(heap));
}

void *TEE_Malloc(__tee_size_t size, uint32_t hint)
{
	void *data = NULL;

	if (hint != TEE_MALLOC_FILL_ZERO && hint != TEE_MALLOC_NO_FILL)
		return NULL;
	if (!size)
		return EMPTY_BLOCK;
	data = allocate(size);
	/* A TA must not count on zeros that it did not ask for. */
	if (data && hint == TEE_MALLOC_NO_FILL)
		memset(data, 0xA5, size);
	return data;
}

void *TEE_Realloc(void *buffer, __tee_size_t newSize)
{
	struct block *old = NULL;
	void *data = NULL;

	if (!buffer || buffer == EMPTY_BLOCK)
		return TEE_Malloc(newSize, TEE_MALLOC_FILL_ZERO);
	if (!newSize) {
		TEE_Free(buffer);
		return EMPTY_BLOCK;
	}
	old = block_of(buffer);
	data = allocate(newSize);
	if (!data)
		return NULL;
	memcpy(data, buffer, old->size < newSize ? old->size : newSize);
	free_block(old);
	return data;
}

void TEE_Free(void *buffer)
{
	if (buffer && buffer != EMPTY_BLOCK)
		free_block(block_of(buffer));
}
