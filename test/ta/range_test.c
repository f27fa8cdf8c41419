// SPDX-License-Identifier: MIT
/*
 * Stored leaves that do not have the keys which the index says. What is
 * missing there was lost; it must not seem never to have been.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "tee_api_defines.h"

/* A node's header (docs/storage-format.md). */
#define KIND_AT 6
#define KIND_LEAF 2
#define RECORD_COUNT_AT 62
#define HEADER_SIZE 72

/* What a fixture has in each domain of alice. */
#define KEYS 200

static bool is_leaf_of_alice(const struct map_blob *blob)
{
	return blob->id.bytes[18] == alice.uuid.clockSeqAndNode[7] &&
	       blob->size > HEADER_SIZE && !memcmp(blob->data, "SECS", 4) &&
	       blob->data[KIND_AT] == KIND_LEAF;
}

/* Does it to both copies of every leaf; the TA is started again. */
static void change_leaves(struct bytes (*change)(struct bytes leaf))
{
	struct map_blob *blob = NULL;
	size_t count = 0;

	fixtures[1].make();
	soft_tee_unload();
	for (blob = device.map.blobs; blob; blob = blob->next) {
		struct bytes copy = { 0 };

		if (!is_leaf_of_alice(blob))
			continue;
		copy = change(join((struct bytes){ blob->data, blob->size },
				   text("")));
		map_replace(blob, copy.data, copy.size);
		count++;
	}
	CHECK(count >= 4);
	device_power_cycle();
}

/* Each key is there or said to be lost. */
static void check_none_is_denied(void)
{
	struct client client = open_default();
	char key[16] = { 0 };
	size_t lost = 0;
	size_t n = 0;

	for (n = 0; n < KEYS; n++) {
		TEE_Result res = TEE_SUCCESS;

		snprintf(key, sizeof(key), "m/%zu", n);
		case_step("key %s", key);
		res = get(&client, text(key), ROOM);
		if (res)
			CHECK_EQ(res, TEE_ERROR_CORRUPT_OBJECT);
		lost += res != TEE_SUCCESS;
	}
	CHECK(lost);
}

static struct bytes emptied(struct bytes leaf)
{
	memset((uint8_t *)leaf.data + RECORD_COUNT_AT, 0, 2);
	return (struct bytes){ leaf.data, HEADER_SIZE };
}

CASE(a_leaf_without_keys_has_lost_them)
{
	change_leaves(emptied);
	check_none_is_denied();
}

/*
 * Puts keys of "default" from the middle on into a domain behind all. Not in
 * the last leaf, whose range has no end.
 */
static struct bytes with_moved_keys(struct bytes leaf)
{
	uint8_t *data = (uint8_t *)leaf.data;
	size_t at = leaf.size - 8;

	for (; at > leaf.size / 2; at--)
		if (!memcmp(data + at, "default", 8))
			data[at] = 'z';
		else if (!memcmp(data + at, "other", 6))
			break;
	return leaf;
}

CASE(a_leaf_with_keys_of_another_range_is_lost)
{
	change_leaves(with_moved_keys);
	check_none_is_denied();
}
