/* SPDX-License-Identifier: MIT */
/*
 * Faults to order: a file that the library in the supplicant maps and that
 * tests write says at which file operation what shall happen, and is told what
 * became of it. The host's side of it is faults.mjs.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#define FAULTS_FILE "/run/optee-machine/supplicant-faults"

/* So many operations are noted by name, enough for a value of 1 MiB. */
#define TRACE_SIZE 16384

enum fault_kind {
	FAULT_NONE,  /* operations are noted, no more */
	FAULT_ERROR, /* the operation fails, nothing of it is done */
	FAULT_SHORT, /* a write writes half and says so */
	FAULT_TORN,  /* a write writes half, and the machine stops */
	FAULT_STOP,  /* the machine stops before the operation */
	FAULT_KILL   /* the supplicant is killed before the operation */
};

struct fault_plan {
	_Atomic uint32_t kind;
	_Atomic uint32_t error;	 /* errno, of FAULT_ERROR */
	_Atomic uint64_t first;	 /* the first operation it strikes, from 1 */
	_Atomic uint64_t times;	 /* how many it strikes */
	_Atomic uint64_t seen;	 /* operations since the plan was written */
	_Atomic uint64_t struck; /* operations that were struck */
	char trace[TRACE_SIZE];	 /* the operations, one letter each */
};

/* The letters of the trace. */
enum operation {
	OPERATION_OPEN = 'o',
	OPERATION_READ = 'r',
	OPERATION_WRITE = 'w',
	OPERATION_SYNC = 's',
	OPERATION_TRUNCATE = 't',
	OPERATION_REMOVE = 'u',
	OPERATION_RENAME = 'n'
};

/*
 * Notes an operation that is about to be done. Returns what must happen to it,
 * of which only FAULT_SHORT and FAULT_TORN are the caller's to do, and these
 * are returned for writes only. FAULT_ERROR: errno is set. Does not return
 * where the machine stops or the supplicant is killed.
 */
enum fault_kind strike(enum operation operation);

/*
 * Takes the power away: Linux resets the machine without writing anything
 * back. Does not return.
 */
_Noreturn void stop_machine(void);

#endif /* FAULTS_H */
