/* SPDX-License-Identifier: MIT */
/* Binary search in whatever has keys in ascending order. */
#ifndef SEARCH_H
#define SEARCH_H

#include "bytes.h"

typedef struct span (*key_at)(const void *of, uint32_t n);

/* The first of `count` keys that is not below the given; *exact if equal. */
static inline uint32_t search(const void *of, uint32_t count, key_at key_of,
			      struct span key, bool *exact)
{
	uint32_t low = 0;
	uint32_t high = count;

	*exact = false;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = span_compare(key_of(of, middle), key);

		if (!order) {
			*exact = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The last key that is not above the given; the first, if all are. */
static inline uint32_t search_last(const void *of, uint32_t count,
				   key_at key_of, struct span key)
{
	bool exact = false;
	uint32_t n = search(of, count, key_of, key, &exact);

	return exact || !n ? n : n - 1;
}

#endif /* SEARCH_H */
