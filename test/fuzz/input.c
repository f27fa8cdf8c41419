// SPDX-License-Identifier: MIT
#include "input.h"

#include <string.h>

_Static_assert(sizeof(struct unit) == UNIT_SIZE, "a unit has no gaps");

bool input_unit(struct input *input, struct unit *unit)
{
	size_t size = input->size < UNIT_SIZE ? input->size : UNIT_SIZE;

	if (!size)
		return false;
	*unit = (struct unit){ 0 };
	memcpy(unit, input->data, size);
	input->data += size;
	input->size -= size;
	return true;
}

struct bytes input_bytes(struct input *input, size_t count)
{
	size_t size = count * UNIT_SIZE;
	struct bytes taken = { input->data, size };

	if (size > input->size)
		taken.size = input->size;
	input->data += taken.size;
	input->size -= taken.size;
	return taken;
}
