/* SPDX-License-Identifier: MIT */
/* What the parts of the core know of each other. */
#ifndef CORE_H
#define CORE_H

#include "soft_tee.h"

struct piece;

/*
 * instance.c
 */

/* What soft_tee_boot() was given. */
const struct soft_tee_config *core_config(void);

/* The client of the session for which the TA is running; NULL if for none. */
const TEE_Identity *core_client(void);

/* Ends the instance: every session of it is dead from now on. */
_Noreturn void core_panic(void);

/* Reports what OP-TEE would let pass, see struct soft_tee_config. */
void core_violation(const char *what);

/* Whether a buffer overlaps memory of the client of the current call. */
bool core_is_client_memory(const void *buffer, size_t size);

/* Panics unless the buffer is memory of the TA. */
void core_require_private(const void *buffer, size_t size);

/*
 * user_ta_header.c: what the TA's user_ta_header_defines.h says.
 */
extern const TEE_UUID ta_uuid;
extern const uint32_t ta_flags;
extern const size_t ta_heap_size;
extern const size_t ta_stack_size;

/*
 * heap.c
 */

/* Frees everything; returns how many blocks the TA had not freed. */
size_t heap_reset(void);

/* Forgets counts and faults too. */
void heap_boot(void);

/*
 * What OP-TEE's TA library allocates for each open session in the TA's heap;
 * NULL if there is no room. heap_reset() takes it back too.
 */
struct piece *heap_take_session(void);
void heap_give_session(struct piece *piece);

/*
 * handles.c
 */

/* Closes every handle; returns how many were open. */
size_t handles_reset(void);

#endif /* CORE_H */
