// SPDX-License-Identifier: MIT
#include "shared.h"

#include <sanitizer/asan_interface.h>
#include <stdint.h>

#include "check.h"
#include "client.h"
#include "tee_api_defines.h"

/* Not there in a build without the sanitizer, as for coverage. */
#pragma weak __asan_poison_memory_region
#pragma weak __asan_unpoison_memory_region

#define CHANGED 0x5A

static struct region {
	uint8_t *data;
	size_t size;
	unsigned int reads;
	unsigned int writes;
} regions[TEE_NUM_PARAMS];

static unsigned int reads_max;

static void poison(const struct region *region)
{
	if (__asan_poison_memory_region)
		__asan_poison_memory_region(region->data, region->size);
}

static void unpoison(const struct region *region)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(region->data, region->size);
}

static void change(struct region *region)
{
	size_t n = 0;

	for (n = 0; n < region->size; n++)
		region->data[n] ^= CHANGED;
}

static void begin_call(uint32_t types, const TEE_Param *params)
{
	size_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		struct region *region = regions + n;

		*region = (struct region){ 0 };
		if (TEE_PARAM_TYPE_GET(types, n) <
			    TEE_PARAM_TYPE_MEMREF_INPUT ||
		    !params[n].memref.buffer)
			continue;
		region->data = params[n].memref.buffer;
		region->size = params[n].memref.size;
		poison(region);
	}
}

/* Puts the inputs back to what they were. */
static void end_call(void)
{
	size_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		struct region *region = regions + n;

		unpoison(region);
		if (region->reads)
			change(region);
		*region = (struct region){ 0 };
	}
}

static void observe(uint32_t types, const TEE_Param *params, bool before)
{
	if (before)
		begin_call(types, params);
	else
		end_call();
}

void shared_begin(unsigned int reads)
{
	reads_max = reads;
	client_observer = observe;
}

static struct region *region_of(const void *memory)
{
	uintptr_t at = (uintptr_t)memory;
	size_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++)
		if (at - (uintptr_t)regions[n].data < regions[n].size)
			return regions + n;
	return NULL;
}

void __real_TEE_MemMove(void *to, const void *from, __tee_size_t size);
void __wrap_TEE_MemMove(void *to, const void *from, __tee_size_t size);

void __wrap_TEE_MemMove(void *to, const void *from, __tee_size_t size)
{
	struct region *read = region_of(from);
	struct region *written = region_of(to);

	if (read)
		unpoison(read);
	if (written)
		unpoison(written);
	__real_TEE_MemMove(to, from, size);
	if (read) {
		CHECK(read->reads < reads_max);
		if (!read->reads++)
			change(read);
		poison(read);
	}
	if (written) {
		CHECK(!written->writes++);
		poison(written);
	}
}
