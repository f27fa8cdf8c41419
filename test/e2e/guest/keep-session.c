// SPDX-License-Identifier: MIT
/*
 * Opens a session, gives up for ever all rights beyond those of the user who
 * called, as a setuid program does, and asks over it for the size of a key.
 * Arguments: domain, key. Prints the result of that, and that over a second
 * session, opened afterwards.
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "tee-device.h"

static uint32_t ask(int fd, uint32_t session, const struct shared *shared,
		    const char *key)
{
	struct request request = { 0 };

	memcpy(shared->data, key, strlen(key));
	request.params[0] = memory(MEMORY_IN, shared, 0, strlen(key));
	request.params[1] = value(VALUE_OUT, 0);
	request.params[2] = value(VALUE_OUT, 0);
	must(!invoke(fd, session, SECSTOR_CMD_STAT, &request), "stat");
	return request.arg.ret;
}

int main(int argc, char **argv)
{
	uid_t caller = getuid();
	uint32_t before = 0;
	uint32_t kept = 0;
	int fd = device_open();
	struct shared shared = share(fd, 4096);

	must(argc == 3, "arguments");
	before = open_session(fd, argv[1], &shared);
	must(!setresuid(caller, caller, caller), "setresuid");
	kept = ask(fd, before, &shared, argv[2]);
	printf("[%u, %u]\n", kept,
	       ask(fd, open_session(fd, argv[1], &shared), &shared, argv[2]));
	return EXIT_SUCCESS;
}
