// SPDX-License-Identifier: MIT
/* Memory access, random bytes and time. */
#include <string.h>

#include "core.h"
#include "port.h"
#include "tee_internal_api.h"

TEE_Result TEE_CheckMemoryAccessRights(uint32_t accessFlags, void *buffer,
				       __tee_size_t size)
{
	if (accessFlags & TEE_MEMORY_ACCESS_ANY_OWNER)
		return TEE_SUCCESS;
	return core_is_client_memory(buffer, size) ? TEE_ERROR_ACCESS_DENIED
						   : TEE_SUCCESS;
}

/* No memory is there: on a device, the access would end the TA. */
static void require_memory(const void *memory, size_t size)
{
	if (size && !memory)
		core_panic();
}

void TEE_MemMove(void *dest, const void *src, __tee_size_t size)
{
	require_memory(dest, size);
	require_memory(src, size);
	if (size)
		memmove(dest, src, size);
}

int32_t TEE_MemCompare(const void *buffer1, const void *buffer2,
		       __tee_size_t size)
{
	const uint8_t *a = buffer1;
	const uint8_t *b = buffer2;
	int32_t order = 0;
	size_t n = 0;

	require_memory(a, size);
	require_memory(b, size);
	/*
	 * As the specification asks, the time does not depend on what is
	 * compared: every byte is looked at, the last one first.
	 */
	for (n = size; n; n--) {
		int32_t difference = a[n - 1] - b[n - 1];
		int32_t differs = (difference | -difference) >> 31;

		order = (order & ~differs) | (difference & differs);
	}
	return order;
}

void TEE_MemFill(void *buff, uint32_t x, __tee_size_t size)
{
	require_memory(buff, size);
	if (size)
		memset(buff, (int)(x & 0xff), size);
}

void TEE_GenerateRandom(void *randomBuffer, __tee_size_t randomBufferLen)
{
	core_require_private(randomBuffer, randomBufferLen);
	if (!port_random(randomBuffer, randomBufferLen))
		core_panic();
}

static void get_time(TEE_Time *time, uint64_t milliseconds)
{
	core_require_private(time, sizeof(*time));
	time->seconds = (uint32_t)(milliseconds / 1000);
	time->millis = (uint32_t)(milliseconds % 1000);
}

void TEE_GetSystemTime(TEE_Time *time)
{
	get_time(time, port_time());
}

void TEE_GetREETime(TEE_Time *time)
{
	get_time(time, port_wall_time());
}
