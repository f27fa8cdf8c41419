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

/* As twins_read(), into the caller's memory; of another size: damaged. */
TEE_Result twins_read_into(const struct owner *owner, uint64_t number,
			   uint8_t *data, size_t size);

/*
 * Makes the twin equal to the primary, whose content is given. The storage
 * must be known to be readable (registry.h).
 */
TEE_Result twins_equalize(const struct owner *owner, uint64_t number,
			  const void *data, size_t size);

/*
 * Reads the first bytes of an object. Results as twins_read(), but nothing is
 * noted.
 */
TEE_Result twins_peek(const struct owner *owner, uint64_t number, uint8_t *head,
		      size_t size);

/* What a look at objects has come to. */
struct inspection {
	uint32_t objects;
	uint32_t damaged; /* copies that were lost beside a sound one */
	uint32_t healed;  /* of them */
	uint32_t lost;	  /* objects of which both copies are lost */
	size_t bytes;	  /* that were read */
};

/* So much of an object is judged by its content. */
#define INSPECTED_SIZE 72

/*
 * Whether the first bytes, of INSPECTED_SIZE or the whole object if it is
 * shorter, are those of the object that is meant. `object_size` is all of it.
 */
typedef bool (*twins_judge)(const uint8_t *head, size_t size,
			    size_t object_size, const void *context);

/*
 * Looks at every byte of both copies of an object, and with `repair` makes a
 * lost one again from the other. OP-TEE removes what it finds damaged in any
 * case. The first errors that are about more than this object are returned.
 */
TEE_Result twins_inspect(const struct owner *owner, uint64_t number,
			 twins_judge judge, const void *context, bool repair,
			 struct inspection *inspection);

/*
 * Looks at the twin alone and makes it again if it is lost. The storage must be
 * known to be readable (registry.h).
 */
TEE_Result twins_inspect_twin(const struct owner *owner, uint64_t number,
			      twins_judge judge, const void *context);

/* Replaces or creates both copies, the twin first. */
TEE_Result twins_write(const struct owner *owner, uint64_t number,
		       const void *data, size_t size);

/*
 * As twins_write(), but writes only parts, the header first among them, where
 * a copy is as it was before. Its header differs from every other one.
 */
TEE_Result twins_patch(const struct owner *owner, uint64_t number,
		       const struct patch *patch);

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
