/* SPDX-License-Identifier: MIT */
/*
 * What the core needs from the machine it runs on. The rest of it is
 * freestanding C with string.h, so that it runs wherever these few functions
 * can be written.
 */
#ifndef PORT_H
#define PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory of at least this size, aligned for any type, or NULL. */
void *port_alloc(size_t size);
/* The same, all zero. */
void *port_alloc_zeroed(size_t size);
void port_free(void *memory);

/*
 * Calls fn(arg). Returns true when it returned, false when it ended by
 * port_abandon(). Calls are never nested.
 */
bool port_run(void (*fn)(void *arg), void *arg);

/* Ends the call of port_run() that is under way. */
_Noreturn void port_abandon(void);

/*
 * Gives the TA's static variables the values they have when it is loaded.
 * Called before each TA_CreateEntryPoint.
 */
void port_load_ta(void);

/* Fills a buffer with random bytes; false if there are none to be had. */
bool port_random(void *data, size_t size);

/* Milliseconds since some fixed moment. */
uint64_t port_time(void);

/* Milliseconds since 1970. */
uint64_t port_wall_time(void);

#endif /* PORT_H */
