// SPDX-License-Identifier: MIT
/* One key and its value: GET, PUT, DELETE, STAT, GENERATE, INFO. */
#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

/* Sizes around those at which a value is stored in another way. */
static const size_t value_sizes[] = {
	0,    1,    32,	   3500,  4089,	 4090,	 4091,	 4096,
	4097, 4122, 12264, 16384, 65536, 131072, 131073, SECSTOR_VALUE_MAX,
};

CASE(a_value_survives_a_restart)
{
	struct client client = open_default();

	CHECK_EQ(put(&client, text("db/password"), text("s3cret"), ANY),
		 TEE_SUCCESS);
	CHECK_EQ(client.origin, TEE_ORIGIN_TRUSTED_APP);
	CHECK(bytes_equal(value_of(&client, text("db/password")),
			  text("s3cret")));
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("db/password")),
			  text("s3cret")));
}

CASE(values_of_every_size_are_kept)
{
	struct client client = open_default();
	size_t n = 0;

	for (n = 0; n < sizeof(value_sizes) / sizeof(*value_sizes); n++) {
		struct bytes value = noise(n, value_sizes[n]);

		case_step("size %zu", value_sizes[n]);
		CHECK_EQ(put(&client, text("k"), value, ANY), TEE_SUCCESS);
		CHECK(bytes_equal(value_of(&client, text("k")), value));
		device_power_cycle();
		client = open_default();
		CHECK(bytes_equal(value_of(&client, text("k")), value));
		CHECK_EQ(info_u64(&client, SECSTOR_INFO_USED_BYTES),
			 1 + value.size);
	}
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), 1);
}

CASE(every_size_follows_every_other)
{
	struct client client = open_default();
	size_t count = sizeof(value_sizes) / sizeof(*value_sizes);
	size_t n = 0;

	for (n = 0; n < count * count; n++) {
		struct bytes old = noise(n, value_sizes[n / count]);
		struct bytes new = noise(n + 1, value_sizes[n % count]);

		case_step("%zu after %zu", new.size, old.size);
		CHECK_EQ(put(&client, text("k"), old, ANY), TEE_SUCCESS);
		CHECK_EQ(put_swap(&client, text("k"), new, ANY, 8 + old.size),
			 TEE_SUCCESS);
		CHECK(bytes_equal((struct bytes){ client.out[3].data + 8,
						  client.out[3].size - 8 },
				  old));
		CHECK(bytes_equal(value_of(&client, text("k")), new));
		keep_release(NULL);
	}
	/* Nothing of the values before is left behind. */
	CHECK_EQ(del(&client, text("k"), ANY), TEE_SUCCESS);
	CHECK_EQ(device_owned_objects(), 2);
}

CASE(a_value_above_the_limit_is_refused)
{
	struct client client = open_default();

	CHECK_EQ(put(&client, text("k"), noise(1, SECSTOR_VALUE_MAX + 1), ANY),
		 SECSTOR_ERROR_VALUE_TOO_LARGE);
	CHECK_EQ(put(&client, text("k"), noise(1, 4 * SECSTOR_VALUE_MAX), ANY),
		 SECSTOR_ERROR_VALUE_TOO_LARGE);
	CHECK(is_absent(&client, text("k")));
	CHECK_EQ(map_count(&device.map), 0);
}

CASE(empty_differs_from_absent)
{
	struct client client = open_default();

	CHECK(is_absent(&client, text("k")));
	CHECK_EQ(get(&client, text("k"), 0), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(stat_key(&client, text("k")), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(put(&client, text("k"), text(""), ANY), TEE_SUCCESS);
	CHECK_EQ(get(&client, text("k"), 0), TEE_SUCCESS);
	CHECK_EQ(client.out[1].size, 0);
	CHECK_EQ(stat_key(&client, text("k")), TEE_SUCCESS);
	CHECK_EQ(number(&client, 2), 0);
}

CASE(a_short_buffer_says_what_would_do)
{
	struct client client = open_default();
	struct bytes value = noise(1, 5000);

	CHECK_EQ(put(&client, text("k"), value, ANY), TEE_SUCCESS);
	CHECK_EQ(get(&client, text("k"), 4999), TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[1].memref.size, 5000);
	CHECK_EQ(get(&client, text("k"), 0), TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[1].memref.size, 5000);
	CHECK_EQ(get(&client, text("k"), 5000), TEE_SUCCESS);
	CHECK(bytes_equal(client.out[1], value));
	CHECK_EQ(get(&client, text("k"), 5001), TEE_SUCCESS);
	CHECK(bytes_equal(client.out[1], value));
}

CASE(a_short_buffer_comes_before_any_change)
{
	struct client client = open_default();
	struct map_store before = { 0 };

	CHECK_EQ(put(&client, text("k"), text("old value"), ANY), TEE_SUCCESS);
	before = map_copy(&device.map);
	CHECK_EQ(put_swap(&client, text("k"), text("new"), ANY, 16),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[3].memref.size, 8 + 9);
	CHECK_EQ(put_swap(&client, text("new"), text("new"), ANY, 7),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[3].memref.size, 8);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_GENERATE, in(text("g")),
			value_in(32, 0), revision_inout(ANY), out(31)),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[3].memref.size, 32);
	CHECK_EQ(batch(&client,
		       join(batch_put(text("a"), text("1"), ANY),
			    batch_delete(text("k"), ANY)),
		       15),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[1].memref.size, 16);
	CHECK(map_equal(&before, &device.map));
	map_clear(&before);
}

CASE(the_previous_value_is_returned)
{
	struct client client = open_default();
	uint64_t first = 0;

	CHECK_EQ(put_swap(&client, text("k"), text("one"), ANY, 8),
		 TEE_SUCCESS);
	CHECK_EQ(client.out[3].size, 8);
	CHECK_EQ(read_u64(client.out[3].data), 0);
	first = number(&client, 2);
	CHECK_EQ(put_swap(&client, text("k"), text("two"), ANY, ROOM),
		 TEE_SUCCESS);
	CHECK_EQ(client.out[3].size, 8 + 3);
	CHECK_EQ(read_u64(client.out[3].data), first);
	CHECK(bytes_equal((struct bytes){ client.out[3].data + 8, 3 },
			  text("one")));
}

CASE(delete_says_what_it_deleted)
{
	struct client client = open_default();
	uint64_t revision = 0;

	CHECK_EQ(del(&client, text("k"), ANY), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	revision = number(&client, 2);
	CHECK_EQ(del(&client, text("k"), ANY), TEE_SUCCESS);
	CHECK_EQ(number(&client, 1), revision);
	CHECK(is_absent(&client, text("k")));
	CHECK_EQ(del(&client, text("k"), ANY), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), 0);
	CHECK_EQ(info_u64(&client, SECSTOR_INFO_USED_BYTES), 0);
}

CASE(stat_tells_size_and_revision)
{
	struct client client = open_default();
	uint64_t revision = 0;

	CHECK_EQ(put(&client, text("k"), noise(1, 70000), ANY), TEE_SUCCESS);
	revision = number(&client, 2);
	CHECK_EQ(stat_key(&client, text("k")), TEE_SUCCESS);
	CHECK_EQ(number(&client, 1), revision);
	CHECK_EQ(client.params[2].value.a, 70000);
	CHECK_EQ(client.params[2].value.b, 0);
}

CASE(generate_makes_random_values)
{
	static const uint32_t sizes[] = { 1, 16, 5000, SECSTOR_VALUE_MAX };
	struct client client = open_default();
	struct bytes first = { 0 };
	size_t n = 0;

	for (n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
		case_step("size %u", sizes[n]);
		CHECK_EQ(generate(&client, text("k"), sizes[n], ANY),
			 TEE_SUCCESS);
		first = client.out[3];
		CHECK_EQ(first.size, sizes[n]);
		CHECK(bytes_equal(value_of(&client, text("k")), first));
	}
	CHECK_EQ(generate(&client, text("l"), SECSTOR_VALUE_MAX, ANY),
		 TEE_SUCCESS);
	CHECK(!bytes_equal(client.out[3], first));
}

CASE(generate_keeps_the_value_in_the_tee_if_asked)
{
	struct client client = open_default();

	CHECK_EQ(invoke(&client, SECSTOR_CMD_GENERATE, in(text("k")),
			value_in(32, 0), revision_inout(ANY), none()),
		 TEE_SUCCESS);
	CHECK(number(&client, 2) != 0);
	CHECK_EQ(value_of(&client, text("k")).size, 32);
}

CASE(generate_checks_the_size)
{
	struct client client = open_default();

	CHECK_EQ(invoke(&client, SECSTOR_CMD_GENERATE, in(text("k")),
			value_in(0, 0), revision_inout(ANY), none()),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_GENERATE, in(text("k")),
			value_in(SECSTOR_VALUE_MAX + 1, 0), revision_inout(ANY),
			none()),
		 SECSTOR_ERROR_VALUE_TOO_LARGE);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_GENERATE, in(text("k")),
			value_in(UINT32_MAX, 0), revision_inout(ANY), out(16)),
		 SECSTOR_ERROR_VALUE_TOO_LARGE);
	CHECK(is_absent(&client, text("k")));
}

CASE(info_tells_what_the_ta_is)
{
	static const uint8_t owner[16] = { 0xfc, 0x34, 0x27, 0x5c, 0xd8, 0xdd,
					   0x5b, 0xa7, 0x96, 0x8b, 0x50, 0x47,
					   0x18, 0x36, 0x3b, 0x87 };
	struct client client = open_default();
	const uint8_t *info = NULL;

	CHECK_EQ(invoke(&client, SECSTOR_CMD_INFO, out(SECSTOR_INFO_SIZE - 1),
			none(), none(), none()),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[0].memref.size, SECSTOR_INFO_SIZE);
	CHECK_EQ(put(&client, text("four"), text("12345"), ANY), TEE_SUCCESS);
	CHECK_EQ(invoke(&client, SECSTOR_CMD_INFO, out(ROOM), none(), none(),
			none()),
		 TEE_SUCCESS);
	CHECK_EQ(client.out[0].size, SECSTOR_INFO_SIZE);
	info = client.out[0].data;
	CHECK_EQ(read_u32(info + SECSTOR_INFO_PROTOCOL), 1);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_FORMAT), 1);
	CHECK_EQ(info[SECSTOR_INFO_VERSION + 3], 0);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_LOGIN), TEE_LOGIN_USER);
	CHECK(bytes_equal((struct bytes){ info + SECSTOR_INFO_OWNER, 16 },
			  (struct bytes){ owner, 16 }));
	CHECK_EQ(read_u32(info + SECSTOR_INFO_KEY_MAX), 1024);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_DOMAIN_MAX), 64);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_VALUE_MAX), 1024 * 1024);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_QUOTA_KEYS), 10000);
	CHECK_EQ(read_u64(info + SECSTOR_INFO_QUOTA_BYTES), 16 * 1024 * 1024);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_USED_KEYS), 1);
	CHECK_EQ(read_u64(info + SECSTOR_INFO_USED_BYTES), 4 + 5);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_OBJECTS), device_owned_objects());
	CHECK_EQ(read_u32(info + SECSTOR_INFO_ANTI_ROLLBACK),
		 device.age == SOFT_TEE_OLD ? 0 : 100);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_HEALED), 0);
}

CASE(a_panic_ends_every_session_and_loses_nothing)
{
	struct client first = open_default();
	struct client second = open_default();

	CHECK_EQ(put(&first, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(invoke(&second, SECSTOR_CMD_TEST_PANIC, none(), none(), none(),
			none()),
		 TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(get(&first, text("k"), ROOM), TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(first.origin, TEE_ORIGIN_TEE);
	close_client(&first);
	first = open_default();
	CHECK(bytes_equal(value_of(&first, text("k")), text("v")));
}

CASE(warm_reads_ask_the_storage_for_nothing)
{
	struct client client = open_default();
	uint64_t before = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	before = fault_calls(&device.faults);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	CHECK(is_absent(&client, text("other")));
	CHECK_EQ(list(&client, text(""), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), 1);
	CHECK_EQ(fault_calls(&device.faults), before);
}
