// SPDX-License-Identifier: MIT
/*
 * What the TA's tests' CHECK does in a fuzzer: end it, so that it keeps the
 * input. With FUZZ_TRACE in the environment each step is told.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void case_step(const char *format, ...)
{
	static int is_told = -1;
	va_list args;

	if (is_told < 0)
		is_told = getenv("FUZZ_TRACE") != NULL;
	if (!is_told)
		return;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void case_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "\nFAILED %s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}
