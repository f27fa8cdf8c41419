/* SPDX-License-Identifier: MIT */
/*
 * The stored list of owners: one object for all, in two copies. Reading it
 * proves that objects can be read just now: while the supplicant can't open
 * files, out of descriptors say, each object that is looked at is deleted, so
 * before the last copy of anything is touched, this object, which nobody would
 * miss, is.
 */
#ifndef OWNER_LIST_H
#define OWNER_LIST_H

#include "registry.h"

struct owner_list {
	uint8_t *data; /* NULL: there is no list yet */
	size_t size;
};

/*
 * The list as it is stored now, to be given back with owner_list_free() in any
 * case.
 *
 * TEE_ERROR_STORAGE_NOT_AVAILABLE  objects can't be read at present
 * SECSTOR_ERROR_FORMAT             written by a newer TA
 */
TEE_Result owner_list_read(struct owner_list *list);
void owner_list_free(struct owner_list *list);

uint32_t owner_list_count(const struct owner_list *list);
struct listing owner_list_at(const struct owner_list *list, uint32_t n);

/* *n is the owner's place in the list, if it is there. */
bool owner_list_find(const struct owner_list *list, const struct owner *owner,
		     uint32_t *n);

/* Each stores the list as it is then; errors as persistent_write(). */
TEE_Result owner_list_change(const struct owner_list *list, uint32_t n,
			     const struct listing *listing);
TEE_Result owner_list_add(const struct owner_list *list,
			  const struct listing *listing);

/* No store that begins later gives a number up to `number` again. */
TEE_Result owner_list_remove(const struct owner_list *list, uint32_t n,
			     uint64_t number);

/* Whether there was a list when it was looked for last. */
bool owner_list_is_there(void);

/* The number above which a store begins that has none, as was read last. */
uint64_t owner_list_floor(void);

/* A number that no store has come to, where nothing stored tells of any. */
uint64_t owner_list_new_floor(void);

/* To be called when an invoke ends: what was proven holds no longer. */
void owner_list_end(void);

/* Restores the list's primary if it was found lost. Part of a change. */
TEE_Result owner_list_heal(void);

struct inspection;

/* Looks at both copies of the list, see twins_inspect(). */
TEE_Result owner_list_inspect(bool repair, struct inspection *inspection);

#endif /* OWNER_LIST_H */
