/* SPDX-License-Identifier: MIT */
/*
 * Objects in RAM: roots, leaves and smaller values, by owner and number. The
 * least recently used go first when the budget or the heap is exhausted. All
 * memory is wiped when it is given up.
 *
 * Who gets an object holds it and releases it; a held object is never freed or
 * moved.
 */
#ifndef CACHE_H
#define CACHE_H

#include "node.h"
#include "persistent.h"
#include "registry.h"

/* Half of the TA's memory: every request finds the other half free. */
#ifndef CACHE_BUDGET
#define CACHE_BUDGET (1536 * 1024)
#endif
/* How many objects there may be in memory at once. */
#ifndef CACHE_COUNT
#define CACHE_COUNT 256
#endif
/* Larger values are read again each time, not kept; nodes always are. */
#ifndef CACHE_VALUE_MAX
#define CACHE_VALUE_MAX (128 * 1024)
#endif

struct cached {
	struct cached *newer;
	struct cached *older;
	struct owner owner;
	uint64_t number;
	unsigned int holders;
	bool kept;
	/* Of a root: its twin is known to be equal. */
	bool settled;
	/* Of a root: what the list of owners said when it was asked last. */
	struct standing standing;
	/* Of a root: the stored one is to be compared before it is used. */
	bool doubted;
	/* Of a root: so much of its garbage is gone, from the front on. */
	uint32_t removed;
	/* A value has an image and a size only. */
	struct node node;
};

/*
 * A new object that is held once and not yet in the cache. On success it owns
 * what the node owns. NULL: no memory.
 */
struct cached *cached_new(const struct owner *owner, uint64_t number,
			  const struct node *node);

void cached_hold(struct cached *cached);

/* Frees the object when nobody else holds it and the cache has it not. */
void cached_release(struct cached *cached);

/* The cached object, held; or NULL. */
struct cached *cache_get(const struct owner *owner, uint64_t number);

/* Takes the object in, in place of an older one of the same number. */
void cache_add(struct cached *cached);

void cache_drop(const struct owner *owner, uint64_t number);
void cache_drop_owner(const struct owner *owner);
void cache_drop_all(void);

/* Gives up the least recently used object; false if all are held. */
bool cache_evict(void);

#endif /* CACHE_H */
