/* SPDX-License-Identifier: MIT */
/* The functions of the C library that the core and the TA call. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *one, const void *other, size_t size);
void *memchr(const void *in, int value, size_t size);
int strcmp(const char *one, const char *other);

#endif /* STRING_H */
