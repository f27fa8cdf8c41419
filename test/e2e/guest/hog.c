// SPDX-License-Identifier: MIT
/*
 * Registers as much memory with OP-TEE as the kernel lets it, a page at a
 * time. Prints how many blocks that were, and keeps them until its standard
 * input ends.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "tee-device.h"

int main(void)
{
	struct tee_ioctl_shm_register_data data = { 0 };
	struct rlimit limit = { 0 };
	int fd = device_open();
	int count = 0;
	int last = 0;
	char byte = 0;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	/* Each block is a descriptor. */
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	must(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	while (last >= 0) {
		data = (struct tee_ioctl_shm_register_data){
			.addr = (uintptr_t)page,
			.length = 4096,
		};
		last = ioctl(fd, TEE_IOC_SHM_REGISTER, &data);
		count += last >= 0;
	}
	printf("%d\n", count);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return EXIT_SUCCESS;
}
