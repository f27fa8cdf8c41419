/* SPDX-License-Identifier: MIT */
/* A client's session: who it is, and in which domain it works. */
#ifndef SESSION_H
#define SESSION_H

#include <secstor_ta.h>

#include "bytes.h"
#include "persistent.h"

struct session {
	struct owner owner;
	uint8_t domain_size;
	uint8_t domain[SECSTOR_DOMAIN_MAX];
};

/*
 * Who the kernel says that the client is.
 *
 * SECSTOR_ERROR_IDENTITY, SECSTOR_ERROR_KERNEL
 */
TEE_Result session_owner(struct owner *owner);

/*
 * Copies a memory reference into heap memory, once, so that the client can't
 * change it any more. `front` bytes are left free before it. The caller frees
 * front + copy->size bytes from copy->data - front on.
 *
 * too_large  if it is larger than max
 * TEE_ERROR_OUT_OF_MEMORY
 */
TEE_Result copy_in(const TEE_Param *param, size_t front, size_t max,
		   TEE_Result too_large, struct span *copy);

/*
 * The full key for a key or a prefix in a memory reference: heap memory that
 * the caller frees with full_key_free().
 *
 * SECSTOR_ERROR_KEY, TEE_ERROR_OUT_OF_MEMORY
 */
TEE_Result full_key_of(const struct session *session, const TEE_Param *param,
		       struct span *full_key);
TEE_Result full_prefix_of(const struct session *session, const TEE_Param *param,
			  struct span *full_prefix);
void full_key_free(struct span *full_key);

/*
 * Puts domain and NUL before a key of a request that was copied in, both to
 * `*to`, which moves behind them. There must be room before the key; the
 * request gives up what stood there.
 *
 * SECSTOR_ERROR_KEY
 */
TEE_Result full_key_at(const struct session *session, uint8_t **to,
		       struct span key, struct span *full_key);

/*
 * Copies a finished answer out and sets the reference's size.
 * TEE_ERROR_SHORT_BUFFER: the size is what it would take.
 */
TEE_Result copy_out(TEE_Param *param, const void *data, size_t size);

/* As copy_out(), but only looks whether there is room. */
TEE_Result check_room(TEE_Param *param, size_t size);

/* 64-bit numbers in value parameters. */
uint64_t value_u64(const TEE_Param *param);
void set_value_u64(TEE_Param *param, uint64_t number);

#endif /* SESSION_H */
