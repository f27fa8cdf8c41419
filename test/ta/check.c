// SPDX-License-Identifier: MIT
#include "check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASES_MAX 512

static struct {
	const char *name;
	case_function run;
} cases[CASES_MAX];

static size_t count;
static char step[256];

void case_add(const char *name, case_function run)
{
	if (count == CASES_MAX)
		abort();
	cases[count].name = name;
	cases[count++].run = run;
}

void case_step(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(step, sizeof(step), format, args);
	va_end(args);
}

void case_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "  %s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (*step)
		fprintf(stderr, " (at %s)", step);
	fputc('\n', stderr);
	fflush(stderr);
	/* Not exit(): what was allocated is no leak of the code under test. */
	_exit(1);
}

static bool passes(case_function run)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		abort();
	if (!child) {
		case_begin();
		run();
		case_end();
		/* With exit() the sanitizer looks for leaks. */
		exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		abort();
	if (WIFSIGNALED(status))
		fprintf(stderr, "  killed by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static long ms_since(const struct timespec *began)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - began->tv_sec) * 1000 +
	       (now.tv_nsec - began->tv_nsec) / 1000000;
}

/* Runs the cases whose names contain the argument; all without one. */
int main(int argc, char **argv)
{
	const char *wanted = argc > 1 ? argv[1] : "";
	size_t failed = 0;
	size_t n = 0;

	for (n = 0; n < count; n++) {
		struct timespec began = { 0 };
		bool passed = false;

		if (!strstr(cases[n].name, wanted))
			continue;
		clock_gettime(CLOCK_MONOTONIC, &began);
		passed = passes(cases[n].run);
		failed += !passed;
		printf("%s %s (%ld ms)\n", passed ? "ok" : "FAILED",
		       cases[n].name, ms_since(&began));
		fflush(stdout);
	}
	return failed ? 1 : 0;
}
