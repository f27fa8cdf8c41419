/* SPDX-License-Identifier: MIT */
/*
 * Stands before another blob store: counts the calls, and makes one of them
 * go wrong as the storage of a real device does.
 */
#ifndef FAULT_STORE_H
#define FAULT_STORE_H

#include "blob_store.h"

enum fault_call {
	FAULT_STAT = 1 << 0,
	FAULT_READ = 1 << 1,
	FAULT_WRITE = 1 << 2,
	FAULT_REMOVE = 1 << 3,
	FAULT_RENAME = 1 << 4,
	FAULT_MUTATIONS = FAULT_WRITE | FAULT_REMOVE | FAULT_RENAME,
	FAULT_ANY = FAULT_STAT | FAULT_READ | FAULT_MUTATIONS,
};

enum fault_kind {
	/* The call fails with the result and does nothing. */
	FAULT_FAIL,
	/* The call is carried out and then fails with the result. */
	FAULT_FAIL_AFTER,
	/* The power is cut before the call, or after it. */
	FAULT_CUT_BEFORE,
	FAULT_CUT_AFTER,
};

struct fault {
	enum fault_kind kind;
	/* Which calls are counted, FAULT_* ored. */
	unsigned int calls;
	/* It is the nth of them from now on; 1 is the next, 0: none. */
	uint64_t nth;
	/* And every later one as well. */
	bool all_later;
	TEE_Result result;
};

#define FAULT_MAX 4

struct fault_store {
	struct blob_store under;
	struct fault faults[FAULT_MAX];
	/* Whether a fault has come to pass. */
	bool hit;
	uint64_t stats;
	uint64_t reads;
	uint64_t writes;
	uint64_t removes;
	uint64_t renames;
	/* In calls that were carried out. */
	uint64_t read_bytes;
	uint64_t written_bytes;
};

/* The store as the core sees it. faults must outlive it. */
struct blob_store fault_store(struct fault_store *faults);

/* Sets the one thing that shall go wrong; NULL: nothing. */
void fault_arm(struct fault_store *faults, const struct fault *fault);

/* Sets one more thing that shall go wrong, at most FAULT_MAX. */
void fault_add(struct fault_store *faults, const struct fault *fault);

/* How many calls have changed the store. */
uint64_t fault_mutations(const struct fault_store *faults);

/* How many calls there were of any kind. */
uint64_t fault_calls(const struct fault_store *faults);

#endif /* FAULT_STORE_H */
