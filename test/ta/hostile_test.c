// SPDX-License-Identifier: MIT
/* What is stored was written by an attacker who has the keys. */
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "tee_api_defines.h"

/* Results that a command may have on a store that nobody can trust. */
static void check_defined(TEE_Result res)
{
	CHECK(!res || res == TEE_ERROR_CORRUPT_OBJECT ||
	      res == TEE_ERROR_ITEM_NOT_FOUND || res == SECSTOR_ERROR_FORMAT ||
	      res == SECSTOR_ERROR_QUOTA || res == TEE_ERROR_SHORT_BUFFER ||
	      res == TEE_ERROR_OUT_OF_MEMORY || res == SECSTOR_ERROR_EXISTS ||
	      res == SECSTOR_ERROR_FULL || res == SECSTOR_ERROR_NO_PLACE);
}

/* Every command; what they say does not matter, but that they end well. */
static void use_everything(void)
{
	struct client client = open_default();
	size_t n = 0;

	for (n = 0; n < scenario_count; n++) {
		check_defined(scenarios[n].run(&client));
		if (n % 7 == 6) {
			device_restart();
			client = open_default();
		}
	}
	/*
	 * However it was, after all has been cleared it ends with a store that
	 * works; but for a format from the future or totals that are too high.
	 */
	put(&client, text("k"), text("v"), ANY);
	if (client.result == SECSTOR_ERROR_FORMAT ||
	    client.result == SECSTOR_ERROR_FULL ||
	    client.result == SECSTOR_ERROR_QUOTA)
		return;
	CHECK_EQ(client.result, TEE_SUCCESS);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
}

/* Gives both copies of an object other contents. */
static void replace(size_t index, struct bytes data)
{
	struct blob_id id = map_at(&device.map, index)->id;
	struct map_blob *blob = NULL;

	for (blob = device.map.blobs; blob; blob = blob->next) {
		uint8_t copy = blob->id.bytes[1];

		blob->id.bytes[1] = id.bytes[1];
		if (!memcmp(&blob->id, &id, sizeof(id)))
			map_replace(blob, data.data, data.size);
		blob->id.bytes[1] = copy;
	}
}

static struct bytes stored(const struct map_store *map, size_t index)
{
	const struct map_blob *blob = map_at(map, index);

	return (struct bytes){ blob->data, blob->size };
}

/* A store with every kind of object; the first copies come first. */
static struct map_store make_store(void)
{
	struct map_store start = { 0 };

	fixtures[1].make();
	soft_tee_unload();
	start = map_copy(&device.map);
	return start;
}

static void try_with(const struct map_store *start, size_t index,
		     struct bytes data)
{
	device_restore(start);
	replace(index, data);
	use_everything();
}

CASE(random_objects_do_no_harm)
{
	struct map_store start = make_store();
	size_t count = map_count(&start);
	size_t n = 0;

	for (n = 0; n < count * 8; n++) {
		const void *mark = keep_mark();

		case_step("object %zu, seed %zu", n / 8, n);
		try_with(&start, n / 8, noise(n, n * 997 % 20000));
		keep_release(mark);
	}
	map_clear(&start);
}

CASE(objects_cut_short_do_no_harm)
{
	struct map_store start = make_store();
	size_t count = map_count(&start);
	size_t n = 0;

	for (n = 0; n < count * 40; n++) {
		const void *mark = keep_mark();
		struct bytes whole = stored(&start, n / 40);
		/* The first bytes one by one, then in larger steps. */
		size_t size = n % 40 < 20 ? n % 40 * 4
					  : whole.size * (n % 20) / 20;

		if (size > whole.size)
			size = whole.size;
		case_step("object %zu of %zu bytes", n / 40, size);
		try_with(&start, n / 40,
			 join((struct bytes){ whole.data, size }, text("")));
		keep_release(mark);
	}
	map_clear(&start);
}

CASE(objects_with_flipped_bits_do_no_harm)
{
	struct map_store start = make_store();
	size_t count = map_count(&start);
	size_t n = 0;

	for (n = 0; n < count * 100; n++) {
		const void *mark = keep_mark();
		struct bytes whole = stored(&start, n / 100);
		struct bytes bad = join(whole, text(""));
		struct bytes dice = noise(n, 4);
		/* Headers are where it matters most. */
		size_t at = n % 2 ? n % 100 : read_u32(dice.data);

		if (!bad.size)
			continue;
		((uint8_t *)bad.data)[at % bad.size] ^=
			(uint8_t)(1 << n / 2 % 8);
		case_step("object %zu, byte %zu", n / 100, at % bad.size);
		try_with(&start, n / 100, bad);
		keep_release(mark);
	}
	map_clear(&start);
}

/* One object in the place of another, of another owner's too. */
CASE(objects_in_the_wrong_place_do_no_harm)
{
	struct map_store start = make_store();
	size_t count = map_count(&start);
	size_t a = 0;
	size_t b = 0;

	for (a = 0; a < count; a++)
		for (b = 0; b < count; b++) {
			const void *mark = keep_mark();

			case_step("object %zu in the place of %zu", b, a);
			try_with(&start, a, stored(&start, b));
			keep_release(mark);
		}
	map_clear(&start);
}

/* Where an object has the version of its format (docs/storage-format.md). */
#define FORMAT_AT 4

static bool is_node(const struct map_blob *blob)
{
	return blob->size > 64 && !memcmp(blob->data, "SECS", 4);
}

static void make_newer(struct map_blob *blob)
{
	struct bytes copy = join((struct bytes){ blob->data, blob->size },
				 text("whatever newer versions append"));

	((uint8_t *)copy.data)[FORMAT_AT] = SECSTOR_FORMAT_VERSION + 1;
	map_replace(blob, copy.data, copy.size);
}

static bool is_root_of_alice(const struct map_blob *blob)
{
	static const uint8_t zeros[8];

	return blob->id.bytes[2] == TEE_LOGIN_USER &&
	       blob->id.bytes[18] == 0x87 &&
	       !memcmp(blob->id.bytes + 19, zeros, 8);
}

static void check_untouched(const char *what)
{
	struct map_store before = map_copy(&device.map);
	struct client client = open_default();
	size_t n = 0;

	for (n = 0; n < scenario_count; n++) {
		case_step("%s: %s", what, scenarios[n].name);
		CHECK_EQ(scenarios[n].run(&client), SECSTOR_ERROR_FORMAT);
		CHECK(map_equal(&before, &device.map));
	}
	device_restart();
	CHECK(map_equal(&before, &device.map));
	map_clear(&before);
}

CASE(a_store_of_a_newer_format_is_left_untouched)
{
	struct map_store start = make_store();
	struct map_blob *blob = NULL;

	device_restore(&start);
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_node(blob))
			make_newer(blob);
	check_untouched("all newer");
	map_clear(&start);
}

CASE(a_root_of_a_newer_format_is_left_untouched)
{
	struct map_store start = make_store();
	struct map_blob *blob = NULL;

	device_restore(&start);
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_root_of_alice(blob))
			make_newer(blob);
	check_untouched("root newer");
	map_clear(&start);
}

/* A newer TA was cut off between twin and primary, or one copy is gone. */
CASE(one_copy_of_a_newer_format_is_left_untouched)
{
	struct map_store start = make_store();
	struct map_blob *blob = NULL;
	size_t n = 0;

	for (n = 0; n < 2; n++) {
		size_t other = 0;

		case_step("copy %zu newer, the other gone", n);
		device_restore(&start);
		for (blob = device.map.blobs; blob; blob = blob->next)
			if (is_root_of_alice(blob) && blob->id.bytes[1] == n)
				make_newer(blob);
		while (!is_root_of_alice(map_at(&device.map, other)) ||
		       map_at(&device.map, other)->id.bytes[1] == n)
			other++;
		map_remove_at(&device.map, other);
		check_untouched("one newer, one gone");
	}
	map_clear(&start);
}

/* A leaf of a newer format: no answer about its keys, and it stays. */
CASE(a_leaf_of_a_newer_format_is_left_untouched)
{
	struct map_store start = make_store();
	struct map_blob *blob = NULL;
	struct map_store before = { 0 };
	struct client client = { 0 };
	size_t n = 0;

	device_restore(&start);
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_node(blob) && !is_root_of_alice(blob))
			make_newer(blob);
	before = map_copy(&device.map);
	client = open_default();
	for (n = 0; n < scenario_count; n++)
		scenarios[n].run(&client);
	/* Whatever was changed elsewhere, these are as they were. */
	for (blob = before.blobs; blob; blob = blob->next) {
		struct map_blob *now = device.map.blobs;

		if (!is_node(blob) || is_root_of_alice(blob))
			continue;
		while (now && memcmp(&now->id, &blob->id, sizeof(now->id)))
			now = now->next;
		CHECK(now &&
		      bytes_equal((struct bytes){ now->data, now->size },
				  (struct bytes){ blob->data, blob->size }));
	}
	map_clear(&before);
	map_clear(&start);
}
