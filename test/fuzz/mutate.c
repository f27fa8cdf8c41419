// SPDX-License-Identifier: MIT
/* Changes inputs by whole units, beside what libFuzzer does to bytes. */
#include <stdlib.h>
#include <string.h>

#include "input.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed);

enum change { INSERT, COPY, REMOVE, SWAP, ALTER, CHANGES };

/* Puts a unit before the one at `to`, if there is room for it. */
static size_t insert(uint8_t *data, size_t size, size_t max, size_t to,
		     const uint8_t *unit)
{
	if (size + UNIT_SIZE > max)
		return size;
	memmove(data + to + UNIT_SIZE, data + to, size - to);
	memcpy(data + to, unit, UNIT_SIZE);
	return size + UNIT_SIZE;
}

static void swap(uint8_t *a, uint8_t *b)
{
	uint8_t unit[UNIT_SIZE] = { 0 };

	memcpy(unit, a, UNIT_SIZE);
	memmove(a, b, UNIT_SIZE);
	memcpy(b, unit, UNIT_SIZE);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned int seed)
{
	uint8_t unit[UNIT_SIZE] = { 0 };
	size_t count = size / UNIT_SIZE;
	size_t at = 0;
	size_t other = 0;
	size_t n = 0;

	if (!count || seed % 2)
		return LLVMFuzzerMutate(data, size, max);
	at = seed / 16 % count * UNIT_SIZE;
	other = seed / 4096 % count * UNIT_SIZE;
	switch (seed / 2 % CHANGES) {
	case INSERT:
		srand(seed);
		for (n = 0; n < UNIT_SIZE; n++)
			unit[n] = (uint8_t)(rand() >> 8);
		return insert(data, size, max, at, unit);
	case COPY:
		memcpy(unit, data + other, UNIT_SIZE);
		return insert(data, size, max, at, unit);
	case REMOVE:
		memmove(data + at, data + at + UNIT_SIZE,
			size - at - UNIT_SIZE);
		return size - UNIT_SIZE;
	case SWAP:
		swap(data + at, data + other);
		return size;
	default:
		LLVMFuzzerMutate(data + at, UNIT_SIZE, UNIT_SIZE);
		return size;
	}
}
