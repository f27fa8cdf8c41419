/* SPDX-License-Identifier: MIT */
/* What OP-TEE's TA development kit wants to know of the TA. */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

#include <secstor_ta.h>

#include "version.h"

#define TA_UUID SECSTOR_TA_UUID

/*
 * One instance for all sessions makes the cache coherent and changes serial;
 * kept alive, the next process finds the cache warm.
 */
#define TA_FLAGS                                                               \
	(TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION |                     \
	 TA_FLAG_INSTANCE_KEEP_ALIVE)

#define TA_STACK_SIZE (8 * 1024)
/*
 * The memory of requests and the cache (mem.c) and what sessions take. A put
 * that returns the previous value holds two values of 1 MiB.
 */
#ifndef TA_DATA_SIZE
#define TA_DATA_SIZE (3 * 1024 * 1024 - 64 * 1024)
#endif

#define TA_VERSION                                                             \
	VERSION_TEXT(VERSION_MAJOR)                                            \
	"." VERSION_TEXT(VERSION_MINOR) "." VERSION_TEXT(VERSION_PATCH)
#define TA_DESCRIPTION "Secure storage of string keys, one namespace per user"

#endif /* USER_TA_HEADER_DEFINES_H */
