// SPDX-License-Identifier: MIT
/* CLEAR: all that has a prefix, and nothing else. */
#include <stdio.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "snapshot.h"
#include "tee_api_defines.h"

#define GROUPS 6
#define MEMBERS 60

static struct bytes key_of(char *text_, size_t size, size_t group, size_t n)
{
	snprintf(text_, size, "g%zu/%03zu", group, n);
	return text(text_);
}

static void fill(struct client *client)
{
	char key[32] = { 0 };
	size_t n = 0;

	for (n = 0; n < GROUPS * MEMBERS; n++) {
		CHECK_EQ(put(client,
			     key_of(key, sizeof(key), n % GROUPS, n / GROUPS),
			     noise(n, n % 50 ? 200 : 9000), ANY),
			 TEE_SUCCESS);
		keep_release(NULL);
	}
}

static void check_groups(struct client *client, size_t cleared)
{
	char key[32] = { 0 };
	size_t n = 0;

	for (n = 0; n < GROUPS * MEMBERS; n++) {
		case_step("key %zu", n);
		key_of(key, sizeof(key), n % GROUPS, n / GROUPS);
		if (n % GROUPS == cleared)
			CHECK(is_absent(client, text(key)));
		else
			CHECK(!is_absent(client, text(key)));
	}
}

CASE(clear_takes_a_prefix_and_nothing_else)
{
	struct client client = { 0 };
	struct map_store full = { 0 };
	char prefix[32] = { 0 };
	size_t group = 0;

	client = open_default();
	fill(&client);
	full = map_copy(&device.map);
	for (group = 0; group < GROUPS; group++) {
		device_restore(&full);
		client = open_default();
		snprintf(prefix, sizeof(prefix), "g%zu/", group);
		CHECK_EQ(clear(&client, text(prefix)), TEE_SUCCESS);
		CHECK_EQ(client.params[1].value.a, MEMBERS);
		check_groups(&client, group);
		CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS),
			 (GROUPS - 1) * MEMBERS);
		device_restart();
		client = open_default();
		check_groups(&client, group);
		keep_release(NULL);
	}
	map_clear(&full);
}

CASE(clear_of_everything_leaves_nothing)
{
	struct client client = open_default();

	fill(&client);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, GROUPS * MEMBERS);
	while (client.params[1].value.b)
		CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(snapshot(&client).size, 0);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), 0);
	CHECK_EQ(info_u64(&client, SECSTOR_INFO_USED_BYTES), 0);
	CHECK_EQ(device_owned_objects(), 0);
	CHECK_EQ(put(&client, text("k"), text("v"), ABSENT), TEE_SUCCESS);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
}

/* The smallest record there is remains of a range that had many. */
CASE(clear_may_leave_a_single_small_key)
{
	static const char *const tiny[] = { "a", "g2~", "z" };
	struct client client = open_default();
	char prefix[8] = { 0 };
	size_t n = 0;

	for (n = 0; n < 3 * GROUPS; n++) {
		case_step("key %s, first group %zu", tiny[n % 3], n / 3);
		fill(&client);
		CHECK_EQ(put(&client, text(tiny[n % 3]), text(""), ANY),
			 TEE_SUCCESS);
		snprintf(prefix, sizeof(prefix), "g%zu", n / 3);
		CHECK_EQ(clear(&client, text(prefix)), TEE_SUCCESS);
		CHECK_EQ(put(&client, text(tiny[n % 3]), text(""), ANY),
			 TEE_SUCCESS);
		CHECK_EQ(clear(&client, text("g")), TEE_SUCCESS);
		if (tiny[n % 3][0] != 'g')
			CHECK(!is_absent(&client, text(tiny[n % 3])));
		device_restart();
		client = open_default();
		CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS),
			 tiny[n % 3][0] != 'g');
		CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	}
}

CASE(clear_of_nothing_writes_nothing)
{
	struct client client = open_default();
	struct map_store before = { 0 };

	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 0);
	CHECK_EQ(map_count(&device.map), 0);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	before = map_copy(&device.map);
	CHECK_EQ(clear(&client, text("l")), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 0);
	CHECK(map_equal(&before, &device.map));
	map_clear(&before);
}

CASE(clear_stays_within_the_domain)
{
	struct client client = open_default();
	struct client others[2] = { 0 };
	struct bytes before[2] = { 0 };

	CHECK_EQ(open_as(others, &alice, text("defaul")), TEE_SUCCESS);
	CHECK_EQ(open_as(others + 1, &alice, text("default2")), TEE_SUCCESS);
	fill(others);
	fill(&client);
	fill(others + 1);
	before[0] = snapshot(others);
	before[1] = snapshot(others + 1);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, GROUPS * MEMBERS);
	CHECK_EQ(snapshot(&client).size, 0);
	CHECK(bytes_equal(snapshot(others), before[0]));
	CHECK(bytes_equal(snapshot(others + 1), before[1]));
}

CASE(clear_takes_the_largest_and_smallest_characters)
{
	struct client client = open_default();
	struct bytes top = text("\xf4\x8f\xbf\xbf");

	CHECK_EQ(put(&client, top, text("1"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, join(top, top), text("2"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text(" "), text("3"), ANY), TEE_SUCCESS);
	CHECK_EQ(clear(&client, top), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 2);
	CHECK_EQ(clear(&client, text(" ")), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 1);
}
