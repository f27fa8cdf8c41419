/* SPDX-License-Identifier: MIT */
/*
 * What the TA's own memory (ta/src/mem.c) tells the software TEE in builds for
 * this machine, so that its allocations can be made to fail and a sanitizer
 * sees where each ends, as it does with those of TEE_Malloc().
 */
#ifndef MEM_WATCH_H
#define MEM_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* For functions that look at what stands between allocations. */
#define MEM_UNWATCHED __attribute__((no_sanitize("address")))

/* Counts an allocation, and says whether it is one that has to fail. */
bool mem_watch_fails(void);

/* From now on these bytes may be used; may not be used. */
void mem_watch_open(const void *data, size_t size);
void mem_watch_close(const void *data, size_t size);

#endif /* MEM_WATCH_H */
