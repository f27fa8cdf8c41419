/* SPDX-License-Identifier: MIT */
/* What fake_libteec.c understands; support/fake.ts has the same numbers. */
#ifndef FAKE_LIBTEEC_H
#define FAKE_LIBTEEC_H

/* Commands. */
enum {
	FAKE_INCREMENT,
	FAKE_COPY,
	FAKE_RESIZE,
	FAKE_RESIDUE,
	FAKE_SLEEP,
	FAKE_HANG,
	FAKE_TYPES,
	FAKE_RESULT,
	FAKE_PRINT,
	FAKE_COUNTER,
	FAKE_THREAD_NAME,
	FAKE_LATE_WRITE,
	FAKE_LOCATE,
	FAKE_WAIT, /* until FAKE_RELEASE is called */
	FAKE_RELEASE,
};

/* First part of the UUID given to TEEC_OpenSession. */
enum {
	FAKE_OPEN,
	FAKE_OPEN_HANGS,
	FAKE_OPEN_SLOW, /* until FAKE_RELEASE is called */
	FAKE_OPEN_REFUSED,
	FAKE_OPEN_ECHO,
};

/* Counters, for FAKE_COUNTER. */
enum {
	FAKE_CONTEXTS,
	FAKE_SESSIONS,
	FAKE_BLOCKS,
	FAKE_ALLOCATIONS,
	FAKE_NAPS,	  /* threads that wait for FAKE_RELEASE */
	FAKE_HANGS,	  /* threads that never return */
	FAKE_LATE_WRITES, /* made after the call, see fake_faults.h */
	FAKE_COUNTERS,
};

#define FAKE_REFUSAL 0x80001234u
#define TEEC_ERROR_NOT_SUPPORTED 0xffff000au

#endif
