// SPDX-License-Identifier: MIT
#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared_file.h"

_Static_assert(offsetof(struct fault_plan, trace) == 40,
	       "the layout is that of faults.mjs");

static struct fault_plan *plan;

/* The C library's own functions are replaced, so system calls are made. */
_Noreturn void stop_machine(void)
{
	long fd = syscall(SYS_openat, AT_FDCWD, "/proc/sysrq-trigger",
			  O_WRONLY | O_CLOEXEC, 0);

	syscall(SYS_write, fd, "b", (size_t)1);
	for (;;)
		pause();
}

static bool is_struck(uint64_t number)
{
	uint64_t first = plan->first;

	return first && number >= first && number - first < plan->times;
}

/* Half of a write only writes can do; files run out only where one is opened. */
static bool can_strike(enum fault_kind kind, enum operation operation)
{
	if (kind == FAULT_SHORT || kind == FAULT_TORN)
		return operation == OPERATION_WRITE;
	if (kind == FAULT_ERROR && plan->error == EMFILE)
		return operation == OPERATION_OPEN;
	return true;
}

enum fault_kind strike(enum operation operation)
{
	enum fault_kind kind = FAULT_NONE;
	uint64_t number = 0;

	if (!plan)
		return FAULT_NONE;
	number = ++plan->seen;
	if (number <= TRACE_SIZE)
		plan->trace[number - 1] = (char)operation;
	kind = plan->kind;
	if (kind == FAULT_NONE || !is_struck(number) ||
	    !can_strike(kind, operation))
		return FAULT_NONE;
	plan->struck++;
	if (kind == FAULT_STOP)
		stop_machine();
	if (kind == FAULT_KILL)
		syscall(SYS_kill, getpid(), SIGKILL);
	if (kind == FAULT_ERROR)
		errno = (int)plan->error;
	return kind;
}

__attribute__((constructor)) static void map_plan(void)
{
	plan = map_shared_file(FAULTS_FILE, sizeof(*plan));
}
