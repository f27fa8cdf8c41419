/* SPDX-License-Identifier: MIT */
#ifndef SPAWN_H
#define SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "protocol.h"

/* A process asked for by HOST_SPAWN; the pointers go into its payload. */
struct spawn_request {
	uint32_t uid;
	uint32_t gid;
	uint32_t flags;
	uint32_t rows;
	uint32_t columns;
	uint32_t group_count;
	gid_t *groups;
	char *directory;
	char **arguments;
	char **environment;
};

/*
 * Parses a payload. Returns 0, or -1 when it is malformed or memory is short;
 * free with spawn_request_free() in either case.
 */
int spawn_request_parse(struct spawn_request *request, uint8_t *payload,
			size_t length);
void spawn_request_free(struct spawn_request *request);

/*
 * Starts the process as leader of a session of its own. fds receives the
 * agent's ends: for STREAM_STDIN the writing one, for STREAM_STDOUT and
 * STREAM_STDERR the reading ones, for STREAM_EXTRA both; -1 where there is
 * none. Of a terminal, STREAM_STDIN and STREAM_STDOUT are two descriptors.
 *
 * Returns the process, or -1 with *failed naming the step and errno set.
 */
pid_t spawn(const struct spawn_request *request, int fds[STREAM_COUNT],
	    const char **failed);

#endif /* SPAWN_H */
