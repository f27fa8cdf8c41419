// SPDX-License-Identifier: MIT
/* LIST: order, prefixes and pages. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

#define ENTRY_SIZE 16

/* Key number n of a page, which must have it. */
static struct bytes listed(const struct client *client, size_t n)
{
	struct bytes page = client->out[2];
	size_t at = 0;

	CHECK(n < client->params[3].value.a);
	for (; n; n--)
		at += ENTRY_SIZE + read_u16(page.data + at + 12);
	return (struct bytes){ page.data + at + ENTRY_SIZE,
			       read_u16(page.data + at + 12) };
}

static void fill(struct client *client, const char *const *keys)
{
	for (; *keys; keys++)
		CHECK_EQ(put(client, text(*keys), text(*keys), ANY),
			 TEE_SUCCESS);
}

static void check_page(struct client *client, const char *prefix,
		       const char *after, uint32_t wanted, size_t room,
		       const char *const *keys, uint32_t more)
{
	size_t n = 0;

	CHECK_EQ(list(client, text(prefix), text(after), wanted, room),
		 TEE_SUCCESS);
	for (n = 0; keys[n]; n++)
		CHECK(bytes_equal(listed(client, n), text(keys[n])));
	CHECK_EQ(client->params[3].value.a, n);
	CHECK_EQ(client->params[3].value.b, more);
}

#define KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NO_KEYS ((const char *const[]){ NULL })

static void check_pages(struct client *client)
{
	check_page(client, "", "", 0, ROOM,
		   KEYS("A", "a", "a/", "a/b", "a/b/c", "a/c", "b", "\xc3\xa9"),
		   0);
	check_page(client, "a", "", 0, ROOM,
		   KEYS("a", "a/", "a/b", "a/b/c", "a/c"), 0);
	check_page(client, "a/", "", 0, ROOM, KEYS("a/", "a/b", "a/b/c", "a/c"),
		   0);
	check_page(client, "a/b", "", 0, ROOM, KEYS("a/b", "a/b/c"), 0);
	check_page(client, "\xc3", "", 0, ROOM, KEYS("\xc3\xa9"), 0);
	check_page(client, "c", "", 0, ROOM, NO_KEYS, 0);
	check_page(client, "", "a/b", 0, ROOM,
		   KEYS("a/b/c", "a/c", "b", "\xc3\xa9"), 0);
	/* What to go on after need not exist, nor have the prefix. */
	check_page(client, "", "a/b0", 0, ROOM, KEYS("a/c", "b", "\xc3\xa9"),
		   0);
	check_page(client, "a/", "A", 0, ROOM,
		   KEYS("a/", "a/b", "a/b/c", "a/c"), 0);
	check_page(client, "a/", "a/c", 0, ROOM, NO_KEYS, 0);
	check_page(client, "a/", "b", 0, ROOM, NO_KEYS, 0);
	check_page(client, "", "\xc3\xa9", 0, ROOM, NO_KEYS, 0);
	/* As many as are wanted, and whether there are more. */
	check_page(client, "", "", 1, ROOM, KEYS("A"), 1);
	check_page(client, "a/", "a/", 2, ROOM, KEYS("a/b", "a/b/c"), 1);
	check_page(client, "a/", "a/b", 2, ROOM, KEYS("a/b/c", "a/c"), 0);
	check_page(client, "a/", "a/b", 3, ROOM, KEYS("a/b/c", "a/c"), 0);
	check_page(client, "", "", UINT32_MAX, ROOM,
		   KEYS("A", "a", "a/", "a/b", "a/b/c", "a/c", "b", "\xc3\xa9"),
		   0);
	/* As many as fit. */
	check_page(client, "", "", 0, 2 * ENTRY_SIZE + 2, KEYS("A", "a"), 1);
	check_page(client, "", "", 0, 2 * ENTRY_SIZE + 1, KEYS("A"), 1);
	check_page(client, "b", "", 0, ENTRY_SIZE + 1, KEYS("b"), 0);
}

static const char *const some_keys[] = { "b",  "a/b",	   "A",
					 "a/", "a/c",	   "a/b/c",
					 "a",  "\xc3\xa9", NULL };

CASE(keys_are_listed_in_byte_order)
{
	struct client client = open_default();

	fill(&client, some_keys);
	check_pages(&client);
	device_restart();
	client = open_default();
	check_pages(&client);
}

/* Makes the store large enough that the keys are in several leaves. */
static void fill_around(struct client *client, bool fill_up)
{
	char key[32] = { 0 };
	size_t n = 0;

	for (n = 0; n < 300; n++) {
		snprintf(key, sizeof(key), "%c/b%03zu", n % 2 ? 'a' : 'C', n);
		if (fill_up)
			CHECK_EQ(put(client, text(key), noise(n, 200), ANY),
				 TEE_SUCCESS);
		else
			CHECK_EQ(del(client, text(key), ANY), TEE_SUCCESS);
		keep_release(NULL);
	}
}

CASE(deleted_keys_are_not_listed_wherever_they_were)
{
	struct client client = open_default();

	fill_around(&client, true);
	fill(&client, some_keys);
	fill_around(&client, false);
	check_pages(&client);
	device_restart();
	client = open_default();
	check_pages(&client);
}

CASE(other_domains_are_not_listed)
{
	struct client client = open_default();
	struct client below = { 0 };
	struct client above = { 0 };

	CHECK_EQ(open_as(&below, &alice, text("defaul")), TEE_SUCCESS);
	CHECK_EQ(open_as(&above, &alice, text("default0")), TEE_SUCCESS);
	CHECK_EQ(put(&below, text("t"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&above, text("a"), text("v"), ANY), TEE_SUCCESS);
	fill(&client, some_keys);
	check_pages(&client);
	check_page(&below, "", "", 0, ROOM, KEYS("t"), 0);
	check_page(&above, "", "", 0, ROOM, KEYS("a"), 0);
}

CASE(a_list_entry_tells_size_and_revision)
{
	struct client client = open_default();
	uint64_t revision = 0;

	CHECK_EQ(put(&client, text("key"), noise(1, 70000), ANY), TEE_SUCCESS);
	revision = number(&client, 2);
	CHECK_EQ(list(&client, text(""), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(client.out[2].size, ENTRY_SIZE + 3);
	CHECK_EQ(read_u64(client.out[2].data), revision);
	CHECK_EQ(read_u32(client.out[2].data + 8), 70000);
	CHECK_EQ(read_u16(client.out[2].data + 12), 3);
	CHECK_EQ(read_u16(client.out[2].data + 14), 0);
}

CASE(a_page_has_room_for_one_entry_at_least)
{
	struct client client = open_default();

	/* Nothing to list needs no room. */
	CHECK_EQ(list(&client, text(""), text(""), 0, 0), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("key"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(list(&client, text(""), text(""), 0, 0),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[2].memref.size, ENTRY_SIZE + 3);
	CHECK_EQ(list(&client, text(""), text(""), 0, ENTRY_SIZE + 2),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[2].memref.size, ENTRY_SIZE + 3);
	CHECK_EQ(list(&client, text(""), text(""), 0, ENTRY_SIZE + 3),
		 TEE_SUCCESS);
	CHECK_EQ(client.params[3].value.a, 1);
}

CASE(the_longest_keys_are_listed)
{
	struct client client = open_default();
	struct bytes key = repeat('k', SECSTOR_KEY_MAX);

	CHECK_EQ(put(&client, key, text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(list(&client, key, text(""), 0, ENTRY_SIZE + SECSTOR_KEY_MAX),
		 TEE_SUCCESS);
	CHECK(bytes_equal(listed(&client, 0), key));
	CHECK_EQ(list(&client, text(""), key, 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(client.params[3].value.a, 0);
}
