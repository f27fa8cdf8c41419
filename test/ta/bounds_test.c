// SPDX-License-Identifier: MIT
/*
 * Nothing grows without bound, and everything shrinks again: thousands of
 * calls that leave little behind, after which a store is as good as a new one.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

/* Where in an object ID the object's number is. */
#define NUMBER_AT (LAST_OF_UUID_AT + 1)

/* After a clear, what was in use may be removed by later changes. */
#define CHANGES_AFTER 200
/* Both copies of some leaves, for data that a single one could hold. */
#define FEW_OBJECTS 40
/* One with as large an index as there may be. */
#define LARGEST_ROOT (160 * 1024)
/* A root with an index of some dozen leaves. */
#define SMALL_ROOT (20 * 1024)
/* A header, and where what is lost of other domains begins and ends. */
#define EMPTY_ROOT 192

static bool is_root(const struct map_blob *blob)
{
	return blob->id.bytes[LOGIN_AT] &&
	       !read_u64(blob->id.bytes + NUMBER_AT);
}

static size_t root_size(void)
{
	const struct map_blob *blob = device.map.blobs;

	while (blob && (!is_root(blob) || blob->id.bytes[COPY_AT]))
		blob = blob->next;
	return blob ? blob->size : 0;
}

static struct bytes named(const char *format, size_t n)
{
	char name[32] = { 0 };

	snprintf(name, sizeof(name), format, n);
	return join(text(name), text(""));
}

static void put_small(struct client *client, struct bytes key)
{
	CHECK_EQ(put(client, key, text("small"), ANY), TEE_SUCCESS);
}

/* Fills the quota with values of the largest size, and removes them. */
static void check_large_values_fit(struct client *client)
{
	struct bytes value = repeat('l', SECSTOR_VALUE_MAX);
	size_t n = 0;

	for (n = 0; n < 15; n++) {
		case_step("large value %zu", n);
		CHECK_EQ(put(client, named("~large/%zu", n), value, ANY),
			 TEE_SUCCESS);
	}
	CHECK_EQ(clear(client, text("~large/")), TEE_SUCCESS);
}

/* As small as a new one, once later changes had the time to tidy up. */
static void check_shrinks(struct client *client)
{
	const void *mark = keep_mark();
	size_t n = 0;

	CHECK_EQ(clear(client, text("")), TEE_SUCCESS);
	for (n = 0; n < CHANGES_AFTER; n++) {
		put_small(client, text("key"));
		keep_release(mark);
	}
	CHECK_EQ(clear(client, text("")), TEE_SUCCESS);
	CHECK(device_owned_objects() <= 2);
	CHECK(root_size() <= EMPTY_ROOT);
	CHECK_EQ(info_u32(client, SECSTOR_INFO_USED_KEYS), 0);
}

/* How many keys make a group that fills a leaf, as large as leaves may be. */
#define GROUP_MAX 67
#define VALUE_SIZE 3900

/*
 * A batch of groups, each of which may fill a leaf of its own; of each group
 * one key is left. How many groups there were.
 */
static size_t leave_one_of_each_group(struct client *client, size_t first,
				      size_t group_size)
{
	size_t count = SECSTOR_REQUEST_MAX / (group_size * (VALUE_SIZE + 64));
	struct bytes request = text("");
	struct bytes value = repeat('v', VALUE_SIZE);
	size_t group = 0;
	size_t n = 0;

	for (group = 0; group < count; group++)
		for (n = 0; n < group_size; n++)
			request = join(
				request,
				batch_put(join(named("g%05zu/", first + group),
					       named("%03zu", n)),
					  value, ANY));
	CHECK_EQ(batch(client, request, ROOM), TEE_SUCCESS);
	for (group = 0; group < count; group++) {
		struct bytes name = named("g%05zu/0", first + group);

		put_small(client,
			  join(named("g%05zu/", first + group), text("kept")));
		CHECK_EQ(clear(client, name), TEE_SUCCESS);
		CHECK_EQ(client->params[1].value.a, group_size);
	}
	return count;
}

CASE(what_is_left_of_many_groups_takes_few_objects)
{
	struct client client = open_default();
	const void *mark = keep_mark();
	size_t count = 0;
	size_t most = 0;
	size_t n = 0;

	while (count < 1200) {
		/* Leaves grow with the number of objects. */
		size_t size = device_owned_objects() / 4 + 8;

		case_step("group %zu", count);
		count += leave_one_of_each_group(
			&client, count, size < GROUP_MAX ? size : GROUP_MAX);
		keep_release(mark);
		if (device_owned_objects() > most)
			most = device_owned_objects();
	}
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), count);
	case_step("%zu objects at most", most);
	for (n = 0; n < CHANGES_AFTER; n++)
		put_small(&client, text("key"));
	CHECK(device_owned_objects() <= 4 * FEW_OBJECTS);
	check_large_values_fit(&client);
	for (n = 0; n < count; n++) {
		CHECK(bytes_equal(value_of(&client, named("g%05zu/kept", n)),
				  text("small")));
		keep_release(mark);
	}
	check_shrinks(&client);
}

/* Both copies of alice's object of this kind are lost. */
static void lose(bool root)
{
	struct bytes number = { 0 };
	size_t n = 0;

	while (n < map_count(&device.map)) {
		struct map_blob *blob = map_at(&device.map, n);
		struct bytes id = { blob->id.bytes + NUMBER_AT, 8 };

		if (!blob->id.bytes[LOGIN_AT] || is_root(blob) != root ||
		    (number.size && !bytes_equal(id, number))) {
			n++;
			continue;
		}
		number = join(id, text(""));
		map_remove_at(&device.map, n);
	}
	CHECK(number.size);
}

/*
 * As errors.md says: what is lost is cleared key by key, and stored again.
 * False: the store may not have more of such small ranges.
 */
static bool store_again(struct client *client, struct bytes key)
{
	TEE_Result res = clear(client, key);

	CHECK(root_size() <= LARGEST_ROOT);
	if (!res)
		res = put(client, key, text("small"), ANY);
	if (res == SECSTOR_ERROR_QUOTA || res == SECSTOR_ERROR_FULL)
		return false;
	CHECK_EQ(res, TEE_SUCCESS);
	return true;
}

/* The longest keys have this in front. */
static void lose_and_store_again(struct bytes start, size_t count)
{
	struct client client = open_default();
	const void *mark = NULL;
	bool refused = false;
	size_t n = 0;

	put_small(&client, text("key"));
	device_restart();
	lose(true);
	client = open_default();
	CHECK_EQ(get(&client, text("key"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	mark = keep_mark();
	for (n = 0; n < count && !refused; n++) {
		case_step("key %zu", n);
		refused = !store_again(&client,
				       join(start,
					    named("%06zu", n * 7919 % 100003)));
		keep_release(mark);
	}
	/* What nobody has cleared is lost all the same. */
	CHECK_EQ(get(&client, text("key"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	/* Whoever clears more at once has room again. */
	CHECK_EQ(clear(&client, start), TEE_SUCCESS);
	CHECK(root_size() <= SMALL_ROOT);
	for (n = 0; n < count; n++) {
		case_step("key %zu, the second time", n);
		CHECK(store_again(&client,
				  join(start,
				       named("%06zu", n * 7919 % 100003))));
		keep_release(mark);
	}
	check_shrinks(&client);
}

CASE(a_lost_root_that_is_cleared_key_by_key_shrinks_again)
{
	lose_and_store_again(repeat('k', 60), 1000);
}

CASE(a_lost_root_that_is_cleared_by_long_keys_shrinks_again)
{
	lose_and_store_again(repeat('k', 1000), 500);
}

CASE(a_lost_leaf_that_is_cleared_key_by_key_leaves_a_small_root)
{
	struct client client = open_default();
	const void *mark = keep_mark();
	size_t found = 0;
	size_t n = 0;

	for (n = 0; n < 400; n++) {
		CHECK_EQ(put(&client, named("key/%05zu", n), repeat('v', 500),
			     ANY),
			 TEE_SUCCESS);
		keep_release(mark);
	}
	device_restart();
	lose(false);
	client = open_default();
	for (n = 0; n < 400; n++) {
		struct bytes key = named("key/%05zu", n);

		if (get(&client, key, ROOM) == TEE_ERROR_CORRUPT_OBJECT)
			store_again(&client, key);
		else
			found++;
		keep_release(mark);
	}
	CHECK(found < 400);
	CHECK(root_size() <= SMALL_ROOT);
	for (n = 0; n < 400; n++) {
		CHECK_EQ(get(&client, named("key/%05zu", n), ROOM),
			 TEE_SUCCESS);
		keep_release(mark);
	}
	check_shrinks(&client);
}

CASE(clear_removes_some_objects_in_each_call)
{
	struct client client = open_default();
	const void *mark = keep_mark();
	uint64_t before = 0;
	size_t n = 0;

	for (n = 0; n < 300; n++) {
		CHECK_EQ(put(&client, named("key/%zu", n), repeat('v', 40000),
			     ANY),
			 TEE_SUCCESS);
		keep_release(mark);
	}
	before = device.faults.removes;
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK(device.faults.removes - before <= 2 * 32);
	for (n = 0; n < CHANGES_AFTER; n++) {
		before = device.faults.removes;
		put_small(&client, text("key"));
		CHECK(device.faults.removes - before <= 2 * 32);
	}
	CHECK(device_owned_objects() <= 2);
	check_large_values_fit(&client);
	check_shrinks(&client);
}

/* As many operations as there may be, of the longest keys. */
static void update_longest(struct client *client, struct bytes request)
{
	CHECK_EQ(batch(client, request, ROOM), TEE_SUCCESS);
}

CASE(every_batch_within_the_limits_fits)
{
	struct client clients[40] = { 0 };
	struct bytes start = repeat('k', SECSTOR_KEY_MAX - 6);
	struct bytes requests[9] = { 0 };
	size_t count = SECSTOR_REQUEST_MAX / (16 + SECSTOR_KEY_MAX + 100);
	size_t n = 0;
	size_t part = 0;

	if (count > SECSTOR_REQUEST_COUNT_MAX)
		count = SECSTOR_REQUEST_COUNT_MAX;
	for (part = 0; part < 9; part++) {
		size_t size = 16 + SECSTOR_KEY_MAX + 100;
		uint8_t *request = keep(count * size);
		const void *mark = keep_mark();

		for (n = 0; n < count; n++) {
			struct bytes key =
				named("%06zu", (n * 9 + part) * 7919 % 100003);

			memcpy(request + n * size,
			       batch_put(join(start, key), repeat('v', 100),
					 ANY)
				       .data,
			       size);
			keep_release(mark);
		}
		requests[part] = (struct bytes){ request, count * size };
	}
	/* Sessions come at bad moments, and stay. */
	for (n = 0; n < 40; n++) {
		case_step("session %zu", n);
		clients[n] = open_default();
		update_longest(clients + n, requests[n * 7 % 9]);
	}
	CHECK_EQ(info_u32(clients, SECSTOR_INFO_USED_KEYS), 9 * count);
}
