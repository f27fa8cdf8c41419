/* SPDX-License-Identifier: MIT */
/* The ranges of a draft's index: what is in one, and putting it elsewhere. */
#ifndef RANGES_H
#define RANGES_H

#include "draft.h"

/* The keys of a range as they stand: the root's records over the leaf's. */
struct merged {
	struct record *records;
	uint32_t count;
	uint32_t room;
	bool appended; /* all of the root's keys come after the leaf's */
	struct cached *leaf;
};

/* Where the root's records for a range begin, and how many there are. */
uint32_t range_records(const struct draft *draft, uint32_t n, uint32_t *count);

/*
 * Merges range n. The entries last until merged_free().
 *
 * TEE_ERROR_CORRUPT_OBJECT: the range is lost.
 */
TEE_Result range_merge(struct draft *draft, uint32_t n, struct merged *merged);

void merged_free(struct merged *merged);

/*
 * Moves what was merged into the range's leaf, or into new leaves if it does
 * not fit one or readers must not see it before the commit (`replace`, which
 * is so when keys are missing). The root's records of the range go.
 */
TEE_Result range_store(struct draft *draft, uint32_t n,
		       const struct merged *merged, bool replace);

/*
 * Makes one of neighbours that are empty, and of neighbours that are lost. An
 * empty one is not given to a leaf: that may be lost, and nobody knows yet.
 */
void ranges_tidy(struct draft *draft);

/* Marks range n as lost for good. */
TEE_Result range_mark_lost(struct draft *draft, uint32_t n);

#endif /* RANGES_H */
