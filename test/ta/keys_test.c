// SPDX-License-Identifier: MIT
/* The rules for keys, domains and prefixes. */
#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

/* A text with its size, for those that contain a NUL. */
#define BYTES(string)                                                          \
	{                                                                      \
		(const uint8_t *)(string), sizeof(string) - 1                  \
	}

static const struct bytes good[] = {
	BYTES("k"),
	BYTES(" "),
	BYTES("~"),
	BYTES("/"),
	BYTES(".."),
	BYTES("a/b/../c"),
	BYTES("ключ"),
	BYTES("\xc2\x80"),
	BYTES("\xdf\xbf"),
	BYTES("\xe0\xa0\x80"),
	BYTES("\xed\x9f\xbf"),
	BYTES("\xee\x80\x80"),
	BYTES("\xef\xbf\xbf"),
	BYTES("\xf0\x90\x80\x80"),
	BYTES("\xf4\x8f\xbf\xbf"),
	BYTES("e\xcc\x81"),
};

static const struct bytes bad[] = {
	BYTES(""),
	BYTES("\0"),
	BYTES("a\0b"),
	BYTES("\x01"),
	BYTES("a\n"),
	BYTES("\x1f"),
	BYTES("\x7f"),
	BYTES("\x80"),
	BYTES("\xbf"),
	BYTES("\xc0\x80"),
	BYTES("\xc1\xbf"),
	BYTES("\xc2"),
	BYTES("\xc2\x7f"),
	BYTES("\xc2\xc0"),
	BYTES("\xe0\x9f\xbf"),
	BYTES("\xe0\xa0"),
	BYTES("\xed\xa0\x80"),
	BYTES("\xed\xbf\xbf"),
	BYTES("\xe1\x80\x7f"),
	BYTES("\xe1\x80\xc0"),
	BYTES("\xf0\x8f\xbf\xbf"),
	BYTES("\xf0\x90\x80"),
	BYTES("\xf4\x90\x80\x80"),
	BYTES("\xf5\x80\x80\x80"),
	BYTES("\xf8\x88\x80\x80\x80"),
	BYTES("\xfe"),
	BYTES("\xff"),
	BYTES("ok\xff"),
};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

CASE(every_good_key_is_taken)
{
	struct client client = open_default();
	size_t n = 0;

	for (n = 0; n < COUNT(good); n++) {
		case_step("good key %zu", n);
		CHECK_EQ(put(&client, good[n], noise(n, 10), ANY), TEE_SUCCESS);
	}
	for (n = 0; n < COUNT(good); n++) {
		case_step("good key %zu", n);
		CHECK(bytes_equal(value_of(&client, good[n]), noise(n, 10)));
	}
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), COUNT(good));
}

CASE(every_bad_key_is_refused_by_every_command)
{
	struct client client = open_default();
	size_t n = 0;

	for (n = 0; n < COUNT(bad); n++) {
		case_step("bad key %zu", n);
		CHECK_EQ(get(&client, bad[n], ROOM), SECSTOR_ERROR_KEY);
		CHECK_EQ(put(&client, bad[n], text("v"), ANY),
			 SECSTOR_ERROR_KEY);
		CHECK_EQ(del(&client, bad[n], ANY), SECSTOR_ERROR_KEY);
		CHECK_EQ(stat_key(&client, bad[n]), SECSTOR_ERROR_KEY);
		CHECK_EQ(generate(&client, bad[n], 16, ANY), SECSTOR_ERROR_KEY);
		CHECK_EQ(get_many(&client,
				  join(asked(text("k")), asked(bad[n])), ROOM),
			 SECSTOR_ERROR_KEY);
		CHECK_EQ(client.params[2].value.b, 1);
		CHECK_EQ(batch(&client,
			       join(batch_put(text("k"), text("v"), ANY),
				    batch_put(bad[n], text("v"), ANY)),
			       ROOM),
			 SECSTOR_ERROR_KEY);
		CHECK_EQ(client.params[2].value.a, 1);
	}
	CHECK_EQ(map_count(&device.map), 0);
}

CASE(keys_are_limited_in_size)
{
	struct client client = open_default();
	struct bytes longest = repeat('k', SECSTOR_KEY_MAX);
	struct bytes above = repeat('k', SECSTOR_KEY_MAX + 1);

	CHECK_EQ(put(&client, longest, text("v"), ANY), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(&client, longest), text("v")));
	CHECK_EQ(put(&client, above, text("v"), ANY), SECSTOR_ERROR_KEY);
	CHECK_EQ(get(&client, above, ROOM), SECSTOR_ERROR_KEY);
	CHECK_EQ(batch(&client, batch_put(above, text("v"), ANY), ROOM),
		 SECSTOR_ERROR_KEY);
	CHECK_EQ(get_many(&client, asked(above), ROOM), SECSTOR_ERROR_KEY);
	CHECK_EQ(list(&client, longest, longest, 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(list(&client, above, text(""), 0, ROOM), SECSTOR_ERROR_KEY);
	CHECK_EQ(list(&client, text(""), above, 0, ROOM), SECSTOR_ERROR_KEY);
	CHECK_EQ(clear(&client, above), SECSTOR_ERROR_KEY);
	CHECK_EQ(clear(&client, longest), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 1);
}

CASE(case_and_normal_form_matter)
{
	struct client client = open_default();

	CHECK_EQ(put(&client, text("Key"), text("1"), ANY), TEE_SUCCESS);
	CHECK(is_absent(&client, text("key")));
	CHECK_EQ(put(&client, text("\xc3\xa9"), text("1"), ANY), TEE_SUCCESS);
	CHECK(is_absent(&client, text("e\xcc\x81")));
}

CASE(domains_follow_the_rules_of_keys)
{
	struct client client = { 0 };
	size_t n = 0;

	for (n = 0; n < COUNT(good); n++) {
		case_step("good domain %zu", n);
		CHECK_EQ(open_as(&client, &alice, good[n]), TEE_SUCCESS);
	}
	for (n = 0; n < COUNT(bad); n++) {
		case_step("bad domain %zu", n);
		CHECK_EQ(open_as(&client, &alice, bad[n]),
			 SECSTOR_ERROR_DOMAIN);
	}
	CHECK_EQ(open_as(&client, &alice, repeat('d', SECSTOR_DOMAIN_MAX)),
		 TEE_SUCCESS);
	CHECK_EQ(put(&client, repeat('k', SECSTOR_KEY_MAX), text("v"), ANY),
		 TEE_SUCCESS);
	CHECK_EQ(open_as(&client, &alice, repeat('d', SECSTOR_DOMAIN_MAX + 1)),
		 SECSTOR_ERROR_DOMAIN);
	CHECK_EQ(open_as(&client, &alice, repeat('d', 100000)),
		 SECSTOR_ERROR_DOMAIN);
}

/* "need not end at a character boundary" */
CASE(a_prefix_may_end_within_a_character)
{
	struct client client = open_default();
	struct bytes half = BYTES("\xf0\x9f");

	CHECK_EQ(put(&client, text("\xf0\x9f\x94\x91"), text("v"), ANY),
		 TEE_SUCCESS);
	CHECK_EQ(list(&client, half, text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(client.params[3].value.a, 1);
	CHECK_EQ(clear(&client, half), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 1);
}

CASE(a_prefix_has_no_control_characters)
{
	static const struct bytes prefixes[] = { BYTES("\0"), BYTES("a\0"),
						 BYTES("\n"), BYTES("a\x7f") };
	struct client client = open_default();
	size_t n = 0;

	CHECK_EQ(put(&client, text("a"), text("v"), ANY), TEE_SUCCESS);
	for (n = 0; n < COUNT(prefixes); n++) {
		case_step("prefix %zu", n);
		CHECK_EQ(list(&client, prefixes[n], text(""), 0, ROOM),
			 SECSTOR_ERROR_KEY);
		CHECK_EQ(list(&client, text(""), prefixes[n], 0, ROOM),
			 SECSTOR_ERROR_KEY);
		CHECK_EQ(clear(&client, prefixes[n]), SECSTOR_ERROR_KEY);
	}
	CHECK(!is_absent(&client, text("a")));
}
