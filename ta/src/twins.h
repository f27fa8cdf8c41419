/* SPDX-License-Identifier: MIT */
/*
 * Objects in two copies, primary and twin, so that one damaged file loses
 * nothing. A write goes to the twin first: when the primary says that a change
 * has happened, both copies have it.
 */
#ifndef TWINS_H
#define TWINS_H

#include "persistent.h"

/*
 * Judges what was read and, on success, takes the memory over. Else:
 * TEE_ERROR_CORRUPT_OBJECT (the other copy is tried), or any other error,
 * which is reported as it is.
 */
typedef TEE_Result (*twins_accept)(uint8_t *data, size_t size, void *context);

/*
 * Reads an object, from the primary if it can be had. Nothing is written: a
 * lost primary is noted, for twins_heal().
 *
 * TEE_ERROR_ITEM_NOT_FOUND     neither copy exists, and none is known to have
 * TEE_ERROR_CORRUPT_OBJECT     both are lost
 * TEE_ERROR_STORAGE_NOT_AVAILABLE, TEE_ERROR_OUT_OF_MEMORY, what accept says
 */
TEE_Result twins_read(const struct owner *owner, uint64_t number,
		      twins_accept accept, void *context);

/*
 * Makes the twin equal to the primary, whose content is given. The storage
 * must be known to be readable (registry.h).
 */
TEE_Result twins_equalize(const struct owner *owner, uint64_t number,
			  const void *data, size_t size);

/* Replaces or creates both copies, the twin first. */
TEE_Result twins_write(const struct owner *owner, uint64_t number,
		       const void *data, size_t size);

/* Removes both copies as far as they exist. */
TEE_Result twins_remove(const struct owner *owner, uint64_t number);

/*
 * Restores the owner's primaries that reading found lost. Done with changes,
 * because a write that fails may cost the TA its life, and reading must go on
 * with a full disk.
 */
TEE_Result twins_heal(const struct owner *owner);

/* How many lost copies were restored since the TA was loaded. */
uint32_t twins_healed(void);

#endif /* TWINS_H */
