// SPDX-License-Identifier: MIT
#include "names.h"

static bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/*
 * The size of the well-formed UTF-8 sequence at the front, 0 if there is
 * none (Unicode Standard, table 3-7: no overlong form, no surrogate, nothing
 * above U+10FFFF).
 */
static size_t sequence_size(struct span text)
{
	uint8_t lead = text.data[0];
	uint8_t low = 0x80;
	uint8_t high = 0xbf;
	size_t size = 0;
	size_t n = 0;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		size = 2;
	else if (lead >= 0xe0 && lead <= 0xef)
		size = 3;
	else if (lead >= 0xf0 && lead <= 0xf4)
		size = 4;
	if (!size || text.size < size)
		return 0;

	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (text.data[1] < low || text.data[1] > high)
		return 0;
	for (n = 2; n < size; n++)
		if (text.data[n] < 0x80 || text.data[n] > 0xbf)
			return 0;
	return size;
}

bool name_is_sound(struct span text, size_t max)
{
	size_t size = 0;

	if (!text.size || text.size > max)
		return false;
	while (text.size) {
		if (is_control(text.data[0]))
			return false;
		size = sequence_size(text);
		if (!size)
			return false;
		text.data += size;
		text.size -= size;
	}
	return true;
}

bool prefix_is_sound(struct span text, size_t max)
{
	size_t n = 0;

	if (text.size > max)
		return false;
	for (n = 0; n < text.size; n++)
		if (is_control(text.data[n]))
			return false;
	return true;
}
