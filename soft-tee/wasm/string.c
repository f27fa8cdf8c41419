// SPDX-License-Identifier: MIT
/* Compiled with -mbulk-memory, the builtins are one instruction each. */
#include "include/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	return __builtin_memcpy(to, from, size);
}

void *memmove(void *to, const void *from, size_t size)
{
	return __builtin_memmove(to, from, size);
}

void *memset(void *to, int value, size_t size)
{
	return __builtin_memset(to, value, size);
}

int memcmp(const void *one, const void *other, size_t size)
{
	const unsigned char *a = one;
	const unsigned char *b = other;

	for (; size; size--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

void *memchr(const void *in, int value, size_t size)
{
	const unsigned char *at = in;

	for (; size; size--, at++)
		if (*at == (unsigned char)value)
			return (void *)at;
	return NULL;
}

int strcmp(const char *one, const char *other)
{
	for (; *one && *one == *other; one++, other++)
		;
	return (unsigned char)*one - (unsigned char)*other;
}
