// SPDX-License-Identifier: MIT
/* Bytes and memory for the client. */
#include <stdlib.h>
#include <string.h>

#include "client.h"

struct kept {
	struct kept *next;
	uint8_t data[];
};

static struct kept *all;

void *keep(size_t size)
{
	struct kept *kept = malloc(sizeof(*kept) + size);

	if (!kept)
		abort();
	kept->next = all;
	all = kept;
	return kept->data;
}

const void *keep_mark(void)
{
	return all;
}

void keep_release(const void *mark)
{
	while (all && all != mark) {
		struct kept *kept = all;

		all = kept->next;
		free(kept);
	}
}

struct bytes text(const char *string)
{
	return (struct bytes){ (const uint8_t *)string, strlen(string) };
}

struct bytes repeat(uint8_t byte, size_t size)
{
	uint8_t *data = keep(size);

	memset(data, byte, size);
	return (struct bytes){ data, size };
}

struct bytes noise(uint64_t seed, size_t size)
{
	uint8_t *data = keep(size);
	uint64_t state = seed * 2 + 1;
	size_t n = 0;

	for (n = 0; n < size; n++) {
		/* An LCG whose high bits are good enough here. */
		state = state * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
		data[n] = (uint8_t)(state >> 56);
	}
	return (struct bytes){ data, size };
}

struct bytes join(struct bytes a, struct bytes b)
{
	uint8_t *data = keep(a.size + b.size);

	if (a.size)
		memcpy(data, a.data, a.size);
	if (b.size)
		memcpy(data + a.size, b.data, b.size);
	return (struct bytes){ data, a.size + b.size };
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

uint32_t read_u16(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8;
}

uint32_t read_u32(const uint8_t *at)
{
	return read_u16(at) | read_u16(at + 2) << 16;
}

uint64_t read_u64(const uint8_t *at)
{
	return read_u32(at) | (uint64_t)read_u32(at + 4) << 32;
}

static uint8_t *append(uint8_t *at, uint64_t number, size_t size)
{
	while (size--) {
		*at++ = (uint8_t)number;
		number >>= 8;
	}
	return at;
}

struct bytes asked(struct bytes key)
{
	uint8_t *head = keep(2);

	append(head, key.size, 2);
	return join((struct bytes){ head, 2 }, key);
}

static struct bytes batch_entry(uint8_t kind, struct bytes key,
				struct bytes value, uint64_t expected)
{
	uint8_t *head = keep(16);
	uint8_t *at = head;

	at = append(at, kind, 1);
	at = append(at, 0, 1);
	at = append(at, key.size, 2);
	at = append(at, value.size, 4);
	append(at, expected, 8);
	return join(join((struct bytes){ head, 16 }, key), value);
}

struct bytes batch_put(struct bytes key, struct bytes value, uint64_t expected)
{
	return batch_entry(SECSTOR_BATCH_PUT, key, value, expected);
}

struct bytes batch_delete(struct bytes key, uint64_t expected)
{
	return batch_entry(SECSTOR_BATCH_DELETE, key, (struct bytes){ 0 },
			   expected);
}
