// SPDX-License-Identifier: MIT
#include "mem_watch.h"

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>

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
