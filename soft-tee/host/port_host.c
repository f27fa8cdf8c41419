// SPDX-License-Identifier: MIT
/* The port to a POSIX machine with glibc. */
#include "port.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static jmp_buf *running;

void *port_alloc(size_t size)
{
	return malloc(size);
}

void *port_alloc_zeroed(size_t size)
{
	return calloc(1, size);
}

void port_free(void *memory)
{
	free(memory);
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
