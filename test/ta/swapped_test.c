// SPDX-License-Identifier: MIT
/*
 * Somebody puts another storage in the place of the one that the TA, which
 * stays loaded, has in its memory: a copy that is restored, a file system that
 * is mounted late, another slot of an update.
 */
#include <stdio.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

#define KEYS 300
#define SIZE 500

static struct bytes key(char front, size_t n)
{
	char name[16] = { 0 };

	snprintf(name, sizeof(name), "%c%04zu", front, n);
	return join(text(name), text(""));
}

static void put_keys(struct client *client, char front, size_t count,
		     uint8_t byte)
{
	size_t n = 0;

	for (n = 0; n < count; n++) {
		const void *mark = keep_mark();

		CHECK_EQ(put(client, key(front, n), repeat(byte, SIZE), ANY),
			 TEE_SUCCESS);
		keep_release(mark);
	}
}

/* All keys can be read, and have one of two values. How many have the first. */
static size_t count_keys(struct client *client, char front, size_t count,
			 uint8_t byte, uint8_t other)
{
	size_t found = 0;
	size_t n = 0;

	for (n = 0; n < count; n++) {
		const void *mark = keep_mark();
		struct bytes value = value_of(client, key(front, n));

		found += bytes_equal(value, repeat(byte, SIZE));
		CHECK(bytes_equal(value, repeat(byte, SIZE)) ||
		      bytes_equal(value, repeat(other, SIZE)));
		keep_release(mark);
	}
	return found;
}

/* What another user does, more than the cache holds, pushes alice's out. */
static void use_up_cache(struct client *alice_client)
{
	struct client other = { 0 };
	size_t n = 0;

	CHECK_EQ(open_as(&other, &bob, text("default")), TEE_SUCCESS);
	for (n = 0; n < 4000; n++) {
		const void *mark = keep_mark();

		CHECK_EQ(put(&other, key('b', n), repeat('b', 900), ANY),
			 TEE_SUCCESS);
		/* Her root stays. */
		if (n % 40 == 0)
			get(alice_client, text("zzz"), ROOM);
		keep_release(mark);
	}
	close_client(&other);
}

static void check_restored(bool new_session)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	put_keys(&client, 'k', KEYS, '0');
	copy = map_copy(&device.map);
	put_keys(&client, 'l', 2 * KEYS, '1');
	device_swap(&copy);
	use_up_cache(&client);
	if (new_session) {
		close_client(&client);
		client = open_default();
	}
	CHECK_EQ(count_keys(&client, 'k', KEYS, '0', '0'), KEYS);
	CHECK_EQ(put(&client, text("z"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(count_keys(&client, 'k', KEYS, '0', '0'), KEYS);
	CHECK(is_absent(&client, key('l', 0)));
	close_client(&client);
	device_restart();
	client = open_default();
	CHECK_EQ(count_keys(&client, 'k', KEYS, '0', '0'), KEYS);
	map_clear(&copy);
}

CASE(what_is_restored_under_a_loaded_ta_is_there)
{
	check_restored(false);
}

CASE(what_is_restored_under_a_loaded_ta_is_there_for_new_sessions)
{
	check_restored(true);
}

/* The first thing that happens after it may be a change. */
CASE(a_change_is_made_of_what_is_restored)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	put_keys(&client, 'k', KEYS, '0');
	copy = map_copy(&device.map);
	put_keys(&client, 'l', KEYS, '1');
	CHECK_EQ(del(&client, key('k', 7), ANY), TEE_SUCCESS);
	device_swap(&copy);
	CHECK_EQ(put_swap(&client, key('k', 7), text("v"), ANY, ROOM),
		 TEE_SUCCESS);
	/* What it replaces is of the same storage. */
	CHECK_EQ(client.out[3].size, 8 + SIZE);
	CHECK_EQ(put(&client, key('k', 7), repeat('0', SIZE), ANY),
		 TEE_SUCCESS);
	CHECK_EQ(count_keys(&client, 'k', KEYS, '0', '0'), KEYS);
	CHECK(is_absent(&client, key('l', 7)));
	map_clear(&copy);
}

/* Two stores that are alike in number and size of all that was done. */
CASE(stores_with_the_same_history_are_told_apart)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	put_keys(&client, 'k', 20, '0');
	copy = map_copy(&device.map);
	put_keys(&client, 'l', 5, '1');
	device_restore(&copy);
	map_clear(&copy);
	client = open_default();
	put_keys(&client, 'l', 5, '2');
	copy = map_copy(&device.map);
	/* The other one again, with the TA loaded. */
	put_keys(&client, 'l', 5, '3');
	device_swap(&copy);
	put_keys(&client, 'm', 1, '4');
	CHECK_EQ(count_keys(&client, 'l', 5, '2', '2'), 5);
	map_clear(&copy);
}

CASE(what_is_mounted_late_is_there)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	copy = map_copy(&device.map);
	device_swap(NULL);
	device_power_cycle();
	client = open_default();
	CHECK(is_absent(&client, text("k")));
	device_swap(&copy);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), 1);
	CHECK_EQ(list(&client, text(""), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(client.params[3].value.a, 1);
	CHECK_EQ(put(&client, text("k"), text("x"), ABSENT),
		 SECSTOR_ERROR_EXISTS);
	map_clear(&copy);
}

/* A put before the mount makes a store that is hidden by it. */
CASE(what_is_mounted_over_a_new_store_is_there)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	copy = map_copy(&device.map);
	device_swap(NULL);
	device_power_cycle();
	client = open_default();
	CHECK_EQ(put(&client, text("early"), text("e"), ANY), TEE_SUCCESS);
	device_swap(&copy);
	CHECK_EQ(put(&client, text("l"), text("w"), ANY), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	CHECK(is_absent(&client, text("early")));
	map_clear(&copy);
}

static bool is_alices(const struct map_blob *blob)
{
	return blob->id.bytes[LOGIN_AT] &&
	       blob->id.bytes[LAST_OF_UUID_AT] == 0x87;
}

static void lose_alices(void)
{
	size_t n = 0;

	while (n < map_count(&device.map))
		if (is_alices(map_at(&device.map, n)))
			map_remove_at(&device.map, n);
		else
			n++;
}

CASE(what_was_lost_is_there_when_it_is_restored)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	copy = map_copy(&device.map);
	device_restart();
	lose_alices();
	client = open_default();
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	device_swap(&copy);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	map_clear(&copy);
}

/* Alice's objects as they were in a copy, all others as they are. */
static void set_alice_back(const struct map_store *copy)
{
	struct blob_store store = map_store(&device.map);
	const struct map_blob *blob = NULL;

	lose_alices();
	for (blob = copy->blobs; blob; blob = blob->next)
		if (is_alices(blob))
			CHECK_EQ(store.write(store.context, &blob->ta,
					     &blob->id, blob->data, blob->size,
					     blob->size),
				 TEE_SUCCESS);
}

CASE(old_and_new_leaves_do_not_mix)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	put_keys(&client, 'k', 2 * KEYS, '0');
	copy = map_copy(&device.map);
	put_keys(&client, 'k', 40, '1');
	use_up_cache(&client);
	set_alice_back(&copy);
	/* Until something shows it, memory serves; what is read is one state. */
	count_keys(&client, 'k', 2 * KEYS, '0', '1');
	CHECK_EQ(count_keys(&client, 'k', 40, '0', '1'), 40);
	CHECK_EQ(put(&client, text("z"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(count_keys(&client, 'k', 2 * KEYS, '0', '0'), 2 * KEYS);
	device_restart();
	client = open_default();
	CHECK_EQ(count_keys(&client, 'k', 2 * KEYS, '0', '0'), 2 * KEYS);
	map_clear(&copy);
}

/* Which of alice's objects have one number; a leaf, not the root. */
static bool is_leaf(const struct map_blob *blob)
{
	return is_alices(blob) && blob->size > 8 && blob->data[0] == 'S' &&
	       blob->data[6] == 2;
}

/* A single file of an older copy: never read as if it were of today. */
CASE(a_leaf_of_an_older_state_is_damage)
{
	struct client client = open_default();
	struct map_store copy = { 0 };
	struct blob_store store = map_store(&device.map);
	const struct map_blob *blob = NULL;
	size_t lost = 0;
	size_t n = 0;

	put_keys(&client, 'k', 2 * KEYS, '0');
	copy = map_copy(&device.map);
	put_keys(&client, 'k', 2 * KEYS, '1');
	device_restart();
	for (blob = copy.blobs; blob; blob = blob->next)
		if (is_leaf(blob))
			CHECK_EQ(store.write(store.context, &blob->ta,
					     &blob->id, blob->data, blob->size,
					     blob->size),
				 TEE_SUCCESS);
	client = open_default();
	for (n = 0; n < 2 * KEYS; n++) {
		const void *mark = keep_mark();
		TEE_Result res = get(&client, key('k', n), ROOM);

		CHECK(!res || res == TEE_ERROR_CORRUPT_OBJECT);
		CHECK(res || client.out[1].data[0] == '1');
		lost += res != TEE_SUCCESS;
		keep_release(mark);
	}
	CHECK(lost > 0);
	map_clear(&copy);
}

/* What is in memory is the last copy of a root that both files have lost. */
CASE(a_root_in_memory_outlives_damage_to_both_copies)
{
	struct client client = open_default();
	struct map_blob *blob = NULL;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_alices(blob))
			blob->damage = MAP_CORRUPT_AT_OPEN;
	CHECK_EQ(put(&client, text("l"), text("w"), ANY), TEE_SUCCESS);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	CHECK(bytes_equal(value_of(&client, text("l")), text("w")));
}

CASE(a_storage_that_vanishes_is_a_loss_not_an_empty_store)
{
	struct client client = open_default();
	struct map_store copy = { 0 };

	put_keys(&client, 'k', KEYS, '0');
	copy = map_copy(&device.map);
	use_up_cache(&client);
	device_swap(NULL);
	close_client(&client);
	client = open_default();
	CHECK_EQ(get(&client, key('k', 0), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(put(&client, key('k', 0), text("v"), ANY),
		 TEE_ERROR_CORRUPT_OBJECT);
	/* And until it comes back only. */
	device_swap(&copy);
	CHECK_EQ(count_keys(&client, 'k', KEYS, '0', '0'), KEYS);
	map_clear(&copy);
}

/* Nothing is asked of the storage for what is in memory. */
CASE(a_warm_read_asks_the_storage_for_nothing)
{
	struct client client = open_default();
	uint64_t calls = 0;

	put_keys(&client, 'k', 20, '0');
	CHECK_EQ(get(&client, key('k', 3), ROOM), TEE_SUCCESS);
	calls = fault_calls(&device.faults);
	CHECK_EQ(get(&client, key('k', 3), ROOM), TEE_SUCCESS);
	CHECK(is_absent(&client, text("never")));
	CHECK_EQ(stat_key(&client, key('k', 4)), TEE_SUCCESS);
	CHECK_EQ(list(&client, text(""), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(fault_calls(&device.faults), calls);
}
