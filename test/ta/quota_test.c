// SPDX-License-Identifier: MIT
/* The quota of an owner, in a TA built with a small one: see CMakeLists.txt. */
#include <stdio.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "snapshot.h"
#include "tee_api_defines.h"

static void put_numbered(struct client *client, size_t n, size_t size,
			 TEE_Result expected)
{
	char key[8] = { 0 };

	snprintf(key, sizeof(key), "k%02zu", n);
	case_step("key %s of %zu bytes", key, size);
	CHECK_EQ(put(client, text(key), noise(n, size), ANY), expected);
}

static void fill_keys(struct client *client)
{
	size_t n = 0;

	for (n = 0; n < SECSTOR_QUOTA_KEYS; n++)
		put_numbered(client, n, 1, TEE_SUCCESS);
}

CASE(the_number_of_keys_is_limited)
{
	struct client client = open_default();
	struct map_store before = { 0 };

	CHECK_EQ(info_u32(&client, SECSTOR_INFO_QUOTA_KEYS),
		 SECSTOR_QUOTA_KEYS);
	CHECK_EQ(info_u64(&client, SECSTOR_INFO_QUOTA_BYTES),
		 SECSTOR_QUOTA_BYTES);
	fill_keys(&client);
	before = map_copy(&device.map);
	put_numbered(&client, SECSTOR_QUOTA_KEYS, 0, SECSTOR_ERROR_QUOTA);
	CHECK_EQ(generate(&client, text("g"), 1, ANY), SECSTOR_ERROR_QUOTA);
	CHECK(map_equal(&before, &device.map));
	/* What is there may be replaced, and one for another. */
	put_numbered(&client, 1, 2, TEE_SUCCESS);
	CHECK_EQ(del(&client, text("k00"), ANY), TEE_SUCCESS);
	put_numbered(&client, SECSTOR_QUOTA_KEYS, 1, TEE_SUCCESS);
	put_numbered(&client, 0, 1, SECSTOR_ERROR_QUOTA);
	map_clear(&before);
}

CASE(the_number_of_keys_is_limited_over_all_domains)
{
	struct client client = open_default();
	struct client other = { 0 };
	struct client bobs = { 0 };

	fill_keys(&client);
	CHECK_EQ(open_as(&other, &alice, text("other")), TEE_SUCCESS);
	put_numbered(&other, 0, 1, SECSTOR_ERROR_QUOTA);
	CHECK_EQ(open_as(&bobs, &bob, text("default")), TEE_SUCCESS);
	put_numbered(&bobs, 0, 1, TEE_SUCCESS);
}

CASE(a_batch_counts_as_a_whole)
{
	struct client client = open_default();
	struct bytes before = { 0 };

	fill_keys(&client);
	before = snapshot(&client);
	CHECK_EQ(batch(&client,
		       join(batch_put(text("a"), text("1"), ANY),
			    batch_put(text("b"), text("1"), ANY)),
		       ROOM),
		 SECSTOR_ERROR_QUOTA);
	CHECK_EQ(batch(&client,
		       join(join(batch_put(text("a"), text("1"), ANY),
				 batch_put(text("b"), text("1"), ANY)),
			    batch_delete(text("k00"), ANY)),
		       ROOM),
		 SECSTOR_ERROR_QUOTA);
	CHECK(bytes_equal(snapshot(&client), before));
	CHECK_EQ(batch(&client,
		       join(join(batch_put(text("a"), text("1"), ANY),
				 batch_delete(text("k01"), ANY)),
			    join(batch_put(text("b"), text("1"), ANY),
				 batch_delete(text("k00"), ANY))),
		       ROOM),
		 TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), SECSTOR_QUOTA_KEYS);
}

CASE(the_bytes_are_limited)
{
	struct client client = open_default();
	/* "k00" has three. */
	size_t most = SECSTOR_QUOTA_BYTES - 3;

	put_numbered(&client, 0, most + 1, SECSTOR_ERROR_QUOTA);
	CHECK_EQ(map_count(&device.map), 0);
	put_numbered(&client, 0, most, TEE_SUCCESS);
	CHECK_EQ(info_u64(&client, SECSTOR_INFO_USED_BYTES),
		 SECSTOR_QUOTA_BYTES);
	put_numbered(&client, 1, 0, SECSTOR_ERROR_QUOTA);
	put_numbered(&client, 0, most + 1, SECSTOR_ERROR_QUOTA);
	put_numbered(&client, 0, most - 4, TEE_SUCCESS);
	put_numbered(&client, 1, 2, SECSTOR_ERROR_QUOTA);
	put_numbered(&client, 1, 1, TEE_SUCCESS);
	CHECK_EQ(del(&client, text("k00"), ANY), TEE_SUCCESS);
	CHECK_EQ(info_u64(&client, SECSTOR_INFO_USED_BYTES), 3 + 1);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(info_u64(&client, SECSTOR_INFO_USED_BYTES), 0);
	put_numbered(&client, 0, most, TEE_SUCCESS);
}

CASE(conditions_come_before_the_quota)
{
	struct client client = open_default();

	fill_keys(&client);
	CHECK_EQ(put(&client, text("new"), text("v"), 1),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put(&client, text("k00"), noise(1, SECSTOR_QUOTA_BYTES),
		     ABSENT),
		 SECSTOR_ERROR_EXISTS);
}
