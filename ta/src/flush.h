/* SPDX-License-Identifier: MIT */
/* Moving records out of the root, down to the leaves of their ranges. */
#ifndef FLUSH_H
#define FLUSH_H

#include "draft.h"

/*
 * Before any change to the draft: moves records down so that the root has
 * room for `size` bytes more. Readers see no difference.
 */
TEE_Result flush_for(struct draft *draft, size_t size);

/*
 * After the changes: moves records of a large batch down to new leaves, which
 * the commit makes visible.
 */
TEE_Result flush_batch(struct draft *draft);

#endif /* FLUSH_H */
