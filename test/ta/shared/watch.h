/* SPDX-License-Identifier: MIT */
/*
 * Counts every access of the TA to memory that it shares with the client. The
 * compiler reports plain loads and stores (-fsanitize-coverage=trace-loads,
 * trace-stores), the linker (--wrap) the calls of functions on memory.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tee_api_types.h"

/* Watches the memory references of a call until the next watch_end(). */
void watch_begin(uint32_t types, const TEE_Param *params);
void watch_end(void);

/* The most often that any byte of a reference was read, and written. */
unsigned int watch_reads(size_t param);
unsigned int watch_writes(size_t param);

/* How many bytes of a reference were read at least once. */
size_t watch_bytes_read(size_t param);

/* Reads and writes memory in ways of which each must be counted. */
void read_twice(const volatile uint8_t *data);
void write_twice(volatile uint64_t *data);

#endif /* WATCH_H */
