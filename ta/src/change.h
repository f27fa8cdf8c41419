/* SPDX-License-Identifier: MIT */
/* Changes of an owner's keys, each call all or nothing. */
#ifndef CHANGE_H
#define CHANGE_H

#include "lookup.h"

struct change {
	struct span key; /* full key */
	bool remove;
	struct span value;
	uint64_t expected; /* SECSTOR_REVISION_* or a revision */
	uint64_t revision; /* out: the new one; of a removal the old one */
	struct record old; /* what was there, without its value */
	bool existed;
};

/*
 * Makes the changes, of which no two have one key. `order` has all of them by
 * ascending key.
 *
 * SECSTOR_ERROR_EXISTS, SECSTOR_ERROR_CONFLICT  an expectation failed
 * SECSTOR_ERROR_QUOTA
 * TEE_ERROR_CORRUPT_OBJECT     what a key has now is lost
 * TEE_ERROR_STORAGE_NO_SPACE, TEE_ERROR_OUT_OF_MEMORY, ...
 *
 * On an error *failed is the index of the change it is about, or
 * SECSTOR_INDEX_NONE.
 */
TEE_Result change_apply(const struct owner *owner, struct change *changes,
			struct change *const *order, uint32_t count,
			uint32_t *failed);

/* The same for one change. */
TEE_Result change_one(const struct owner *owner, struct change *change);

/*
 * Removes every key with the prefix, which is a domain and NUL at least, and
 * forgets what was lost under it. *removed counts the keys that were there;
 * *left tells that objects of theirs still wait to be removed.
 */
TEE_Result change_clear(const struct owner *owner, struct span prefix,
			uint32_t *removed, bool *left);

#endif /* CHANGE_H */
