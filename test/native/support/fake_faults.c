/* SPDX-License-Identifier: MIT */
#include "fake_faults.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static int ordered(const char *fault)
{
	const char *name = getenv("FAKE_FAULT");

	return name && strcmp(name, fault) == 0;
}

void *fault_allocate(size_t size)
{
	void *memory = NULL;

	if (ordered("half-block"))
		size /= 2;
	if (!ordered("no-block"))
		memory = malloc(size);
	if (memory)
		memset(memory, 0x5a, size);
	return memory;
}

void fault_at_close(void)
{
	volatile char *lost = NULL;

	if (!ordered("lost-memory"))
		return;
	/* Several, for a stale copy of a pointer may keep one or two alive. */
	for (int i = 0; i < 10; i++) {
		lost = malloc(1000);
		if (lost)
			*lost = 1;
	}
}

/* Relaxed: it must not order the write before what the addon does. */
static atomic_uint late_writes;

static void *write_late(void *output)
{
	*(uint8_t *)output = 1;
	atomic_fetch_add_explicit(&late_writes, 1, memory_order_relaxed);
	return NULL;
}

uint32_t fault_late_writes(void)
{
	return atomic_load_explicit(&late_writes, memory_order_relaxed);
}

void fault_late_write(uint8_t *output)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, write_late, output) == 0)
		pthread_detach(thread);
}
