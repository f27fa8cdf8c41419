/* SPDX-License-Identifier: MIT */
/*
 * Memory that may hold secrets. All of it is one block that the TA takes
 * when it is loaded, apart from the heap in which sessions live: whatever is
 * in it belongs to the request that is under way, or to the cache, which gives
 * way and can be moved. So what a request of legal size needs is there
 * whenever it comes. Memory that nobody has is zero.
 */
#ifndef MEM_H
#define MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* To be called before anything else is. False: there is not enough memory. */
bool mem_begin(void);

/* Gives the block back, if nothing in it is in use. */
void mem_end(void);

/* Zeroed memory, or NULL. Cached objects give way when there is no room. */
void *mem_alloc(size_t size);

/* As mem_alloc for count elements; NULL if the product overflows. */
void *mem_alloc_array(size_t count, size_t size);

/*
 * As mem_alloc for what may stay in the cache: it lies at the other end, so
 * that what requests leave behind is not scattered over all of the memory.
 */
void *mem_alloc_kept(size_t size);

/*
 * Memory of mem_alloc_kept() may be moved from now on while *holders is 0.
 * `home` is the one pointer to it, and is set to the new place.
 */
void mem_let_move(void *data, void *home, const unsigned int *holders);

/* Overwrites size bytes in a way that no compiler leaves out. */
void mem_wipe(void *data, size_t size);

/* Wipes and frees. NULL is fine. */
void mem_free(void *data, size_t size);

#endif /* MEM_H */
