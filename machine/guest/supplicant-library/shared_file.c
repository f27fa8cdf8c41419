// SPDX-License-Identifier: MIT
#include "shared_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* By system calls, lest what prepares the library be counted as work. */
void *map_shared_file(const char *path, size_t size)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path,
			      O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	void *memory = MAP_FAILED;

	if (fd < 0)
		return NULL;
	if (!syscall(SYS_ftruncate, fd, (off_t)size))
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
			      fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}
