// SPDX-License-Identifier: MIT
#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "tee_api_defines.h"

struct region {
	uintptr_t start;
	size_t size;
	uint8_t *reads;
	uint8_t *writes;
};

static struct region regions[TEE_NUM_PARAMS];
static bool watching;

static void forget(struct region *region)
{
	free(region->reads);
	free(region->writes);
	*region = (struct region){ 0 };
}

void watch_begin(uint32_t types, const TEE_Param *params)
{
	size_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		struct region *region = regions + n;

		forget(region);
		if (TEE_PARAM_TYPE_GET(types, n) < TEE_PARAM_TYPE_MEMREF_INPUT)
			continue;
		region->start = (uintptr_t)params[n].memref.buffer;
		region->size = params[n].memref.size;
		region->reads = calloc(region->size + 1, 1);
		region->writes = calloc(region->size + 1, 1);
		if (!region->reads || !region->writes)
			abort();
	}
	watching = true;
}

void watch_end(void)
{
	watching = false;
}

static unsigned int most(const uint8_t *counts, size_t size)
{
	unsigned int highest = 0;

	while (size--)
		if (counts[size] > highest)
			highest = counts[size];
	return highest;
}

unsigned int watch_reads(size_t param)
{
	return most(regions[param].reads, regions[param].size);
}

unsigned int watch_writes(size_t param)
{
	return most(regions[param].writes, regions[param].size);
}

size_t watch_bytes_read(size_t param)
{
	size_t count = 0;
	size_t n = 0;

	for (n = 0; n < regions[param].size; n++)
		count += regions[param].reads[n] != 0;
	return count;
}

static void count(const void *address, size_t size, bool write)
{
	uintptr_t at = (uintptr_t)address;
	struct region *region = regions;

	if (!watching)
		return;
	for (; size--; at++)
		for (region = regions; region < regions + TEE_NUM_PARAMS;
		     region++) {
			uint8_t *counts = write ? region->writes
						: region->reads;

			if (at - region->start < region->size &&
			    counts[at - region->start] < UINT8_MAX)
				counts[at - region->start]++;
		}
}

/* What the compiler calls before each access. */
#define ACCESS(bytes)                                                          \
	void __sanitizer_cov_load##bytes(void *address);                       \
	void __sanitizer_cov_load##bytes(void *address)                        \
	{                                                                      \
		count(address, bytes, false);                                  \
	}                                                                      \
	void __sanitizer_cov_store##bytes(void *address);                      \
	void __sanitizer_cov_store##bytes(void *address)                       \
	{                                                                      \
		count(address, bytes, true);                                   \
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

/* What the linker puts in the place of functions on memory. */
void *__real_memcpy(void *to, const void *from, size_t size);
void *__real_memmove(void *to, const void *from, size_t size);
void *__real_memset(void *to, int byte, size_t size);
int __real_memcmp(const void *a, const void *b, size_t size);
void *__real_memchr(const void *data, int byte, size_t size);
void *__wrap_memcpy(void *to, const void *from, size_t size);
void *__wrap_memmove(void *to, const void *from, size_t size);
void *__wrap_memset(void *to, int byte, size_t size);
int __wrap_memcmp(const void *a, const void *b, size_t size);
void *__wrap_memchr(const void *data, int byte, size_t size);

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
	count(from, size, false);
	count(to, size, true);
	return __real_memcpy(to, from, size);
}

void *__wrap_memmove(void *to, const void *from, size_t size)
{
	count(from, size, false);
	count(to, size, true);
	return __real_memmove(to, from, size);
}

void *__wrap_memset(void *to, int byte, size_t size)
{
	count(to, size, true);
	return __real_memset(to, byte, size);
}

int __wrap_memcmp(const void *a, const void *b, size_t size)
{
	count(a, size, false);
	count(b, size, false);
	return __real_memcmp(a, b, size);
}

void *__wrap_memchr(const void *data, int byte, size_t size)
{
	count(data, size, false);
	return __real_memchr(data, byte, size);
}
