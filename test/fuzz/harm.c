// SPDX-License-Identifier: MIT
#include "harm.h"

#include <string.h>

#include "device.h"

/* In an object ID, with those of device.h. */
#define NUMBER_AT 19

#define HEADER_SIZE 72

static bool is_fair_game(const struct map_blob *blob)
{
	const uint8_t *id = blob->id.bytes;

	return !id[LOGIN_AT] ||
	       (id[LOGIN_AT] == alice.login &&
		id[LAST_OF_UUID_AT] == alice.uuid.clockSeqAndNode[7]);
}

/* An object to harm, and its index; NULL: there is none. */
static struct map_blob *choose(uint8_t choice, size_t *index)
{
	struct map_blob *blob = NULL;
	size_t count = 0;
	size_t n = 0;

	for (blob = device.map.blobs; blob; blob = blob->next)
		count += is_fair_game(blob);
	if (!count)
		return NULL;
	count = choice % count;
	*index = 0;
	for (blob = device.map.blobs; blob; blob = blob->next, ++*index)
		if (is_fair_game(blob) && n++ == count)
			return blob;
	return NULL;
}

static struct map_blob *twin_of(const struct map_blob *blob)
{
	struct blob_id id = blob->id;
	struct map_blob *other = device.map.blobs;

	id.bytes[COPY_AT] ^= 1;
	while (other && memcmp(&other->id, &id, sizeof(id)))
		other = other->next;
	return other;
}

/* A number at some place: a small one, or one at the end of its range. */
static void poke(uint8_t *at, size_t width, uint8_t choice)
{
	uint64_t number = choice < 128 ? choice / 2u
				       : UINT64_MAX - (choice - 128u) / 2u;

	if (choice == 127)
		number = UINT64_C(1) << (8 * width - 1);
	while (width--) {
		*at++ = (uint8_t)number;
		number >>= 8;
	}
}

/* One of the header's numbers. */
static void poke_header(struct bytes data, const struct unit *unit)
{
	static const struct {
		uint8_t at;
		uint8_t width;
	} fields[] = {
		{ 4, 2 },  { 6, 1 },  { 7, 1 },	 { 8, 8 },  { 16, 8 },
		{ 24, 8 }, { 32, 8 }, { 40, 8 }, { 48, 4 }, { 52, 4 },
		{ 56, 2 }, { 58, 2 }, { 60, 2 }, { 62, 2 }, { 64, 8 },
	};
	size_t n = unit->key % (sizeof(fields) / sizeof(*fields));

	if (data.size >= HEADER_SIZE)
		poke((uint8_t *)data.data + fields[n].at, fields[n].width,
		     unit->seed);
}

/* Where the n-th of the garbage, the index and the records begins, or 0. */
static size_t entry_at(struct bytes data, size_t n)
{
	size_t garbage = read_u16(data.data + 58);
	size_t index = read_u16(data.data + 60);
	size_t at = HEADER_SIZE;

	for (; n && at + 16 <= data.size; n--) {
		if (garbage && garbage--) {
			at += 8;
		} else if (index && index--) {
			at += 20 + read_u16(data.data + at + 16);
		} else {
			size_t size = read_u32(data.data + at + 8);
			uint8_t kind = data.data[at + 14];

			at += 16 + read_u16(data.data + at + 12);
			at += kind == 1 ? size : kind == 2 ? 8 : 0;
		}
	}
	return at + 16 <= data.size ? at : 0;
}

/* A number at the front of an entry, or the first byte of its text. */
static void poke_entry(struct bytes data, const struct unit *unit)
{
	static const uint8_t widths[] = { 8, 4, 2, 1 };
	size_t width = widths[unit->room % 4];
	size_t at = 0;

	if (data.size < HEADER_SIZE + 16)
		return;
	at = entry_at(data, unit->key % 64);
	if (at)
		poke((uint8_t *)data.data + at + unit->size % (17 - width),
		     width, unit->seed);
}

static void poke_byte(struct bytes data, const struct unit *unit)
{
	size_t at = unit->key | (size_t)unit->size << 8;

	if (data.size)
		((uint8_t *)data.data)[at % data.size] ^=
			(uint8_t)(unit->seed | !unit->seed);
}

/* What the object is to hold. */
static struct bytes changed(const struct map_blob *blob,
			    const struct unit *unit, struct input *input)
{
	struct bytes data =
		join((struct bytes){ blob->data, blob->size }, text(""));
	const struct map_blob *other = NULL;
	size_t index = 0;

	switch (unit->kind / 4 % 16) {
	case 0:
		poke_byte(data, unit);
		break;
	case 1 ... 2:
		poke_header(data, unit);
		break;
	case 3 ... 5:
		poke_entry(data, unit);
		break;
	case 6:
		if (data.size)
			data.size = (unit->key | (size_t)unit->size << 8) %
				    data.size;
		break;
	case 7:
		return join(data, input_bytes(input, unit->size % 8u));
	case 8:
		return join(input_bytes(input, unit->size % 32u), text(""));
	case 9:
		other = choose(unit->key, &index);
		return join((struct bytes){ other->data, other->size },
			    text(""));
	default:
		return forge(unit, input, read_u64(blob->id.bytes + NUMBER_AT));
	}
	return data;
}

void harm(const struct unit *unit, struct input *input)
{
	size_t index = 0;
	struct map_blob *blob = choose(unit->slot, &index);
	struct map_blob *twin = NULL;
	struct bytes data = { 0 };

	if (!blob)
		return;
	if (unit->condition % 16 == 15) {
		map_remove_at(&device.map, index);
		return;
	}
	if (unit->condition % 16 >= 13) {
		blob->damage = unit->condition % 2 ? MAP_CORRUPT_AT_OPEN
						   : MAP_CORRUPT_AT_READ;
		return;
	}
	data = changed(blob, unit, input);
	twin = twin_of(blob);
	map_replace(blob, data.data, data.size);
	if (twin && unit->condition % 4)
		map_replace(twin, data.data, data.size);
}
