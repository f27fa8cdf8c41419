/* SPDX-License-Identifier: MIT */
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

#include "protocol.h"

/* Opens the port to the host; ends the agent where it cannot. */
void port_open(const char *path);

/* The descriptor to poll for POLLIN. */
int port_fd(void);

/*
 * Sends one frame, waiting until the host has room for it. The host always
 * reads, so this cannot wait for what it sends itself.
 */
void port_send(uint32_t channel, uint8_t type, uint8_t stream,
	       const void *payload, size_t length);

/*
 * Reads what has come and calls handle() for each whole frame. Returns 0, or
 * -1 when the host has gone.
 */
int port_receive(void (*handle)(const struct frame_header *header,
				const uint8_t *payload));

/* Ends the agent, and with it the machine, telling why on the console. */
__attribute__((noreturn)) void fatal(const char *what);

#endif /* PORT_H */
