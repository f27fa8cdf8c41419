// SPDX-License-Identifier: MIT
/*
 * hold-sessions PROCESSES SESSIONS: so many processes that open so many
 * sessions each with the Trusted Application, or as many as they are given.
 * Prints how many there are and the TEE's result for the last one, then closes
 * as many as each line of standard input says, and all of them at its end.
 */
#include <fcntl.h>
#include <linux/tee.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "secstor_ta.h"

/* ff06ae7c-d9e8-40c7-ab24-86ad69bffce7 as its octets are sent. */
static const uint8_t uuid[] = { 0xff, 0x06, 0xae, 0x7c, 0xd9, 0xe8, 0x40, 0xc7,
				0xab, 0x24, 0x86, 0xad, 0x69, 0xbf, 0xfc, 0xe7 };

struct open_request {
	struct tee_ioctl_open_session_arg arg;
	struct tee_ioctl_param params[4];
};

/* What the processes have in common. */
static struct {
	uint32_t count;
	uint32_t result;
} * shared;

static uint32_t sessions[4096];

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* The domain of a session is a string in memory that is shared with the TEE. */
static int share_domain(int tee, const char *domain)
{
	struct tee_ioctl_shm_alloc_data data = { .size = 4096 };
	int fd = ioctl(tee, TEE_IOC_SHM_ALLOC, &data);
	void *memory = NULL;

	if (fd < 0)
		fail("TEE_IOC_SHM_ALLOC");
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		fail("mmap");
	memcpy(memory, domain, strlen(domain));
	return data.id;
}

static uint32_t open_session(int tee, int memory, size_t size,
			     uint32_t *session)
{
	struct open_request request = { 0 };
	struct tee_ioctl_buf_data data = {
		.buf_ptr = (uintptr_t)&request,
		.buf_len = sizeof(request),
	};

	memcpy(request.arg.uuid, uuid, sizeof(uuid));
	request.arg.clnt_login = TEE_IOCTL_LOGIN_USER;
	request.arg.num_params = 4;
	request.params[0].attr = TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INPUT;
	request.params[0].a = SECSTOR_PROTOCOL_VERSION;
	request.params[1].attr = TEE_IOCTL_PARAM_ATTR_TYPE_MEMREF_INPUT;
	request.params[1].b = size;
	request.params[1].c = memory;
	if (ioctl(tee, TEE_IOC_OPEN_SESSION, &data))
		fail("TEE_IOC_OPEN_SESSION");
	*session = request.arg.session;
	return request.arg.ret;
}

/* @return how many there are */
static uint32_t open_sessions(int tee, uint32_t wanted)
{
	static const char domain[] = "held";
	int memory = share_domain(tee, domain);
	uint32_t count = 0;

	while (count < wanted) {
		shared->result = open_session(tee, memory, sizeof(domain) - 1,
					      sessions + count);
		if (shared->result)
			break;
		count++;
	}
	return count;
}

static int open_device(void)
{
	int tee = open("/dev/tee0", O_RDWR | O_CLOEXEC);

	if (tee < 0)
		fail("/dev/tee0");
	return tee;
}

static void start_process(uint32_t wanted, int ready)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	shared->count += open_sessions(open_device(), wanted);
	if (write(ready, "", 1) != 1)
		fail("write");
	pause();
	exit(EXIT_SUCCESS);
}

/* One after the other; they end with this one. */
static void hold_in_processes(uint32_t processes, uint32_t wanted)
{
	char done = 0;
	int pipes[2];

	if (pipe(pipes))
		fail("pipe");
	while (processes-- && !shared->result) {
		start_process(wanted, pipes[1]);
		if (read(pipes[0], &done, 1) != 1)
			fail("read");
	}
}

static void close_sessions(int tee, uint32_t *count, uint32_t unwanted)
{
	while (*count && unwanted--) {
		struct tee_ioctl_close_session_arg arg = {
			.session = sessions[--*count],
		};

		if (ioctl(tee, TEE_IOC_CLOSE_SESSION, &arg))
			fail("TEE_IOC_CLOSE_SESSION");
	}
}

int main(int argc, char **argv)
{
	uint32_t processes = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	uint32_t wanted = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	char line[16];
	int tee = open_device();

	if (!processes || !wanted || wanted > 4096) {
		fprintf(stderr, "usage: hold-sessions PROCESSES SESSIONS\n");
		return 2;
	}
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		fail("mmap");
	if (processes > 1)
		hold_in_processes(processes, wanted);
	else
		shared->count = open_sessions(tee, wanted);
	printf("%u %x\n", shared->count, shared->result);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		close_sessions(tee, &shared->count, strtoul(line, NULL, 10));
		printf("%u\n", shared->count);
		fflush(stdout);
	}
	/* The kernel closes the rest. */
	return EXIT_SUCCESS;
}
