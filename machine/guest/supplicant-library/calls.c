// SPDX-License-Identifier: MIT
/*
 * The library preloaded into the tee-supplicant: takes the place of the C
 * library's functions that the supplicant calls to serve the secure world,
 * counts, lets happen what a test has ordered, and makes the system call.
 */
#include <fcntl.h>
#include <linux/tee.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "counters.h"
#include "faults.h"
#include "requests.h"

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument = NULL;
	int result = -1;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	result = (int)syscall(SYS_ioctl, fd, request, argument);
	if (!result && request == TEE_IOC_SUPPL_RECV)
		count_request(argument);
	return result;
}

int open64(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	if (flags & (O_CREAT | __O_TMPFILE)) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	count(COUNT_FILE_OPENS);
	if (strike(OPERATION_OPEN) == FAULT_ERROR)
		return -1;
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t pread64(int fd, void *buffer, size_t length, off64_t offset)
{
	count(COUNT_FILE_READS);
	if (strike(OPERATION_READ) == FAULT_ERROR)
		return -1;
	return syscall(SYS_pread64, fd, buffer, length, offset);
}

ssize_t pwrite64(int fd, const void *buffer, size_t length, off64_t offset)
{
	int flags = (int)syscall(SYS_fcntl, fd, F_GETFL);
	enum fault_kind fault = FAULT_NONE;
	ssize_t written = -1;

	count(COUNT_FILE_WRITES);
	if (flags & O_DSYNC) /* a part of O_SYNC */
		count(COUNT_SYNC_WRITES);
	fault = strike(OPERATION_WRITE);
	if (fault == FAULT_ERROR)
		return -1;
	if (fault != FAULT_NONE)
		length = (length + 1) / 2;
	written = syscall(SYS_pwrite64, fd, buffer, length, offset);
	if (fault == FAULT_TORN)
		stop_machine();
	return written;
}

int fsync(int fd)
{
	count(COUNT_FSYNCS);
	if (strike(OPERATION_SYNC) == FAULT_ERROR)
		return -1;
	return (int)syscall(SYS_fsync, fd);
}

int ftruncate64(int fd, off64_t length)
{
	count(COUNT_FILE_TRUNCATES);
	if (strike(OPERATION_TRUNCATE) == FAULT_ERROR)
		return -1;
	return (int)syscall(SYS_ftruncate, fd, length);
}

int unlink(const char *path)
{
	count(COUNT_FILE_REMOVES);
	if (strike(OPERATION_REMOVE) == FAULT_ERROR)
		return -1;
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to)
{
	count(COUNT_FILE_RENAMES);
	if (strike(OPERATION_RENAME) == FAULT_ERROR)
		return -1;
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0u);
}
