// SPDX-License-Identifier: MIT
/*
 * Loads the TA anew. It is linked into the program, so its static variables
 * outlive an instance; they are put back to what they were at the start. The
 * linker script ta_data.ld gathers them between two symbols.
 */
#include "port.h"

#include <stdlib.h>

/* The linker script aligns both. */
extern uint64_t ta_data_start[];
extern uint64_t ta_data_end[];

static uint64_t *pristine;

/*
 * Not memcpy, and not instrumented: a sanitizer keeps red zones between the
 * variables, and those are copied along.
 */
__attribute__((no_sanitize("address"))) static void
copy(volatile uint64_t *to, const volatile uint64_t *from, size_t count)
{
	while (count--)
		*to++ = *from++;
}

void port_load_ta(void)
{
	size_t count = (size_t)(ta_data_end - ta_data_start);

	if (pristine) {
		copy(ta_data_start, pristine, count);
		return;
	}
	pristine = malloc(count ? count * sizeof(*pristine) : 1);
	if (!pristine)
		abort();
	copy(pristine, ta_data_start, count);
}
