// SPDX-License-Identifier: MIT
/* Copies that rot are found and made again before they are needed. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

static bool is_alices(const struct map_blob *blob)
{
	return blob->id.bytes[LOGIN_AT] != 0;
}

static struct bytes numbered(size_t n)
{
	char name[16] = { 0 };

	snprintf(name, sizeof(name), "k/%zu", n);
	return join(text(name), text(""));
}

/* Records in the root and in leaves, values in objects of their own. */
static void fill(struct client *client)
{
	size_t n = 0;

	for (n = 0; n < 300; n++)
		CHECK_EQ(put(client, numbered(n), noise(n, 200), ANY),
			 TEE_SUCCESS);
	for (n = 300; n < 310; n++)
		CHECK_EQ(put(client, numbered(n), noise(n, 9000), ANY),
			 TEE_SUCCESS);
}

static void check_filled(struct client *client)
{
	size_t n = 0;

	for (n = 0; n < 310; n++) {
		const void *mark = keep_mark();

		CHECK(bytes_equal(value_of(client, numbered(n)),
				  noise(n, n < 300 ? 200 : 9000)));
		keep_release(mark);
	}
}

static size_t remove_copies(uint8_t copy, bool also_list)
{
	size_t count = 0;
	size_t n = 0;

	while (n < map_count(&device.map)) {
		const struct map_blob *blob = map_at(&device.map, n);

		if (blob->id.bytes[COPY_AT] == copy &&
		    (also_list || is_alices(blob))) {
			map_remove_at(&device.map, n);
			count++;
		} else {
			n++;
		}
	}
	return count;
}

struct totals {
	uint32_t objects;
	uint32_t damaged;
	uint32_t healed;
	uint32_t lost;
};

static struct totals verify(struct client *client, bool repair)
{
	struct bytes at = { 0 };
	struct totals totals = { 0 };
	size_t calls = 0;

	do {
		CHECK_EQ(invoke(client, SECSTOR_CMD_VERIFY, in(at),
				out(SECSTOR_CURSOR_MAX), value_inout(repair, 0),
				value_out()),
			 TEE_SUCCESS);
		at = client->out[1];
		totals.objects += client->params[2].value.a;
		totals.damaged += client->params[2].value.b;
		totals.healed += client->params[3].value.a;
		totals.lost += client->params[3].value.b;
		CHECK(++calls < 100);
	} while (at.size);
	return totals;
}

CASE(verify_reads_every_copy)
{
	struct client client = open_default();
	uint64_t reads = 0;
	struct totals totals = { 0 };

	totals = verify(&client, true);
	CHECK(!totals.damaged && !totals.lost);
	fill(&client);
	reads = device.faults.reads;
	totals = verify(&client, false);
	CHECK_EQ(totals.objects, map_count(&device.map) / 2);
	CHECK(device.faults.reads - reads >= map_count(&device.map));
	CHECK(!totals.damaged && !totals.healed && !totals.lost);
}

CASE(verify_repairs_either_copy)
{
	struct client client = open_default();
	uint8_t copy = 0;

	fill(&client);
	for (copy = 0; copy < 2; copy++) {
		size_t count = map_count(&device.map);
		struct map_store before = { 0 };
		struct totals totals = { 0 };
		size_t gone = 0;

		case_step("copy %u", copy);
		device_restart();
		before = map_copy(&device.map);
		gone = remove_copies(copy, true);
		client = open_default();
		totals = verify(&client, false);
		CHECK_EQ(totals.damaged, gone);
		CHECK_EQ(totals.healed + totals.lost, 0);
		CHECK_EQ(map_count(&device.map), count - gone);
		totals = verify(&client, true);
		CHECK_EQ(totals.damaged, gone);
		CHECK_EQ(totals.healed, gone);
		CHECK(map_equal(&before, &device.map));
		map_clear(&before);
		check_filled(&client);
	}
}

CASE(verify_counts_what_is_lost)
{
	struct client client = open_default();
	struct totals totals = { 0 };
	struct map_blob *blob = NULL;
	uint64_t number = 0;

	fill(&client);
	device_restart();
	/* The last value, both copies of it. */
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_alices(blob) && blob->size == 9000)
			number = read_u64(blob->id.bytes + 19);
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_alices(blob) && read_u64(blob->id.bytes + 19) == number)
			blob->damage = MAP_CORRUPT_AT_READ;
	client = open_default();
	totals = verify(&client, true);
	CHECK_EQ(totals.lost, 1);
	CHECK_EQ(totals.damaged, 0);
	CHECK_EQ(remove_copies(0, false) > 0, true);
	CHECK_EQ(remove_copies(1, false) > 0, true);
	device_restart();
	client = open_default();
	CHECK_EQ(invoke(&client, SECSTOR_CMD_VERIFY, in(text("")),
			out(SECSTOR_CURSOR_MAX), value_inout(0, 0),
			value_out()),
		 TEE_ERROR_CORRUPT_OBJECT);
}

CASE(verify_goes_on_behind_a_lost_leaf)
{
	struct client client = open_default();
	struct map_blob *blob = NULL;
	struct totals totals = { 0 };
	uint32_t values = 0;

	fill(&client);
	device_restart();
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_alices(blob) && blob->data[0] == 'S' &&
		    blob->data[6] == 2)
			blob->damage = MAP_CORRUPT_AT_OPEN;
	for (blob = device.map.blobs; blob; blob = blob->next)
		values += is_alices(blob) && blob->size == 9000;
	client = open_default();
	totals = verify(&client, true);
	CHECK(totals.lost > 0);
	CHECK(totals.objects > totals.lost);
	/* The latest values are known to the root. */
	CHECK(values / 2 >= totals.objects - totals.lost - 2);
}

CASE(verify_counts_what_is_not_cleared_yet)
{
	struct client client = open_default();
	struct client other = { 0 };
	struct totals totals = { 0 };

	fill(&client);
	device_restart();
	remove_copies(0, false);
	remove_copies(1, false);
	client = open_default();
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	totals = verify(&client, true);
	CHECK(totals.lost > 0);
	/* What is lost has no domain; all of them are around that one. */
	CHECK_EQ(open_as(&other, &alice, text("aaa")), TEE_SUCCESS);
	CHECK_EQ(get(&other, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK(is_absent(&client, numbered(1)));
}

CASE(verify_wants_a_place_it_has_given)
{
	struct client client = open_default();

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_VERIFY, in(text("x")),
			out(SECSTOR_CURSOR_MAX), value_inout(0, 0),
			value_out()),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_VERIFY,
			in(repeat(1, SECSTOR_CURSOR_MAX + 1)),
			out(SECSTOR_CURSOR_MAX), value_inout(0, 0),
			value_out()),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_VERIFY, in(text("")),
			out(SECSTOR_CURSOR_MAX), value_inout(2, 0),
			value_out()),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_VERIFY, in(text("")), out(10),
			value_inout(0, 0), value_out()),
		 TEE_ERROR_SHORT_BUFFER);
}

/* Without descriptors a look at both copies would be the end of both. */
CASE(verify_costs_nothing_without_descriptors)
{
	struct client client = open_default();
	size_t nth = 0;

	fill(&client);
	for (nth = 1; nth < 60; nth++) {
		const struct fault blind = { .kind = FAULT_FAIL,
					     .calls = FAULT_STAT,
					     .nth = nth,
					     .all_later = true,
					     .result =
						     TEE_ERROR_CORRUPT_OBJECT };
		const struct fault mute = { .kind = FAULT_FAIL,
					    .calls = FAULT_WRITE,
					    .nth = 1,
					    .all_later = true,
					    .result =
						    TEE_ERROR_ITEM_NOT_FOUND };
		struct map_store before = map_copy(&device.map);
		struct bytes at = { 0 };
		size_t n = 0;

		case_step("from open %zu on", nth);
		device_restart();
		client = open_default();
		fault_arm(&device.faults, &blind);
		fault_add(&device.faults, &mute);
		for (n = 0; n < 3; n++) {
			if (invoke(&client, SECSTOR_CMD_VERIFY, in(at),
				   out(SECSTOR_CURSOR_MAX), value_inout(1, 0),
				   value_out()))
				break;
			at = client.out[1];
			if (!at.size)
				break;
		}
		device_power_cycle();
		client = open_default();
		check_filled(&client);
		map_clear(&device.map);
		device.map = before;
	}
}

/* Changes look at one twin in each turn; sooner or later it is each one's. */
CASE(changes_find_twins_that_are_gone)
{
	struct client client = open_default();
	size_t gone = 0;
	size_t n = 0;

	fill(&client);
	device_restart();
	gone = remove_copies(1, true);
	client = open_default();
	for (n = 0; n < 400; n++) {
		const void *mark = keep_mark();

		CHECK_EQ(put(&client, numbered(3), noise(3, 200), ANY),
			 TEE_SUCCESS);
		keep_release(mark);
	}
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_HEALED), gone);
	device_restart();
	remove_copies(0, true);
	client = open_default();
	check_filled(&client);
}

CASE(a_value_whose_twin_is_gone_is_found_by_changes_of_others)
{
	struct client client = open_default();
	struct map_blob *blob = NULL;
	size_t n = 0;

	CHECK_EQ(put(&client, text("big"), repeat('v', 20000), ANY),
		 TEE_SUCCESS);
	device_restart();
	for (n = 0; n < map_count(&device.map); n++) {
		blob = map_at(&device.map, n);
		if (is_alices(blob) && blob->size == 20000 &&
		    blob->id.bytes[COPY_AT])
			map_remove_at(&device.map, n);
	}
	client = open_default();
	for (n = 0; n < 50; n++)
		CHECK_EQ(put(&client, numbered(n), text("x"), ANY),
			 TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_HEALED), 1);
}

/* Notes of what is lost are not kept from an owner by those of another. */
CASE(an_owner_that_only_reads_blocks_no_other)
{
	struct client client = open_default();
	struct client other = { 0 };
	size_t n = 0;

	CHECK_EQ(open_as(&other, &bob, text("default")), TEE_SUCCESS);
	for (n = 0; n < 20; n++)
		CHECK_EQ(put(&other, numbered(n), noise(n, 9000), ANY),
			 TEE_SUCCESS);
	CHECK_EQ(put(&client, text("k"), noise(1, 9000), ANY), TEE_SUCCESS);
	device_restart();
	remove_copies(0, false);
	CHECK_EQ(open_as(&other, &bob, text("default")), TEE_SUCCESS);
	for (n = 0; n < 20; n++)
		CHECK_EQ(get(&other, numbered(n), ROOM), TEE_SUCCESS);
	client = open_default();
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("l"), text("v"), ANY), TEE_SUCCESS);
	/* Her root and her value. */
	CHECK(info_u32(&client, SECSTOR_INFO_HEALED) >= 2);
}
