/* SPDX-License-Identifier: MIT */
/* How large the leaves of a store are, and how one is written. */
#ifndef LEAF_H
#define LEAF_H

#include "draft.h"

/*
 * The most that a leaf of this store holds, in bytes, and the largest value
 * that is kept inline. The more objects a store has, the more each may hold:
 * OP-TEE's cost for every access grows with the number of objects.
 */
size_t leaf_max(const struct draft *draft);
size_t leaf_inline_max(const struct draft *draft);

/*
 * Writes the leaf of an index entry and puts it into the cache. The number is
 * a new one; or that of the leaf `before`, which has no key that this one has
 * not, and of which only the parts are written that differ where they are few.
 */
TEE_Result leaf_write(struct draft *draft, struct index_entry *entry,
		      const struct record *records, uint32_t count,
		      const struct node *before);

#endif /* LEAF_H */
