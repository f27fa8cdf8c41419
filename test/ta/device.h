/* SPDX-License-Identifier: MIT */
/*
 * The device that a case runs on: storage in memory that outlives power cuts,
 * with faults to order, and the software TEE with the TA. It is there, empty
 * and switched on, when a case begins; when it ends, the TA is unloaded.
 * Whatever OP-TEE would let pass but a good TA does not do fails the case.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>

#include "fault_store.h"
#include "map_store.h"
#include "soft_tee.h"

struct device {
	struct map_store map;
	struct fault_store faults;
	struct blob_store store;
	/* Of the OP-TEE, from the next time that it is switched on. */
	enum soft_tee_age age;
	size_t core_heap;
	/* What violation was seen last, where a case expects one; or NULL. */
	const char *violation;
	bool violation_expected;
};

extern struct device device;

/* Where in an object ID (docs/storage-format.md) the number of the copy is. */
#define COPY_AT 1
/* And the login type of the owner; 0: the TA itself. */
#define LOGIN_AT 2
/* And the last byte of the owner's UUID. */
#define LAST_OF_UUID_AT 18

/* Power off and on again: the TA is gone without a word. */
void device_power_cycle(void);

/* Shuts down in good order and starts again: every cache is cold. */
void device_restart(void);

/* How many objects there are that belong to an owner. */
size_t device_owned_objects(void);

/*
 * Orders the n-th of all power cuts amid changes: before the first change from
 * now on, after it, before the second one, and so on.
 */
void device_cut_in_turn(size_t n);

/* Puts the storage back to what a copy of it was; the TA is gone. */
void device_restore(const struct map_store *copy);

/*
 * The same while the TA is loaded and its sessions are open: somebody puts
 * another directory in the place of the storage, or mounts what was not there
 * before; with NULL, an empty one.
 */
void device_swap(const struct map_store *copy);

#endif /* DEVICE_H */
