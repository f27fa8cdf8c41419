// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port.h"

static int fd = -1;
static uint8_t input[sizeof(struct frame_header) + PAYLOAD_MAX];
static size_t input_length;

void fatal(const char *what)
{
	fprintf(stderr, "optee-machine agent: %s: %s\n", what, strerror(errno));
	exit(1);
}

void port_open(const char *path)
{
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fatal(path);
}

int port_fd(void)
{
	return fd;
}

static void send_all(const uint8_t *bytes, size_t length)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	ssize_t n = 0;

	while (length) {
		n = write(fd, bytes, length);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			fatal("writing to the host");
		if (n < 0)
			poll(&writable, 1, -1);
		else
			bytes += n, length -= (size_t)n;
	}
}

void port_send(uint32_t channel, uint8_t type, uint8_t stream,
	       const void *payload, size_t length)
{
	static uint8_t frame[sizeof(struct frame_header) + PAYLOAD_MAX];
	struct frame_header header = {
		.length = (uint32_t)length,
		.channel = channel,
		.type = type,
		.stream = stream,
	};

	memcpy(frame, &header, sizeof(header));
	if (length)
		memcpy(frame + sizeof(header), payload, length);
	send_all(frame, sizeof(header) + length);
}

/* Handles the whole frames at the buffer's start; returns their length. */
static size_t handle_frames(void (*handle)(const struct frame_header *,
					   const uint8_t *))
{
	struct frame_header header = { 0 };
	size_t at = 0;

	while (input_length - at >= sizeof(header)) {
		memcpy(&header, input + at, sizeof(header));
		if (header.length > PAYLOAD_MAX) {
			errno = EPROTO;
			fatal("a frame of the host");
		}
		if (input_length - at < sizeof(header) + header.length)
			break;
		handle(&header, input + at + sizeof(header));
		at += sizeof(header) + header.length;
	}
	return at;
}

int port_receive(void (*handle)(const struct frame_header *header,
				const uint8_t *payload))
{
	ssize_t n =
		read(fd, input + input_length, sizeof(input) - input_length);
	size_t done = 0;

	if (n == 0)
		return -1;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	input_length += (size_t)n;
	done = handle_frames(handle);
	input_length -= done;
	memmove(input, input + done, input_length);
	return 0;
}
