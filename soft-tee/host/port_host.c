// SPDX-License-Identifier: MIT
/* The port to a POSIX machine with glibc. */
#include "port.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "mem_watch.h"

/*
 * A TA takes nearly all of its heap as one block when it begins. The block is
 * kept for the next TA: mapping it anew, and a sanitizer's notes of it, takes
 * longer than most tests.
 */
#define LARGE ((size_t)128 * 1024)

static struct {
	uint8_t *memory;
	size_t size; /* in whole pages */
	bool is_taken;
} kept;

static jmp_buf *running;

void *port_alloc(size_t size)
{
	return malloc(size);
}

/* Whole pages of at least this size, or NULL. */
static uint8_t *pages_of(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (size + page - 1) / page * page;

	if (pages == kept.size)
		return kept.memory;
	free(kept.memory);
	kept.memory = aligned_alloc(page, pages);
	kept.size = kept.memory ? pages : 0;
	return kept.memory;
}

static void *take_kept(size_t size)
{
	uint8_t *memory = pages_of(size);

	if (!memory)
		return NULL;
	kept.is_taken = true;
	mem_watch_open(memory, kept.size);
	memset(memory, 0, size);
	mem_watch_close(memory + size, kept.size - size);
	return memory;
}

void *port_alloc_zeroed(size_t size)
{
	if (size < LARGE || kept.is_taken)
		return calloc(1, size);
	return take_kept(size);
}

void port_free(void *memory)
{
	if (!memory || memory != kept.memory) {
		free(memory);
		return;
	}
	mem_watch_close(memory, kept.size);
	kept.is_taken = false;
}

bool port_run(void (*fn)(void *arg), void *arg)
{
	jmp_buf here;

	running = &here;
	if (setjmp(here)) {
		running = NULL;
		return false;
	}
	fn(arg);
	running = NULL;
	return true;
}

void port_abandon(void)
{
	if (!running)
		abort();
	longjmp(*running, 1);
}

bool port_random(void *data, size_t size)
{
	uint8_t *at = data;

	while (size) {
		ssize_t count = getrandom(at, size, 0);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		at += count;
		size -= (size_t)count;
	}
	return true;
}

static uint64_t clock_time(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t port_time(void)
{
	return clock_time(CLOCK_MONOTONIC);
}

uint64_t port_wall_time(void)
{
	return clock_time(CLOCK_REALTIME);
}
