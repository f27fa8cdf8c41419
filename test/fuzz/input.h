/* SPDX-License-Identifier: MIT */
/*
 * What a fuzzer's input means: units of eight bytes, each an operation with
 * its choices. Of a fixed size, so that inserting, removing or exchanging some
 * leaves the others what they were (mutate.c).
 */
#ifndef INPUT_H
#define INPUT_H

#include "client.h"

#define UNIT_SIZE 8

struct input {
	const uint8_t *data;
	size_t size;
};

struct unit {
	uint8_t kind;
	uint8_t slot;
	uint8_t key;
	uint8_t size;
	uint8_t condition;
	uint8_t seed;
	uint8_t room;
	uint8_t hostile;
};

/* The next unit, the last one filled up with zeros; false: there is none. */
bool input_unit(struct input *input, struct unit *unit);

/* The bytes of as many units as there are, at most count. */
struct bytes input_bytes(struct input *input, size_t count);

#endif /* INPUT_H */
