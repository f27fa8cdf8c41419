/* SPDX-License-Identifier: MIT */
/*
 * A test harness of a few lines, in place of a packaged one for two reasons:
 * every case runs in a process of its own, so that one that crashes or leaks
 * does not take the others along (the TEE core is global to a process), and a
 * sweep can say at which step it was when a check failed.
 *
 *	CASE(stores_a_value)
 *	{
 *		CHECK_EQ(put(...), TEE_SUCCESS);
 *	}
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

typedef void (*case_function)(void);

void case_add(const char *name, case_function run);

/* Ends the case as failed. */
_Noreturn void case_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Where the case is; said when it fails. */
void case_step(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Called before and after each case; the program of the cases defines them. */
void case_begin(void);
void case_end(void);

#define CASE(name)                                                             \
	static void name(void);                                                \
	__attribute__((constructor)) static void add_##name(void)              \
	{                                                                      \
		case_add(#name, name);                                         \
	}                                                                      \
	static void name(void)

#define CHECK(condition)                                                       \
	do {                                                                   \
		if (!(condition))                                              \
			case_fail(__FILE__, __LINE__, "%s", #condition);       \
	} while (0)

/* For unsigned numbers, results among them. */
#define CHECK_EQ(actual, expected)                                             \
	do {                                                                   \
		uint64_t is_ = (actual);                                       \
		uint64_t should_be_ = (expected);                              \
		if (is_ != should_be_)                                         \
			case_fail(__FILE__, __LINE__,                          \
				  "%s is 0x%llx, not 0x%llx", #actual,         \
				  (unsigned long long)is_,                     \
				  (unsigned long long)should_be_);             \
	} while (0)

#endif /* CHECK_H */
