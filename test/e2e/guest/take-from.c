// SPDX-License-Identifier: MIT
/*
 * Tries to get at the sessions and the memory of another process, by its id.
 * Prints what was had: descriptors of the TEE copied, sessions that answer
 * over those, whether its memory could be read in either way, and whether it
 * could be traced.
 */
#define _GNU_SOURCE
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tee-device.h"

#define DESCRIPTORS 64
#define SESSIONS 64

static int is_tee(int fd)
{
	struct tee_ioctl_version_data version = { 0 };

	return fd >= 0 && !ioctl(fd, TEE_IOC_VERSION, &version);
}

static int answering(int fd)
{
	uint32_t session = 0;
	int count = 0;

	for (session = 0; session < SESSIONS; session++) {
		struct request request = { 0 };

		count += !invoke(fd, session, SECSTOR_CMD_WHOAMI, &request);
	}
	return count;
}

/* Where the process has its stack: memory that there is for certain. */
static unsigned long stack_of(const char *maps)
{
	FILE *file = fopen(maps, "r");
	unsigned long start = 0;
	char line[512];

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, "[stack]"))
			start = strtoul(line, NULL, 16);
	if (file)
		fclose(file);
	return start;
}

static int reads_memory(const char *pid, unsigned long address)
{
	char path[64];
	char byte = 0;
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	fd = open(path, O_RDONLY);
	return fd >= 0 && pread(fd, &byte, 1, (off_t)address) == 1;
}

static int copies_memory(int pid, unsigned long address)
{
	char byte = 0;
	struct iovec here = { &byte, 1 };
	struct iovec there = { (void *)address, 1 };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) == 1;
}

static int traces(int pid)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0))
		return 0;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return 1;
}

int main(int argc, char **argv)
{
	int pid = argc > 1 ? atoi(argv[1]) : 0;
	int handle = (int)syscall(SYS_pidfd_open, pid, 0);
	unsigned long stack = 0;
	char maps[64];
	int descriptors = 0;
	int sessions = 0;
	int n = 0;

	must(handle >= 0, "pidfd_open");
	for (n = 0; n < DESCRIPTORS; n++) {
		int fd = (int)syscall(SYS_pidfd_getfd, handle, n, 0);

		if (!is_tee(fd))
			continue;
		descriptors++;
		sessions += answering(fd);
	}
	snprintf(maps, sizeof(maps), "/proc/%s/maps", argv[1]);
	stack = stack_of(maps);
	printf("{\"descriptors\": %d, \"sessions\": %d, \"maps\": %d, "
	       "\"memory\": %d, \"traced\": %d}\n",
	       descriptors, sessions, stack != 0,
	       reads_memory(argv[1], stack) || copies_memory(pid, stack),
	       traces(pid));
	return EXIT_SUCCESS;
}
