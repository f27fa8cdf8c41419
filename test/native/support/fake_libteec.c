/* SPDX-License-Identifier: MIT */
/*
 * A libteec that does what a test tells it, for what no real TEE does on
 * demand: calls that never return, odd results, sizes larger than the room, and
 * the older of the two layouts. It proves nothing about OP-TEE.
 *
 * FAKE_OLD_LAYOUT makes it libteec.so.1, whose TEEC_SharedMemory ends 8 bytes
 * earlier.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_faults.h"
#include "fake_libteec.h"
#include "tee_client_api.h"

#define EXPORT __attribute__((visibility("default")))

/* Public fields, then what the library keeps for itself. */
struct shared_memory {
	void *buffer;
	size_t size;
	uint32_t flags;
#ifdef FAKE_OLD_LAYOUT
	int id;
	size_t alloced_size;
	void *shadow_buffer;
	int registered_fd;
	uint8_t own_flags;
#else
	struct {
		int id;
		size_t alloced_size;
		void *shadow_buffer;
		int registered_fd;
		uint32_t flags;
	} imp;
#endif
};

static atomic_uint counters[FAKE_COUNTERS];
static atomic_uint releases;
/* The block that operations had their slices in, of whichever session. */
static TEEC_SharedMemory *_Atomic last_block;

static void nap(uint32_t ms)
{
	usleep(ms * 1000);
}

static void wait_for_release(void)
{
	counters[FAKE_NAPS]++;
	while (releases == 0)
		nap(1);
	releases--;
	counters[FAKE_NAPS]--;
}

static void hang(void)
{
	counters[FAKE_HANGS]++;
	for (;;)
		pause();
}

static int slices_are_sound(TEEC_Operation *op)
{
	for (int i = 0; i < 4; i++) {
		TEEC_RegisteredMemoryReference *ref = &op->params[i].memref;

		if (((op->paramTypes >> (4 * i)) & 0xf) < TEEC_MEMREF_WHOLE)
			continue;
		if (ref->offset % 8 || ref->offset > ref->parent->size ||
		    ref->size > ref->parent->size - ref->offset)
			return 0;
		last_block = ref->parent;
	}
	return 1;
}

static uint8_t *slice(TEEC_Operation *op, int i)
{
	TEEC_RegisteredMemoryReference *ref = &op->params[i].memref;

	return (uint8_t *)ref->parent->buffer + ref->offset;
}

/* Adds one to every number and to every byte that goes out again. */
static TEEC_Result increment(TEEC_Operation *op)
{
	for (int i = 0; i < 4; i++) {
		TEEC_Parameter *param = &op->params[i];

		switch ((op->paramTypes >> (4 * i)) & 0xf) {
		case TEEC_VALUE_OUTPUT:
		case TEEC_VALUE_INOUT:
			param->value.a++;
			param->value.b++;
			break;
		case TEEC_MEMREF_PARTIAL_OUTPUT:
		case TEEC_MEMREF_PARTIAL_INOUT:
			for (size_t k = 0; k < param->memref.size; k++)
				slice(op, i)[k]++;
			break;
		default:
			break;
		}
	}
	return TEEC_SUCCESS;
}

/* memref[0] in, memref[1] out of at least the same size. */
static TEEC_Result copy(TEEC_Operation *op)
{
	size_t size = op->params[0].memref.size;

	if (op->params[1].memref.size < size)
		return TEEC_ERROR_BAD_PARAMETERS;
	memcpy(slice(op, 1), slice(op, 0), size);
	op->params[1].memref.size = size;
	return TEEC_SUCCESS;
}

/* value[0].a the result, value[0].b the size that memref[1] gets. */
static TEEC_Result resize(TEEC_Operation *op)
{
	memset(slice(op, 1), 0xa5, op->params[1].memref.size);
	op->params[1].memref.size = op->params[0].value.b;
	return op->params[0].value.a;
}

/* Bytes of the block that are not zero; this operation has no slice in it. */
static TEEC_Result count_residue(TEEC_Operation *op)
{
	TEEC_SharedMemory *block = last_block;
	uint8_t *bytes = block ? block->buffer : NULL;
	uint32_t residue = 0;

	for (size_t i = 0; bytes && i < block->size; i++)
		residue += bytes[i] != 0;
	op->params[0].value.a = residue;
	op->params[0].value.b = block ? (uint32_t)block->size : 0;
	return TEEC_SUCCESS;
}

/* Where the block is: the upper and the lower half of its address. */
static TEEC_Result locate_block(TEEC_Operation *op)
{
	TEEC_SharedMemory *block = last_block;
	uint64_t address = block ? (uintptr_t)block->buffer : 0;

	op->params[0].value.a = (uint32_t)(address >> 32);
	op->params[0].value.b = (uint32_t)address;
	return TEEC_SUCCESS;
}

static TEEC_Result perform(uint32_t command, TEEC_Operation *op)
{
	switch (command) {
	case FAKE_INCREMENT:
		return increment(op);
	case FAKE_COPY:
		return copy(op);
	case FAKE_RESIZE:
		return resize(op);
	case FAKE_RESIDUE:
		return count_residue(op);
	case FAKE_LOCATE:
		return locate_block(op);
	case FAKE_SLEEP:
		nap(op->params[0].value.a);
		return TEEC_SUCCESS;
	case FAKE_WAIT:
		wait_for_release();
		return TEEC_SUCCESS;
	case FAKE_RELEASE:
		releases++;
		return TEEC_SUCCESS;
	case FAKE_HANG:
		hang();
		return TEEC_SUCCESS;
	case FAKE_TYPES:
		op->params[0].value.a = op->paramTypes;
		return TEEC_SUCCESS;
	case FAKE_RESULT:
		return op->params[0].value.a;
	case FAKE_PRINT:
		fputs("ERR [1] TEEC:fake\n", stdout);
		return TEEC_SUCCESS;
	case FAKE_COUNTER:
		op->params[1].value.a =
			op->params[0].value.a == FAKE_LATE_WRITES
				? fault_late_writes()
				: counters[op->params[0].value.a];
		return TEEC_SUCCESS;
	case FAKE_THREAD_NAME:
		pthread_getname_np(pthread_self(), (char *)slice(op, 0),
				   op->params[0].memref.size);
		op->params[0].memref.size = strlen((char *)slice(op, 0));
		return TEEC_SUCCESS;
	case FAKE_LATE_WRITE:
		fault_late_write(slice(op, 0));
		return TEEC_SUCCESS;
	default:
		return TEEC_ERROR_NOT_SUPPORTED;
	}
}

EXPORT TEEC_Result TEEC_InitializeContext(const char *name, TEEC_Context *ctx)
{
	(void)name;
	if (getenv("FAKE_NO_CONTEXT"))
		return TEEC_ERROR_ITEM_NOT_FOUND;
	/* A character device, opened as carelessly as the real one. */
	ctx->imp.fd = open("/dev/null", O_RDWR);
	counters[FAKE_CONTEXTS]++;
	return TEEC_SUCCESS;
}

EXPORT void TEEC_FinalizeContext(TEEC_Context *ctx)
{
	close(ctx->imp.fd);
	fault_at_close();
	counters[FAKE_CONTEXTS]--;
	if (counters[FAKE_CONTEXTS] == 0 && getenv("FAKE_REPORT_CLOSE"))
		dprintf(2, "fake: sessions %u, blocks %u\n",
			counters[FAKE_SESSIONS], counters[FAKE_BLOCKS]);
}

EXPORT TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context *ctx,
					     TEEC_SharedMemory *memory)
{
	struct shared_memory *shm = (struct shared_memory *)memory;
	size_t size = shm->size;
	uint32_t flags = shm->flags;
	void *buffer = fault_allocate(size);

	(void)ctx;
	/* Writes to all that the library knows of, and nothing beyond. */
	memset(shm, 0x5a, sizeof(*shm));
	shm->buffer = buffer;
	shm->size = size;
	shm->flags = flags;
	counters[FAKE_BLOCKS]++;
	counters[FAKE_ALLOCATIONS]++;
	return TEEC_SUCCESS;
}

EXPORT void TEEC_ReleaseSharedMemory(TEEC_SharedMemory *memory)
{
	if (memory == last_block)
		last_block = NULL;
	free(memory->buffer);
	counters[FAKE_BLOCKS]--;
}

EXPORT TEEC_Result TEEC_OpenSession(TEEC_Context *ctx, TEEC_Session *session,
				    const TEEC_UUID *uuid, uint32_t method,
				    const void *data, TEEC_Operation *op,
				    uint32_t *origin)
{
	*origin = TEEC_ORIGIN_TRUSTED_APP;
	session->imp.ctx = ctx;
	switch (uuid->timeLow) {
	case FAKE_OPEN_HANGS:
		hang();
		break;
	case FAKE_OPEN_SLOW:
		wait_for_release();
		break;
	case FAKE_OPEN_REFUSED:
		*origin = TEEC_ORIGIN_TEE;
		return TEEC_ERROR_ITEM_NOT_FOUND;
	case FAKE_OPEN_ECHO:
		/* value[0] out: login and group; value[1] out: the UUID */
		op->params[0].value.a = method;
		op->params[0].value.b = data ? *(const uint32_t *)data : 0;
		op->params[1].value.a = (uint32_t)uuid->timeMid << 16 |
					uuid->timeHiAndVersion;
		op->params[1].value.b = (uint32_t)uuid->clockSeqAndNode[0]
						<< 8 |
					uuid->clockSeqAndNode[7];
		return FAKE_REFUSAL;
	default:
		break;
	}
	counters[FAKE_SESSIONS]++;
	return TEEC_SUCCESS;
}

EXPORT void TEEC_CloseSession(TEEC_Session *session)
{
	(void)session;
	if (getenv("FAKE_CLOSE_HANGS"))
		hang();
	counters[FAKE_SESSIONS]--;
}

EXPORT TEEC_Result TEEC_InvokeCommand(TEEC_Session *session, uint32_t command,
				      TEEC_Operation *op, uint32_t *origin)
{
	(void)session;
	*origin = command == FAKE_RESULT ? op->params[0].value.b
					 : TEEC_ORIGIN_TRUSTED_APP;
	if (!slices_are_sound(op))
		abort();
	return perform(command, op);
}
