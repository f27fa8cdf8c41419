/* SPDX-License-Identifier: MIT */
/*
 * libteec.so.1 as it was before OP-TEE 4.2, for a machine that has a newer one:
 * the interface and the layout are the old library's, the work is done by the
 * new one, which lies where no program looks for it. Debian has no package of
 * the old library.
 *
 * The two differ in TEEC_SharedMemory alone, whose fields behind the public
 * ones end 8 bytes earlier here. All 48 bytes are written, so that a client
 * which counts on others in them does not work.
 *
 * UNDERLYING is the file of the new library.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tee_client_api.h"

#define EXPORT __attribute__((visibility("default")))

struct older_shared_memory {
	void *buffer;
	size_t size;
	uint32_t flags;
	int id;
	size_t alloced_size;
	void *shadow_buffer;
	int registered_fd;
	bool buffer_allocated;
};

_Static_assert(sizeof(struct older_shared_memory) == 48, "as in OP-TEE 4.1");
_Static_assert(sizeof(TEEC_SharedMemory) == 56, "as in OP-TEE 4.2");

/* Parents as the client gave them, during one call. */
struct parents {
	TEEC_SharedMemory *of[TEEC_CONFIG_PAYLOAD_REF_COUNT];
};

static void *underlying;
static pthread_once_t loaded = PTHREAD_ONCE_INIT;

static void load(void)
{
	underlying = dlopen(UNDERLYING, RTLD_NOW | RTLD_LOCAL);
	if (!underlying) {
		fprintf(stderr, "%s\n", dlerror());
		abort();
	}
}

static void *function(const char *name)
{
	void *found = NULL;

	pthread_once(&loaded, load);
	found = dlsym(underlying, name);
	if (!found)
		abort();
	return found;
}

#define UNDER(name) ((__typeof__(name) *)function(#name))

static bool refers_to_block(const TEEC_Operation *operation, unsigned int n)
{
	uint32_t type = (operation->paramTypes >> (4 * n)) & 0xf;

	return type >= TEEC_MEMREF_WHOLE && type <= TEEC_MEMREF_PARTIAL_INOUT;
}

/* The new library's block stands behind each of the client's. */
static void exchange_parents(TEEC_Operation *operation, struct parents *parents)
{
	for (unsigned int n = 0; n < TEEC_CONFIG_PAYLOAD_REF_COUNT; n++) {
		TEEC_RegisteredMemoryReference *memref = NULL;
		struct older_shared_memory *older = NULL;

		if (!operation || !refers_to_block(operation, n))
			continue;
		memref = &operation->params[n].memref;
		parents->of[n] = memref->parent;
		older = (struct older_shared_memory *)(void *)memref->parent;
		memref->parent = older->shadow_buffer;
	}
}

static void restore_parents(TEEC_Operation *operation,
			    const struct parents *parents)
{
	for (unsigned int n = 0; n < TEEC_CONFIG_PAYLOAD_REF_COUNT; n++)
		if (operation && refers_to_block(operation, n))
			operation->params[n].memref.parent = parents->of[n];
}

EXPORT TEEC_Result TEEC_InitializeContext(const char *name,
					  TEEC_Context *context)
{
	return UNDER(TEEC_InitializeContext)(name, context);
}

EXPORT void TEEC_FinalizeContext(TEEC_Context *context)
{
	UNDER(TEEC_FinalizeContext)(context);
}

EXPORT TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context *context,
					     TEEC_SharedMemory *memory)
{
	struct older_shared_memory *older = (void *)memory;
	TEEC_SharedMemory *block = calloc(1, sizeof(*block));
	TEEC_Result result = TEEC_ERROR_OUT_OF_MEMORY;

	if (!block)
		return result;
	block->size = older->size;
	block->flags = older->flags;
	result = UNDER(TEEC_AllocateSharedMemory)(context, block);
	if (result != TEEC_SUCCESS) {
		free(block);
		return result;
	}
	*older = (struct older_shared_memory){
		.buffer = block->buffer,
		.size = block->size,
		.flags = block->flags,
		.id = block->imp.id,
		.alloced_size = block->imp.alloced_size,
		.shadow_buffer = block,
		.registered_fd = -1,
		.buffer_allocated = true,
	};
	return TEEC_SUCCESS;
}

EXPORT void TEEC_ReleaseSharedMemory(TEEC_SharedMemory *memory)
{
	struct older_shared_memory *older = (void *)memory;

	if (!older || !older->shadow_buffer)
		return;
	UNDER(TEEC_ReleaseSharedMemory)(older->shadow_buffer);
	free(older->shadow_buffer);
	memset(older, 0, sizeof(*older));
}

EXPORT TEEC_Result TEEC_OpenSession(TEEC_Context *context,
				    TEEC_Session *session,
				    const TEEC_UUID *destination,
				    uint32_t method, const void *data,
				    TEEC_Operation *operation, uint32_t *origin)
{
	struct parents parents = { { NULL } };
	TEEC_Result result = TEEC_ERROR_GENERIC;

	exchange_parents(operation, &parents);
	result = UNDER(TEEC_OpenSession)(context, session, destination, method,
					 data, operation, origin);
	restore_parents(operation, &parents);
	return result;
}

EXPORT void TEEC_CloseSession(TEEC_Session *session)
{
	UNDER(TEEC_CloseSession)(session);
}

EXPORT TEEC_Result TEEC_InvokeCommand(TEEC_Session *session, uint32_t command,
				      TEEC_Operation *operation,
				      uint32_t *origin)
{
	struct parents parents = { { NULL } };
	TEEC_Result result = TEEC_ERROR_GENERIC;

	exchange_parents(operation, &parents);
	result = UNDER(TEEC_InvokeCommand)(session, command, operation, origin);
	restore_parents(operation, &parents);
	return result;
}
