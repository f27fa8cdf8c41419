// SPDX-License-Identifier: MIT
#include "mem_watch.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>

const char *__asan_default_options(void);

/*
 * How much freed memory is kept, for its use to be noticed: as much as many
 * requests free. More would mean that each request has its memory mapped anew,
 * which took two thirds of the time of all tests.
 */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=2";
}

void mem_watch_open(const void *data, size_t size)
{
	__asan_unpoison_memory_region(data, size);
}

void mem_watch_close(const void *data, size_t size)
{
	__asan_poison_memory_region(data, size);
}
#else
void mem_watch_open(const void *data, size_t size)
{
	(void)data;
	(void)size;
}

void mem_watch_close(const void *data, size_t size)
{
	(void)data;
	(void)size;
}
#endif
