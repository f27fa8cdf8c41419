/* SPDX-License-Identifier: MIT */
/*
 * What the host (machine/agent-link.mjs) and the agent say to each other
 * over the virtio-serial port: frames of a header and a payload. All numbers
 * are little-endian. A channel is one process started on the host's request;
 * the host picks its number.
 */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdint.h>

/* The agent's hello carries it; a host of another version gives up. */
#define PROTOCOL_VERSION 1

/* Payloads are never longer, in either direction. */
#define PAYLOAD_MAX (64 * 1024)

struct frame_header {
	uint32_t length; /* of the payload */
	uint32_t channel;
	uint8_t type;
	uint8_t stream;	   /* 0 for frames that concern no stream */
	uint16_t reserved; /* 0 */
};

/* The streams of a process are its file descriptors. */
#define STREAM_STDIN 0
#define STREAM_STDOUT 1
#define STREAM_STDERR 2
#define STREAM_EXTRA 3 /* a socket, both ways; FLAG_EXTRA */
#define STREAM_COUNT 4

enum host_frame {
	/*
	 * Start a process. Payload: uint32 uid, gid, flags, rows, columns,
	 * counts of groups, arguments and environment entries; then the
	 * groups as uint32; then, each ended by a zero byte, the working
	 * directory, the arguments and the environment.
	 */
	HOST_SPAWN = 1,
	HOST_DATA = 2,	   /* bytes for the stream */
	HOST_END = 3,	   /* no more bytes for the stream */
	HOST_SIGNAL = 4,   /* uint32: to the process group */
	HOST_RESIZE = 5,   /* uint32 rows, columns of the terminal */
	HOST_SHUTDOWN = 6, /* stop the machine in good order */
};

enum agent_frame {
	AGENT_HELLO = 16,    /* uint32 protocol version; the machine is up */
	AGENT_DATA = 17,     /* bytes from the stream */
	AGENT_END = 18,	     /* the stream was closed */
	AGENT_CONSUMED = 19, /* uint32: bytes of HOST_DATA passed on */
	AGENT_EXITED = 20,   /* uint32 exit code, uint32 signal (or 0) */
	AGENT_REFUSED = 21,  /* uint32 errno, then what failed, as text */
};

#define FLAG_TERMINAL 1u /* streams 0 to 2 are one terminal */
#define FLAG_EXTRA 2u	 /* the process gets STREAM_EXTRA */

#endif /* PROTOCOL_H */
