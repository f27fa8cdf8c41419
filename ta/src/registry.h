/* SPDX-License-Identifier: MIT */
/*
 * What owners may have. An owner that is in the list (owner_list.h) has a root;
 * one whose root is gone has lost it and is not a new owner. The list says how
 * many objects each may have, so that all of them together stay within what
 * OP-TEE can bear.
 *
 * Objects are counted in pairs: each has its twin.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "persistent.h"

/* What the list says of an owner. */
struct standing {
	bool listed;
	bool has_place; /* it is listed, or there is room to list it */
	uint32_t pairs; /* so many objects it may have at present */
};

/* An owner of the list. */
struct listing {
	struct owner owner;
	uint32_t pairs;
};

/* All that the owners share. */
struct budget {
	uint32_t owners;
	uint32_t pairs; /* promised to them */
};

/* An owner whose id is not known, or one of a great many, shares a pool. */
bool registry_has_own_place(const struct owner *owner);

/*
 * What the list says, asked of the storage now.
 *
 * TEE_ERROR_STORAGE_NOT_AVAILABLE  objects can't be read at present
 * SECSTOR_ERROR_FORMAT             written by a newer TA
 */
TEE_Result registry_ask(const struct owner *owner, struct standing *standing);

/*
 * Lets the owner have `want` pairs, and some more in advance; of less than it
 * may have now, takes the rest away from it. An owner that is not listed gets
 * the promise only. Errors as registry_ask() and persistent_write(), and
 * SECSTOR_ERROR_FULL if that would leave too little for others.
 */
TEE_Result registry_grant(const struct owner *owner, uint32_t want,
			  struct standing *standing);

/*
 * Lists an owner that has a root, with so many pairs. Errors as above, and
 * SECSTOR_ERROR_NO_PLACE if there are too many owners.
 */
TEE_Result registry_add(const struct owner *owner, uint32_t pairs);

/*
 * Takes an owner off the list. No store that begins later gives a number up to
 * `number` again. TEE_ERROR_ITEM_NOT_FOUND: it is not listed.
 */
TEE_Result registry_remove(const struct owner *owner, uint64_t number);

/*
 * The listed owner that comes next after `after`, the first if that is NULL.
 * TEE_ERROR_ITEM_NOT_FOUND: there is none. *budget may be NULL.
 */
TEE_Result registry_next(const struct owner *after, struct listing *listing,
			 struct budget *budget);

#endif /* REGISTRY_H */
