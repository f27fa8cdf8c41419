// SPDX-License-Identifier: MIT
/*
 * Shared memory of the TEE Client API: with a TEE in the same process, plain
 * memory.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tee_client_api_rest.h"

#define EXPORT __attribute__((visibility("default")))

static bool are_flags(uint32_t flags)
{
	return flags && !(flags & ~(TEEC_MEM_INPUT | TEEC_MEM_OUTPUT));
}

EXPORT TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context *context,
					     TEEC_SharedMemory *sharedMem)
{
	if (!context || !sharedMem || !are_flags(sharedMem->flags))
		return TEEC_ERROR_BAD_PARAMETERS;
	/* An empty block is a block, not a failure. */
	sharedMem->buffer = calloc(1, sharedMem->size ? sharedMem->size : 1);
	if (!sharedMem->buffer)
		return TEEC_ERROR_OUT_OF_MEMORY;
	memset(&sharedMem->imp, 0, sizeof(sharedMem->imp));
	sharedMem->imp.shadow_buffer = sharedMem->buffer;
	return TEEC_SUCCESS;
}

EXPORT TEEC_Result TEEC_RegisterSharedMemory(TEEC_Context *context,
					     TEEC_SharedMemory *sharedMem)
{
	if (!context || !sharedMem || !sharedMem->buffer ||
	    !are_flags(sharedMem->flags))
		return TEEC_ERROR_BAD_PARAMETERS;
	memset(&sharedMem->imp, 0, sizeof(sharedMem->imp));
	return TEEC_SUCCESS;
}

EXPORT void TEEC_ReleaseSharedMemory(TEEC_SharedMemory *sharedMem)
{
	if (!sharedMem)
		return;
	/* What the client registered stays the client's. */
	if (sharedMem->imp.shadow_buffer) {
		free(sharedMem->imp.shadow_buffer);
		sharedMem->buffer = NULL;
	}
	memset(&sharedMem->imp, 0, sizeof(sharedMem->imp));
	sharedMem->size = 0;
}
