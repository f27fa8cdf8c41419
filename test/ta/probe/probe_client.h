/* SPDX-License-Identifier: MIT */
#ifndef PROBE_CLIENT_H
#define PROBE_CLIENT_H

#include "client.h"
#include "probe.h"

/* A session with the probe; it must open. */
struct client open_probe(void);

/* Runs a function within the probe, without parameters or with some memory. */
TEE_Result run(struct client *client,
	       TEE_Result (*function)(uint32_t types, TEE_Param *params));
TEE_Result run_with_memory(struct client *client,
			   TEE_Result (*function)(uint32_t types,
						  TEE_Param *params));

/* Runs it in a new session; it must panic, and the TA must load again. */
void check_panics(TEE_Result (*function)(uint32_t types, TEE_Param *params));

#endif /* PROBE_CLIENT_H */
