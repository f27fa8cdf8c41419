// SPDX-License-Identifier: MIT
/*
 * What a process can do with sessions that it did not open. Prints how many
 * descriptors of the TEE device it has inherited, and how many sessions answer
 * a command that is sent to every session id over those and over one of its
 * own.
 */
#include <fcntl.h>
#include <linux/tee.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "secstor_ta.h"

#define DESCRIPTORS 1024
#define SESSIONS 1024

static int is_tee(int fd)
{
	struct tee_ioctl_version_data version = { 0 };

	return !ioctl(fd, TEE_IOC_VERSION, &version);
}

/* Whether the driver passes a command on; what the TA says is another thing. */
static int answers(int fd, uint32_t session)
{
	struct tee_ioctl_invoke_arg arg = {
		.func = SECSTOR_CMD_INFO,
		.session = session,
	};
	struct tee_ioctl_buf_data data = {
		.buf_ptr = (uintptr_t)&arg,
		.buf_len = sizeof(arg),
	};

	return !ioctl(fd, TEE_IOC_INVOKE, &data);
}

static int count_answering(int fd)
{
	int count = 0;
	uint32_t session = 0;

	for (session = 0; session < SESSIONS; session++)
		count += answers(fd, session);
	return count;
}

int main(void)
{
	int inherited = 0;
	int answering = 0;
	int own = 0;
	int fd = 0;

	for (fd = 0; fd < DESCRIPTORS; fd++) {
		if (!is_tee(fd))
			continue;
		inherited++;
		answering += count_answering(fd);
	}
	own = open("/dev/tee0", O_RDWR | O_CLOEXEC);
	if (own < 0) {
		perror("/dev/tee0");
		return EXIT_FAILURE;
	}
	answering += count_answering(own);
	printf("{\"inherited\": %d, \"answering\": %d}\n", inherited,
	       answering);
	return EXIT_SUCCESS;
}
