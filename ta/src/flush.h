/* SPDX-License-Identifier: MIT */
/* Moving records out of the root, down to the leaves of their ranges. */
#ifndef FLUSH_H
#define FLUSH_H

#include "ranges.h"

/*
 * Stores range n, which was merged. A small one is joined with a neighbour if
 * the two leave room in a leaf, so that leaves that were emptied don't stay.
 */
TEE_Result flush_store(struct draft *draft, uint32_t n,
		       const struct merged *merged, bool replace);

/*
 * Before any change to the draft: moves records down so that the root has
 * room for `size` bytes more. Readers see no difference.
 */
TEE_Result flush_for(struct draft *draft, size_t size);

/*
 * While a large batch is made, range by range: moves the records of range n
 * down to new leaves if the root has more than a batch may leave in it.
 */
TEE_Result flush_range_of_batch(struct draft *draft, uint32_t n);

/*
 * After the changes: moves records of a large batch down to new leaves, which
 * the commit makes visible.
 */
TEE_Result flush_batch(struct draft *draft);

#endif /* FLUSH_H */
