// SPDX-License-Identifier: MIT
/* Revisions, and changes that depend on them. */
#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

static uint64_t put_revision(struct client *client, const char *key)
{
	CHECK_EQ(put(client, text(key), text("v"), ANY), TEE_SUCCESS);
	return number(client, 2);
}

CASE(revisions_rise_over_all_keys_of_an_owner)
{
	struct client client = open_default();
	struct client other = { 0 };
	uint64_t last = 0;
	size_t n = 0;

	CHECK_EQ(open_as(&other, &alice, text("other")), TEE_SUCCESS);
	for (n = 0; n < 20; n++) {
		uint64_t revision = put_revision(n % 3 ? &client : &other,
						 n % 2 ? "a" : "b");

		case_step("put %zu", n);
		CHECK(revision > last);
		last = revision;
	}
	device_restart();
	client = open_default();
	CHECK(put_revision(&client, "c") > last);
}

CASE(a_key_stored_again_never_has_an_old_revision)
{
	struct client client = open_default();
	uint64_t first = put_revision(&client, "k");
	uint64_t second = 0;

	CHECK_EQ(del(&client, text("k"), ANY), TEE_SUCCESS);
	device_restart();
	client = open_default();
	second = put_revision(&client, "k");
	CHECK(second > first);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	device_restart();
	client = open_default();
	CHECK(put_revision(&client, "k") > second);
}

CASE(put_heeds_the_expected_revision)
{
	struct client client = open_default();
	uint64_t revision = 0;

	CHECK_EQ(put(&client, text("k"), text("1"), 1), SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put(&client, text("k"), text("1"), ANY - 1),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put(&client, text("k"), text("1"), ABSENT), TEE_SUCCESS);
	revision = number(&client, 2);
	CHECK_EQ(put(&client, text("k"), text("2"), ABSENT),
		 SECSTOR_ERROR_EXISTS);
	CHECK_EQ(put(&client, text("k"), text("2"), revision + 1),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put(&client, text("k"), text("2"),
		     revision | UINT64_C(1) << 32),
		 SECSTOR_ERROR_CONFLICT);
	CHECK(bytes_equal(value_of(&client, text("k")), text("1")));
	CHECK_EQ(put(&client, text("k"), text("2"), revision), TEE_SUCCESS);
	CHECK(number(&client, 2) > revision);
	CHECK_EQ(put(&client, text("k"), text("3"), revision),
		 SECSTOR_ERROR_CONFLICT);
	CHECK(bytes_equal(value_of(&client, text("k")), text("2")));
}

CASE(delete_heeds_the_expected_revision)
{
	struct client client = open_default();
	uint64_t revision = 0;

	CHECK_EQ(del(&client, text("k"), 1), SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put(&client, text("k"), text("1"), ANY), TEE_SUCCESS);
	revision = number(&client, 2);
	CHECK_EQ(del(&client, text("k"), ABSENT), SECSTOR_ERROR_EXISTS);
	CHECK_EQ(del(&client, text("k"), revision + 1), SECSTOR_ERROR_CONFLICT);
	CHECK(!is_absent(&client, text("k")));
	CHECK_EQ(del(&client, text("k"), revision), TEE_SUCCESS);
	CHECK_EQ(number(&client, 1), revision);
	CHECK(is_absent(&client, text("k")));
}

CASE(generate_heeds_the_expected_revision)
{
	struct client client = open_default();
	uint64_t revision = 0;

	CHECK_EQ(generate(&client, text("k"), 16, 5), SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(generate(&client, text("k"), 16, ABSENT), TEE_SUCCESS);
	revision = number(&client, 2);
	CHECK_EQ(generate(&client, text("k"), 16, ABSENT),
		 SECSTOR_ERROR_EXISTS);
	CHECK_EQ(generate(&client, text("k"), 16, revision), TEE_SUCCESS);
	CHECK(number(&client, 2) > revision);
}

CASE(a_refused_change_changes_nothing_at_all)
{
	struct client client = open_default();
	struct map_store before = { 0 };

	CHECK_EQ(put(&client, text("k"), noise(1, 9000), ANY), TEE_SUCCESS);
	before = map_copy(&device.map);
	CHECK_EQ(put(&client, text("k"), noise(2, 9000), ABSENT),
		 SECSTOR_ERROR_EXISTS);
	CHECK_EQ(put(&client, text("l"), noise(2, 9000), 7),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(del(&client, text("k"), 77), SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(del(&client, text("l"), ANY), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(generate(&client, text("k"), 9000, ABSENT),
		 SECSTOR_ERROR_EXISTS);
	CHECK(map_equal(&before, &device.map));
	map_clear(&before);
}
