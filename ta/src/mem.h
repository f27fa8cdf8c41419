/* SPDX-License-Identifier: MIT */
/* Heap memory that may hold secrets. */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, or NULL. Cached objects give way when the heap is full. */
void *mem_alloc(size_t size);

/* As mem_alloc for count elements; NULL if the product overflows. */
void *mem_alloc_array(size_t count, size_t size);

/* Overwrites size bytes in a way that no compiler leaves out. */
void mem_wipe(void *data, size_t size);

/* Wipes and frees. NULL is fine. */
void mem_free(void *data, size_t size);

#endif /* MEM_H */
