// SPDX-License-Identifier: MIT
/* The rules for keys, by way of the characters and not, as the TA, of bytes. */
#include "expect.h"

/* The lowest character that needs so many bytes. */
static const uint32_t lowest[] = { 0, 0, 0x80, 0x800, 0x10000 };

/* How many bytes the character at the front says that it has; 0: none. */
static size_t said_size(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >> 5 == 6)
		return 2;
	if (lead >> 4 == 14)
		return 3;
	return lead >> 3 == 30 ? 4 : 0;
}

/* Takes a character off the front; false if there is none. */
static bool take_character(struct bytes *text, uint32_t *character)
{
	size_t size = said_size(text->data[0]);
	size_t n = 0;

	if (!size || size > text->size)
		return false;
	*character = size == 1 ? text->data[0]
			       : text->data[0] & (0x7fu >> size);
	for (n = 1; n < size; n++) {
		if (text->data[n] >> 6 != 2)
			return false;
		*character = *character << 6 | (text->data[n] & 0x3f);
	}
	text->data += size;
	text->size -= size;
	return *character >= lowest[size];
}

static bool is_forbidden(uint32_t character)
{
	return character < 0x20 || character == 0x7f || character > 0x10ffff ||
	       (character >= 0xd800 && character <= 0xdfff);
}

bool is_name(struct bytes text, size_t max)
{
	uint32_t character = 0;

	if (!text.size || text.size > max)
		return false;
	while (text.size)
		if (!take_character(&text, &character) ||
		    is_forbidden(character))
			return false;
	return true;
}
