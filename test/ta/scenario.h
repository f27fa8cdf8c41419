/* SPDX-License-Identifier: MIT */
/*
 * Stores in various states and operations on them, for sweeps: each operation
 * is done again and again while one thing after the other goes wrong, and
 * what is stored must be what it was before, or what it is without a fault.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "client.h"
#include "map_store.h"

struct scenario {
	const char *name;
	/* Does it in alice's domain "default". */
	TEE_Result (*run)(struct client *client);
	/* It changes what is stored. */
	bool changes;
	/* What it stores is not the same each time. */
	bool random;
	/* One of each kind of change: enough where a fixture is for changes. */
	bool typical;
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

/* How the operations find the store. */
struct fixture {
	const char *name;
	void (*make)(void);
	/* It differs from others for changes only. */
	bool typical;
};

extern const struct fixture fixtures[];
extern const size_t fixture_count;

/* Which of the two is found in the end; both where they are the same. */
enum found { BEFORE = 1, AFTER = 2, EITHER = BEFORE | AFTER };

/* What is stored, and what a TA finds there that has just started. */
struct looked_at {
	struct map_store map;
	unsigned int found;
};

/* A scenario on a fixture, and what may be found in the end. */
struct sweep {
	const struct scenario *scenario;
	struct map_store start;
	struct bytes before;
	struct bytes after;
	/* What belongs to others. */
	struct bytes other_user;
	struct bytes other_domain;
	struct looked_at *looked_at;
	size_t looked_at_count;
};

struct sweep sweep_begin(const struct scenario *scenario,
			 const struct fixture *fixture);
void sweep_end(struct sweep *sweep);

/* Puts the device back to the start. A new session, with a cache or cold. */
struct client sweep_restart(const struct sweep *sweep, bool warm);

/* The store is as it was before, or as it is after the operation. */
void sweep_check(const struct sweep *sweep, enum found allowed);

/* Everything works: a change is made, read and undone. */
void sweep_check_working(const struct sweep *sweep);

/* Whether a blob is the primary copy (0) or the twin (1) of one of alice's. */
bool is_copy_of_alice(const struct map_blob *blob, uint8_t copy);

/*
 * Restarts the TA, which then knows nothing but what is stored, and does both
 * checks, and the first one without the primary copies and without the twins;
 * but what is stored for a second time is not looked at again.
 */
void sweep_check_restarted(struct sweep *sweep, enum found allowed);

/* Calls a function for every scenario and fixture. */
void sweep_all(void (*run)(struct sweep *sweep), bool changes_only);

#endif /* SCENARIO_H */
