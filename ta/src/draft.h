/* SPDX-License-Identifier: MIT */
/*
 * The next root of an owner, in the making. Objects that it will refer to are
 * written before it; then it is written, which is the one moment at which all
 * of a change happens; then what it no longer refers to is removed.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include "lookup.h"
#include "registry.h"

/*
 * Size, without the index, at which a root hands records down to leaves: three
 * blocks of OP-TEE's storage, less the object's own header there (24 bytes).
 */
#ifndef ROOT_SIZE
#define ROOT_SIZE (3 * 4096 - 24)
#endif
/* A batch beyond this is written to leaves at once. */
#ifndef ROOT_SIZE_OF_BATCH
#define ROOT_SIZE_OF_BATCH (64 * 1024)
#endif

struct draft {
	const struct owner *owner;
	struct cached *root; /* as it is */
	struct standing standing;
	uint32_t pairs; /* of objects that are stored, new ones too */
	/* A store that is empty in the end shall cost nothing. */
	bool may_end;
	struct node_header head;
	struct index_entry *index;
	struct record *records;
	uint64_t *garbage;
	struct text *texts; /* memory of separators */
	uint32_t index_room;
	uint32_t record_room;
	uint32_t garbage_room;
};

/*
 * Begins with the root as it is, which is made sure to be the stored one, and
 * with its twin known to be equal.
 */
TEE_Result draft_begin(struct draft *draft, const struct owner *owner);

/* Takes over what the root has; draft_begin() does it. */
TEE_Result draft_copy_entries(struct draft *draft);

/* Frees the draft's memory, not what it has written. */
void draft_end(struct draft *draft);

/*
 * Ends by making the draft the root, and removes its garbage. On an error
 * the storage is asked which root stands, and if that is the draft, the
 * change has happened: TEE_SUCCESS. Else what the draft had written is
 * removed again as far as that can be done.
 */
TEE_Result draft_commit(struct draft *draft);

/* Ends with nothing to change. */
TEE_Result draft_leave(struct draft *draft);

/* Ends with the root as it was; `res` is handed through. */
TEE_Result draft_abandon(struct draft *draft, TEE_Result res);

/*
 * The number for a new object of the owner's.
 *
 * SECSTOR_ERROR_NO_PLACE  there are too many owners
 * SECSTOR_ERROR_FULL      there are too many objects, of all owners
 */
TEE_Result draft_new_number(struct draft *draft, uint64_t *number);

/* Makes the text last as long as the draft. */
TEE_Result draft_keep_text(struct draft *draft, struct span *text);

/* The object goes when the draft is committed. */
TEE_Result draft_add_garbage(struct draft *draft, uint64_t number);

/* Puts a range in, before the n-th one. */
TEE_Result draft_insert_range(struct draft *draft, uint32_t n,
			      const struct index_entry *entry);

/* Sees to it that there is a range: all keys are in it, if it is the first. */
TEE_Result draft_need_range(struct draft *draft);

/* Takes the n-th range out; the one before takes over its keys. */
void draft_remove_range(struct draft *draft, uint32_t n);

/* Takes `count` records out, from the n-th on. */
void draft_take_records(struct draft *draft, uint32_t n, uint32_t count);

/* Puts a record in its place by key, over one with the same key. */
TEE_Result draft_put_record(struct draft *draft, const struct record *record);

/* Takes out the record with this key, if any. */
void draft_remove_record(struct draft *draft, struct span key);

/* The place of the first record not below the key; *exact if equal. */
uint32_t draft_find(const struct draft *draft, struct span key, bool *exact);

/* The range of the index that the key falls into; there must be one. */
uint32_t draft_find_range(const struct draft *draft, struct span key);

/* The size of the root that the draft would make, without index and garbage. */
size_t draft_size(const struct draft *draft);

/* Whether there are as many leaves and values as there may be. */
bool draft_is_full(const struct draft *draft);

/* Whether the changes make an index that is beyond its limit. */
bool draft_index_is_too_large(const struct draft *draft);

#endif /* DRAFT_H */
