// SPDX-License-Identifier: MIT
#include "mem.h"

#include <string.h>

#include "cache.h"
#include "compat.h"

void *mem_alloc(size_t size)
{
	void *data = NULL;

	if (size > UINT32_MAX)
		return NULL;
	/* An empty allocation must not look like a failed one. */
	if (!size)
		size = 1;
	do {
		data = TEE_Malloc(size, 0);
	} while (!data && cache_evict());
	return data;
}

void *mem_alloc_array(size_t count, size_t size)
{
	if (count > UINT32_MAX / size)
		return NULL;
	return mem_alloc(count * size);
}

void mem_wipe(void *data, size_t size)
{
	memset(data, 0, size);
	/* The memory counts as read here, so the stores must be made. */
	__asm__ volatile("" : : "r"(data) : "memory");
}

void mem_free(void *data, size_t size)
{
	if (!data)
		return;
	mem_wipe(data, size);
	TEE_Free(data);
}
