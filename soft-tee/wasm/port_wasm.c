// SPDX-License-Identifier: MIT
/* The port to WebAssembly; port_alloc and port_free are in allocator.c. */
#include "port.h"

#include "host.h"

/*
 * A module instance serves one TA instance. When the TA panics, the whole
 * module instance is abandoned: there is nothing to unwind and no static
 * variable to put back.
 */
bool port_run(void (*fn)(void *arg), void *arg)
{
	fn(arg);
	return true;
}

void port_abandon(void)
{
	host_abandon();
}

void port_load_ta(void)
{
}

bool port_random(void *data, size_t size)
{
	host_random(data, size);
	return true;
}

uint64_t port_time(void)
{
	return (uint64_t)host_time();
}

uint64_t port_wall_time(void)
{
	return (uint64_t)host_wall_time();
}
