// SPDX-License-Identifier: MIT
/* Keys and values, of which a byte of the input chooses one. */
#include <stdio.h>

#include "request.h"

/* Keys with beginnings in common, sixteen of each. */
static const char *const beginnings[] = { "a/", "a/b/", "k", "\xc3\xa9" };
#define PLAIN_KEYS 64

/* Text that is a key, and text that is almost one. */
static const char *const odd_keys[] = {
	"a",
	"~",
	"\xf4\x8f\xbf\xbf",
	"\xed\x9f\xbf",
	"",
	"\x1f",
	"a\x7f",
	"\xc3",
	"\xc0\x80",
	"\xe0\x9f\xbf",
	"\xed\xa0\x80",
	"\xf0\x8f\xbf\xbf",
	"\xf5\x80",
	"\xf4\x90\x80\x80",
	"\x80",
	"\xe2\x82\x20",
};
#define ODD_KEYS (sizeof(odd_keys) / sizeof(*odd_keys))

struct bytes key_of(uint8_t choice, struct input *input)
{
	char name[16] = { 0 };

	if (choice < 3 * PLAIN_KEYS) {
		snprintf(name, sizeof(name), "%s%u",
			 beginnings[choice % PLAIN_KEYS / 16], choice % 16u);
		return join(text(name), text(""));
	}
	choice -= 3 * PLAIN_KEYS;
	if (choice < ODD_KEYS)
		return text(odd_keys[choice]);
	choice -= ODD_KEYS;
	if (choice < 4)
		return join(repeat('x', 200), text(beginnings[choice]));
	if (choice < 8)
		return repeat('y', SECSTOR_KEY_MAX - 5u + choice);
	return input_bytes(input, choice % 4);
}

bool is_huge(const struct unit *unit)
{
	return unit->size == 'z' && unit->condition == 'z' && unit->seed == 'z';
}

struct bytes value_of_unit(const struct unit *unit)
{
	static const uint16_t sizes[] = { 0,   1,   16,	  40,  100, 130,
					  200, 300, 400,  511, 512, 513,
					  600, 900, 2000, 9000 };
	struct bytes value = { NULL, sizes[unit->size % 16] +
					     (unit->size >> 4) % 4u };

	if (is_huge(unit))
		value.size = SECSTOR_VALUE_MAX + 1;
	return repeat((uint8_t)(unit->seed | 1), value.size);
}
