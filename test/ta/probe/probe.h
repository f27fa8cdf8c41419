/* SPDX-License-Identifier: MIT */
/*
 * A TA for tests of the software TEE itself: it runs whatever function a case
 * gives it, within a command.
 */
#ifndef PROBE_H
#define PROBE_H

#include "tee_internal_api.h"

/* What a command runs. Not of the TA, so it outlives the instance. */
extern TEE_Result (*probe_run)(uint32_t types, TEE_Param *params);

/* What TA_CreateEntryPoint returns. */
extern TEE_Result probe_create_result;

/* Calls of the entry points since the program began. */
extern struct probe_calls {
	unsigned int create;
	unsigned int destroy;
	unsigned int open;
	unsigned int close;
} probe_calls;

/* Of the TA: static variables with and without a value at the start. */
extern int probe_initialised; /* 42 */
extern int probe_zero;

#endif /* PROBE_H */
