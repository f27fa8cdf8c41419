/* SPDX-License-Identifier: MIT */
/*
 * An owner's keys as they stand: the root's records over those of the leaves.
 * All keys here are full keys. Everything found is held in memory until it is
 * released.
 */
#ifndef LOOKUP_H
#define LOOKUP_H

#include "cache.h"

#define ROOT_NUMBER 0

/*
 * Never leaves the TA: the stored root is another than the one in memory,
 * because somebody has put another storage in its place. What was in memory is
 * dropped, and the command is to begin again.
 */
#define STORE_CHANGED 0x8053ffffu

struct found {
	struct record record;
	struct cached *holder; /* what the record's bytes belong to */
};

void found_release(struct found *found);

/*
 * Releases what a record of an object was found in; its key is gone then. A
 * held node can't make way in memory for a value that is large.
 */
void found_leave_node(struct found *found);

/*
 * The owner's root; an empty one if nothing was ever stored. Where both copies
 * are gone it is one that knows everything as lost.
 *
 * SECSTOR_ERROR_FORMAT, TEE_ERROR_OUT_OF_MEMORY,
 * TEE_ERROR_STORAGE_NOT_AVAILABLE
 */
TEE_Result lookup_root(const struct owner *owner, struct cached **root);

/*
 * Compares the root in memory, if there is one, with the stored one, once in
 * an invoke. Before anything is declared lost and before anything is written,
 * they have to be the same.
 *
 * STORE_CHANGED                    they are not
 * TEE_ERROR_STORAGE_NOT_AVAILABLE  and others: it can't be said
 */
TEE_Result lookup_confirm(const struct owner *owner);

/* The next lookup_root() of the owner compares first. */
void lookup_doubt(const struct owner *owner);

/*
 * To be called when an invoke ends. That there is no store, or that it is lost,
 * is not remembered: its file system may be mounted later.
 */
void lookup_end(void);

/*
 * The leaf of an index entry, whose range ends before the separator of the
 * next entry, an empty one if there is none.
 *
 * TEE_ERROR_CORRUPT_OBJECT: it is lost, or older than the entry or newer than
 * the root says, or has keys that are not in the range.
 */
TEE_Result lookup_leaf(const struct owner *owner, const struct node *root,
		       const struct index_entry *entry, struct span end,
		       struct cached **leaf);

/*
 * The bytes of a value. For RECORD_OBJECT, *holder is to be released after
 * use; else it is NULL and the bytes belong to what holds the record.
 */
TEE_Result lookup_value(const struct owner *owner, const struct record *record,
			struct span *value, struct cached **holder);

/* As lookup_value(), copied to memory with room for the record's value. */
TEE_Result lookup_value_into(const struct owner *owner,
			     const struct record *record, uint8_t *to);

/*
 * TEE_ERROR_ITEM_NOT_FOUND  no such key
 * TEE_ERROR_CORRUPT_OBJECT  whether there is such a key is lost
 */
TEE_Result lookup_key(const struct owner *owner, struct span key,
		      struct found *found);

/*
 * The first key that starts with the prefix and is above the key given, or
 * not below it where `inclusive`.
 *
 * TEE_ERROR_ITEM_NOT_FOUND  there is none
 * TEE_ERROR_CORRUPT_OBJECT  the next key may be a lost one
 */
TEE_Result lookup_next(const struct owner *owner, struct span prefix,
		       struct span key, bool inclusive, struct found *found);

#endif /* LOOKUP_H */
