// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "tee_api_defines.h"

#define ENTRY_SIZE 16

/* Bytes that grow. */
struct buffer {
	uint8_t *data;
	size_t size;
	size_t room;
};

static void append(struct buffer *buffer, const void *data, size_t size)
{
	if (buffer->size + size > buffer->room) {
		buffer->room = 2 * (buffer->size + size);
		buffer->data = realloc(buffer->data, buffer->room);
		CHECK(buffer->data);
	}
	if (size)
		memcpy(buffer->data + buffer->size, data, size);
	buffer->size += size;
}

enum parts { KEYS = 0, VALUES = 1, REVISIONS = 2 };

/* One entry of a list, and the value that goes with it. */
static size_t add_entry(struct client *client, struct buffer *buffer,
			const uint8_t *entry, enum parts parts)
{
	struct bytes key = { entry + ENTRY_SIZE, read_u16(entry + 12) };
	size_t size = read_u32(entry + 8);

	CHECK_EQ(read_u16(entry + 14), 0);
	CHECK_EQ(get(client, key, size), TEE_SUCCESS);
	CHECK_EQ(client->out[1].size, size);
	CHECK_EQ(number(client, 2), read_u64(entry));
	if (parts & REVISIONS)
		append(buffer, entry, 8);
	append(buffer, entry + 8, ENTRY_SIZE - 8 + key.size);
	if (parts & VALUES)
		append(buffer, client->out[1].data, size);
	return ENTRY_SIZE + key.size;
}

static struct bytes take(struct client *client, enum parts parts)
{
	struct buffer buffer = { 0 };
	struct bytes after = { 0 };
	struct bytes whole = { 0 };
	uint8_t *copy = NULL;
	bool more = true;

	while (more) {
		struct bytes page = { 0 };
		uint32_t count = 0;
		size_t at = 0;

		CHECK_EQ(list(client, text(""), after, 0, ROOM), TEE_SUCCESS);
		page = client->out[2];
		more = client->params[3].value.b == 1;
		for (count = client->params[3].value.a; count; count--) {
			after.data = page.data + at + ENTRY_SIZE;
			after.size = read_u16(page.data + at + 12);
			at += add_entry(client, &buffer, page.data + at, parts);
		}
		CHECK_EQ(at, page.size);
		CHECK(!more || at);
	}
	copy = keep(buffer.size);
	if (buffer.size)
		memcpy(copy, buffer.data, buffer.size);
	whole = (struct bytes){ copy, buffer.size };
	free(buffer.data);
	return whole;
}

struct bytes snapshot(struct client *client)
{
	return take(client, VALUES | REVISIONS);
}

struct bytes contents(struct client *client)
{
	return take(client, VALUES);
}

struct bytes keys_of(struct client *client)
{
	return take(client, KEYS);
}
