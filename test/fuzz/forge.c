// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "harm.h"
#include "request.h"

#define HEADER_SIZE 72
#define PARTS_MAX 16

/* A part of a node: its text, by which it is put in order, and all of it. */
struct part {
	struct bytes key;
	struct bytes whole;
};

struct parts {
	struct part parts[PARTS_MAX];
	size_t count;
};

static void write(uint8_t *at, uint64_t number, size_t size)
{
	while (size--) {
		*at++ = (uint8_t)number;
		number >>= 8;
	}
}

/* A small number of an object, seldom an impossible one. */
static uint64_t some_number(uint8_t choice)
{
	return choice < 240 ? choice % 24u : UINT64_MAX - (choice - 240u);
}

static void add(struct parts *parts, struct bytes key, const uint8_t *head,
		size_t head_size, struct bytes body)
{
	struct bytes front = join((struct bytes){ head, head_size }, key);

	if (parts->count < PARTS_MAX)
		parts->parts[parts->count++] =
			(struct part){ key, join(front, body) };
}

/* { u64 number; u64 sequence; u16 separator size; u8 kind; u8 0; separator } */
static void add_range(struct parts *index, const struct unit *unit,
		      struct bytes key)
{
	uint8_t head[20] = { 0 };
	uint8_t kind = (uint8_t)(1 + unit->size % 3);

	/* The first one begins before every key. */
	if (!index->count)
		key.size = 0;
	write(head, kind == 1 ? some_number(unit->seed) : 0, 8);
	write(head + 8, kind == 1 ? 1u + unit->room % 4u : 0, 8);
	write(head + 16, key.size, 2);
	head[18] = kind;
	add(index, key, head, sizeof(head), (struct bytes){ 0 });
}

/* { u64 revision; u32 value size; u16 key size; u8 kind; u8 0; key; body } */
static void add_record(struct parts *records, const struct unit *unit,
		       struct bytes key)
{
	uint8_t head[16] = { 0 };
	uint8_t number[8] = { 0 };
	uint8_t kind = (uint8_t)(1 + unit->room % 3);
	struct bytes value = value_of_unit(unit);
	struct bytes body = value;

	if (kind == 3)
		value.size = body.size = 0;
	write(number, some_number(unit->seed), 8);
	if (kind == 2)
		body = (struct bytes){ number, 8 };
	write(head, unit->condition, 8);
	write(head + 8, value.size, 4);
	write(head + 12, key.size, 2);
	head[14] = kind;
	add(records, key, head, sizeof(head), body);
}

static int compare(const void *a, const void *b)
{
	return bytes_compare(((const struct part *)a)->key,
			     ((const struct part *)b)->key);
}

static struct bytes all_of(struct parts *parts)
{
	struct bytes all = { 0 };
	size_t n = 0;

	qsort(parts->parts, parts->count, sizeof(*parts->parts), compare);
	for (n = 0; n < parts->count; n++)
		all = join(all, parts->parts[n].whole);
	return all;
}

static struct bytes header(const struct unit *unit, uint64_t number,
			   size_t garbage, size_t index, size_t records)
{
	uint8_t *head = keep(HEADER_SIZE);

	memset(head, 0, HEADER_SIZE);
	memcpy(head, "SECS", 4);
	write(head + 4, SECSTOR_FORMAT_VERSION, 2);
	head[6] = number ? 2 : 1;
	write(head + 8, number, 8);
	write(head + 16, 1u + unit->seed, 8);
	if (!number) {
		write(head + 24, some_number(unit->room), 8);
		write(head + 32, unit->hostile, 8);
		write(head + 40, unit->key * 8u, 8);
		write(head + 48, unit->key / 4u, 4);
		write(head + 52, unit->size / 8u, 4);
		write(head + 58, garbage, 2);
		write(head + 60, index, 2);
	}
	write(head + 62, records, 2);
	return (struct bytes){ head, HEADER_SIZE };
}

struct bytes forge(const struct unit *unit, struct input *input,
		   uint64_t number)
{
	static const char *const domains[] = { "default", "other", "", "e" };
	struct parts index = { .count = 0 };
	struct parts records = { .count = 0 };
	struct bytes garbage = { 0 };
	struct unit part = { 0 };
	size_t count = unit->size % PARTS_MAX;

	for (; count && input_unit(input, &part); count--) {
		struct asker asker = {
			ALICE, text(domains[part.hostile % 16 < 4
						    ? part.hostile % 4
						    : part.hostile / 16 % 2])
		};
		struct bytes key =
			model_full_key(&asker, key_of(part.key, input));

		if (number || part.kind % 8 < 5) {
			add_record(&records, &part, key);
		} else if (part.kind % 8 < 7) {
			add_range(&index, &part, key);
		} else {
			uint8_t *bytes = keep(8);

			write(bytes, some_number(part.seed), 8);
			garbage = join(garbage, (struct bytes){ bytes, 8 });
		}
	}
	return join(join(header(unit, number, garbage.size / 8, index.count,
				records.count),
			 garbage),
		    join(all_of(&index), all_of(&records)));
}
