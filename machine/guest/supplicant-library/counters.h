/* SPDX-License-Identifier: MIT */
/*
 * What the tee-supplicant did since the machine started: a file that the
 * library in the supplicant maps and others read. Each counter carries its
 * name, so readers need no list of their own.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#define COUNTERS_FILE "/run/optee-machine/supplicant-counters"

struct counter {
	char name[24];
	_Atomic uint64_t value;
};

enum counter_id {
	/* Requests of the secure world: all of them, and each kind. */
	COUNT_REQUESTS,
	COUNT_LOAD_TA,
	COUNT_RPMB,
	COUNT_SHM_ALLOC,
	COUNT_SHM_FREE,
	COUNT_OTHER_REQUESTS,
	COUNT_STORAGE_OPEN,
	COUNT_STORAGE_CREATE,
	COUNT_STORAGE_CLOSE,
	COUNT_STORAGE_READ,
	COUNT_STORAGE_WRITE,
	COUNT_STORAGE_TRUNCATE,
	COUNT_STORAGE_REMOVE,
	COUNT_STORAGE_RENAME,
	COUNT_STORAGE_OPENDIR,
	COUNT_STORAGE_CLOSEDIR,
	COUNT_STORAGE_READDIR,
	COUNT_OTHER_STORAGE,
	/* What was asked of the file system to serve them. */
	COUNT_FILE_OPENS,
	COUNT_FILE_READS,
	COUNT_FILE_WRITES,
	COUNT_SYNC_WRITES,
	COUNT_FSYNCS,
	COUNT_FILE_TRUNCATES,
	COUNT_FILE_REMOVES,
	COUNT_FILE_RENAMES,
	COUNTER_TOTAL
};

/* Adds one to a counter. Where the file could not be mapped, does nothing. */
void count(enum counter_id id);

#endif /* COUNTERS_H */
