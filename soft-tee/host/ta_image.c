// SPDX-License-Identifier: MIT
/*
 * Loads the TA anew. It is linked into the program, so its static variables
 * outlive an instance; they are put back to what they were at the start. The
 * linker script ta_data.ld gathers them between two symbols.
 */
#include "port.h"

#include <stdlib.h>

extern char ta_data_start[];
extern char ta_data_end[];

static char *pristine;

/*
 * Not memcpy, and not instrumented: a sanitizer keeps red zones between the
 * variables, and those are copied along.
 */
__attribute__((no_sanitize("address"))) static void
copy(volatile char *to, const volatile char *from, size_t size)
{
	while (size--)
		*to++ = *from++;
}

void port_load_ta(void)
{
	size_t size = (size_t)(ta_data_end - ta_data_start);

	if (pristine) {
		copy(ta_data_start, pristine, size);
		return;
	}
	pristine = malloc(size ? size : 1);
	if (!pristine)
		abort();
	copy(pristine, ta_data_start, size);
}
