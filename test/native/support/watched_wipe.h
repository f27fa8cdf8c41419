/* SPDX-License-Identifier: MIT */
/*
 * Put before each source of a build with sanitizers. They watch memset(), but
 * explicit_bzero() writes behind their backs.
 */
#ifndef WATCHED_WIPE_H
#define WATCHED_WIPE_H

#include <string.h>

static inline void watched_wipe(void *data, size_t size)
{
	memset(data, 0, size);
	__asm__ volatile("" : : "r"(data) : "memory");
}

#define explicit_bzero watched_wipe

#endif
