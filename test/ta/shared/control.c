// SPDX-License-Identifier: MIT
/* Compiled as the TA is: shows that the watch sees what such code does. */
#include <string.h>

#include "watch.h"

void read_twice(const volatile uint8_t *data)
{
	uint8_t sum = data[0];
	uint8_t copy[8] = { 0 };

	memcpy(copy, (const void *)(data + 1), sizeof(copy));
	sum = (uint8_t)(sum + data[3] + copy[0]);
	memset(copy, sum, sizeof(copy));
}

void write_twice(volatile uint64_t *data)
{
	data[0] = 1;
	memset((void *)data, 2, 4);
}
