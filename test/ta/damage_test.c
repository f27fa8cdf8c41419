// SPDX-License-Identifier: MIT
/* Stored objects that are gone or damaged: one copy, or both. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "snapshot.h"
#include "tee_api_defines.h"

enum harm {
	HARM_GONE,
	HARM_AT_OPEN,
	HARM_AT_READ,
	HARM_CUT,
	HARM_EMPTY,
	HARMS
};

static const char *const harm_names[] = {
	"gone",	 "corrupt when opened", "corrupt when read", "cut in half",
	"empty",
};

static void do_harm(size_t index, enum harm harm)
{
	struct map_blob *blob = map_at(&device.map, index);

	switch (harm) {
	case HARM_GONE:
		map_remove_at(&device.map, index);
		break;
	case HARM_AT_OPEN:
		blob->damage = MAP_CORRUPT_AT_OPEN;
		break;
	case HARM_AT_READ:
		blob->damage = MAP_CORRUPT_AT_READ;
		break;
	case HARM_CUT:
		map_replace(blob,
			    join((struct bytes){ blob->data, 0 },
				 (struct bytes){ blob->data, blob->size / 2 })
				    .data,
			    blob->size / 2);
		break;
	default:
		map_replace(blob, "", 0);
	}
}

/* The index of the other copy of the same object. */
static size_t twin_of(size_t index)
{
	struct blob_id id = map_at(&device.map, index)->id;
	const struct map_blob *blob = NULL;
	size_t n = 0;

	id.bytes[COPY_AT] ^= 1;
	for (blob = device.map.blobs; blob; blob = blob->next, n++)
		if (blob->id.size == id.size &&
		    !memcmp(blob->id.bytes, id.bytes, id.size))
			return n;
	case_fail(__FILE__, __LINE__, "object %zu has no twin", index);
}

/* A sweep in which nothing is done: just the store. */
static TEE_Result do_nothing(struct client *client)
{
	(void)client;
	return TEE_SUCCESS;
}

static const struct scenario just_there = { .name = "just there",
					    .run = do_nothing };

static void sweep_one_copy(struct sweep *sweep)
{
	size_t count = map_count(&sweep->start);
	size_t n = 0;

	for (n = 0; n < count * HARMS; n++) {
		const void *mark = keep_mark();

		case_step("object %zu %s", n / HARMS, harm_names[n % HARMS]);
		device_restore(&sweep->start);
		do_harm(n / HARMS, n % HARMS);
		sweep_check(sweep, BEFORE);
		sweep_check_working(sweep);
		/*
		 * If it was read and its owner has changed something since, it
		 * was mended.
		 */
		if (is_copy_of_alice(map_at(&sweep->start, n / HARMS), 0)) {
			CHECK_EQ(map_count(&device.map), count);
			do_harm(twin_of(n / HARMS), (n + 1) % HARMS);
			device_restart();
			sweep_check(sweep, BEFORE);
		}
		keep_release(mark);
	}
}

CASE(any_copy_may_be_lost)
{
	size_t f = 0;

	for (f = 0; f < fixture_count; f++) {
		struct sweep sweep = sweep_begin(&just_there, fixtures + f);

		sweep_one_copy(&sweep);
		sweep_end(&sweep);
	}
}

static bool is_root(const struct map_blob *blob)
{
	size_t n = 0;

	/* Login type 0: what the TA keeps for itself. */
	if (!blob->id.bytes[LOGIN_AT])
		return false;
	for (n = blob->id.size - 8; n < blob->id.size; n++)
		if (blob->id.bytes[n])
			return false;
	return true;
}

/* The index of a copy of the only root that there is. */
static size_t root_index(uint8_t copy)
{
	size_t n = 0;

	while (!is_root(map_at(&device.map, n)) ||
	       map_at(&device.map, n)->id.bytes[COPY_AT] != copy)
		n++;
	return n;
}

CASE(mended_copies_are_counted)
{
	struct client client = open_default();

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	device_restart();
	do_harm(root_index(0), HARM_AT_OPEN);
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	/* At the next change at the latest. */
	CHECK_EQ(put(&client, text("l"), text("w"), ANY), TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_HEALED), 1);
	CHECK_EQ(device_owned_objects(), 2);
	CHECK_EQ(map_at(&device.map, root_index(0))->damage, MAP_SOUND);
}

/*
 * A write that fails may cost the TA its life, so that a reader shall not need
 * one, whatever is damaged. (What is no owner's may be needed to find out.)
 */
CASE(nothing_is_written_for_a_reader)
{
	struct sweep sweep = sweep_begin(&just_there, fixtures + 1);
	size_t count = map_count(&sweep.start);
	size_t n = 0;

	for (n = 0; n < count * HARMS; n++) {
		const void *mark = keep_mark();

		if (!map_at(&sweep.start, n / HARMS)->id.bytes[LOGIN_AT])
			continue;
		case_step("object %zu %s", n / HARMS, harm_names[n % HARMS]);
		device_restore(&sweep.start);
		do_harm(n / HARMS, n % HARMS);
		device.faults.writes = 0;
		sweep_check(&sweep, BEFORE);
		CHECK_EQ(device.faults.writes, 0);
		keep_release(mark);
	}
	sweep_end(&sweep);
}

/* While a copy is mended the power is cut. */
static void sweep_cut_while_mending(struct sweep *sweep)
{
	size_t count = map_count(&sweep->start);
	size_t n = 0;

	for (n = 0; n < count * 8; n++) {
		struct client client = { 0 };
		const void *mark = keep_mark();

		case_step("object %zu, cut %zu", n / 8, n % 8);
		device_restore(&sweep->start);
		do_harm(n / 8, HARM_AT_OPEN);
		client = open_default();
		device_cut_in_turn(n % 8);
		get(&client, text("large"), ROOM);
		list(&client, text(""), text(""), 0, ROOM);
		put(&client, text("z/other"), text("v"), ANY);
		del(&client, text("z/other"), ANY);
		device_power_cycle();
		client = open_default();
		del(&client, text("z/other"), ANY);
		sweep_check(sweep, BEFORE);
		keep_release(mark);
	}
}

CASE(a_power_cut_while_mending_costs_nothing)
{
	struct sweep sweep = sweep_begin(&just_there, fixtures + 1);

	sweep_cut_while_mending(&sweep);
	sweep_end(&sweep);
}

/* A disk that is full must not keep anybody from reading. */
CASE(a_full_disk_does_not_hide_what_one_copy_has)
{
	const struct fault full = { .kind = FAULT_FAIL,
				    .calls = FAULT_WRITE,
				    .nth = 1,
				    .all_later = true,
				    .result = TEE_ERROR_STORAGE_NO_SPACE };
	struct client client = open_default();

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	device_restart();
	do_harm(root_index(0), HARM_GONE);
	fault_arm(&device.faults, &full);
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
}

#define KEYS 200

/* How many of the keys are said to be lost; none may seem never to have been. */
static size_t count_lost(struct client *client)
{
	char key[16] = { 0 };
	size_t lost = 0;
	size_t n = 0;

	for (n = 0; n < KEYS; n++) {
		TEE_Result res = TEE_SUCCESS;

		snprintf(key, sizeof(key), "m/%zu", n);
		res = get(client, text(key), ROOM);
		CHECK(!res || res == TEE_ERROR_CORRUPT_OBJECT);
		CHECK(res || bytes_equal(client->out[1], noise(n, 150)));
		lost += res == TEE_ERROR_CORRUPT_OBJECT;
	}
	return lost;
}

/* A key that can be read, or cannot; false: there is none. */
static bool find_key(struct client *client, TEE_Result like, struct bytes *key)
{
	char name[16] = { 0 };
	size_t n = 0;

	for (n = 0; n < KEYS; n++) {
		snprintf(name, sizeof(name), "m/%zu", n);
		if (get(client, text(name), ROOM) != like)
			continue;
		*key = join(text(name), text(""));
		return true;
	}
	return false;
}

static void check_lost_for_good(struct client *client, struct bytes key)
{
	struct bytes sound = { 0 };

	CHECK_EQ(get(client, key, ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(stat_key(client, key), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(put(client, key, text("v"), ABSENT), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(put(client, key, text("v"), ANY), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(del(client, key, ANY), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(list(client, key, text(""), 0, ROOM),
		 TEE_ERROR_CORRUPT_OBJECT);
	if (!find_key(client, TEE_SUCCESS, &sound))
		return;
	CHECK_EQ(get_many(client, join(asked(sound), asked(key)), ROOM),
		 TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(client->params[2].value.b, 1);
	CHECK_EQ(batch(client,
		       join(batch_put(sound, text("v"), ANY),
			    batch_put(key, text("v"), ANY)),
		       ROOM),
		 TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(client->params[2].value.a, 1);
	CHECK(!bytes_equal(value_of(client, sound), text("v")));
}

static struct bytes some_lost_key(struct client *client)
{
	struct bytes key = { 0 };

	CHECK(find_key(client, TEE_ERROR_CORRUPT_OBJECT, &key));
	return key;
}

/* Both copies of an object are lost: said so, of its keys only, until cleared. */
static void check_both_lost(struct sweep *sweep, size_t index, enum harm harm)
{
	size_t twin = 0;
	size_t lost = 0;
	struct client client = { 0 };

	device_restore(&sweep->start);
	twin = twin_of(index);
	do_harm(index, harm == HARM_GONE ? HARM_AT_OPEN : harm);
	do_harm(twin, harm);
	client = open_default();
	lost = count_lost(&client);
	/* The same after a restart, when both copies are gone. */
	device_restart();
	client = open_default();
	CHECK_EQ(count_lost(&client), lost);
	if (!lost)
		return;
	check_lost_for_good(&client, some_lost_key(&client));
	CHECK_EQ(count_lost(&client), lost);
	CHECK_EQ(clear(&client, text("m/")), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("m/1"), text("again"), ABSENT), TEE_SUCCESS);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("m/1")), text("again")));
	CHECK(is_absent(&client, text("m/2")));
	CHECK_EQ(list(&client, text("m/"), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(client.params[3].value.a, 1);
}

CASE(what_is_lost_twice_is_said_to_be_lost)
{
	struct sweep sweep = sweep_begin(&just_there, fixtures + 1);
	size_t count = map_count(&sweep.start);
	size_t n = 0;

	for (n = 0; n < count * HARMS; n++) {
		const void *mark = keep_mark();
		struct map_blob *blob = map_at(&sweep.start, n / HARMS);

		case_step("object %zu twice %s", n / HARMS,
			  harm_names[n % HARMS]);
		if (!blob->id.bytes[COPY_AT])
			check_both_lost(&sweep, n / HARMS, n % HARMS);
		keep_release(mark);
	}
	sweep_end(&sweep);
}

/* Damages both copies of some leaf that has some of the keys, not all. */
static size_t lose_leaf(const struct sweep *sweep)
{
	size_t count = map_count(&sweep->start);
	size_t n = 0;

	for (n = 0; n < count; n++) {
		const struct map_blob *blob = map_at(&sweep->start, n);
		struct client client = { 0 };
		size_t lost = 0;

		if (is_root(blob) || blob->id.bytes[COPY_AT])
			continue;
		device_restore(&sweep->start);
		do_harm(twin_of(n), HARM_AT_READ);
		do_harm(n, HARM_AT_OPEN);
		client = open_default();
		lost = count_lost(&client);
		if (lost > 0 && lost < KEYS)
			return lost;
	}
	case_fail(__FILE__, __LINE__, "there is no such leaf");
}

CASE(other_keys_work_while_some_are_lost)
{
	struct sweep sweep = sweep_begin(&just_there, fixtures + 1);
	struct client client = { 0 };
	char key[16] = { 0 };
	size_t lost = lose_leaf(&sweep);
	size_t n = 0;

	client = open_default();
	/* So many changes that records are handed down around the gap. */
	for (n = 0; n < 400; n++) {
		snprintf(key, sizeof(key), "z/%zu", n);
		CHECK_EQ(put(&client, text(key), noise(n, 150), ANY),
			 TEE_SUCCESS);
	}
	CHECK_EQ(count_lost(&client), lost);
	device_restart();
	client = open_default();
	CHECK_EQ(count_lost(&client), lost);
	for (n = 0; n < 400; n++) {
		snprintf(key, sizeof(key), "z/%zu", n);
		CHECK(bytes_equal(value_of(&client, text(key)), noise(n, 150)));
	}
	CHECK_EQ(clear(&client, text("z/")), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 400);
	CHECK_EQ(count_lost(&client), lost);
	sweep_end(&sweep);
}

/* Clearing forgets what was lost under the prefix, and no more. */
CASE(clear_forgets_only_what_it_covers)
{
	struct sweep sweep = sweep_begin(&just_there, fixtures + 1);
	struct client client = { 0 };
	struct bytes key = { 0 };
	size_t lost = lose_leaf(&sweep);
	struct client other = { 0 };

	client = open_default();
	key = some_lost_key(&client);
	CHECK_EQ(clear(&client, text("zzz")), TEE_SUCCESS);
	CHECK_EQ(count_lost(&client), lost);
	CHECK_EQ(clear(&client, key), TEE_SUCCESS);
	CHECK(is_absent(&client, key));
	CHECK_EQ(put(&client, key, text("again"), ABSENT), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(&client, key), text("again")));
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, key), text("again")));
	CHECK_EQ(del(&client, key, ANY), TEE_SUCCESS);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(snapshot(&client).size, 0);
	CHECK_EQ(open_as(&other, &alice, text("other")), TEE_SUCCESS);
	CHECK_EQ(clear(&other, text("")), TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), 0);
	CHECK_EQ(info_u64(&client, SECSTOR_INFO_USED_BYTES), 0);
	sweep_end(&sweep);
}

static void lose_root(void)
{
	size_t n = 0;

	for (n = 0; n < map_count(&device.map); n++)
		if (is_root(map_at(&device.map, n)))
			do_harm(n, HARM_AT_OPEN);
}

CASE(a_lost_root_is_not_an_empty_store)
{
	struct client client = open_default();

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	soft_tee_unload();
	lose_root();
	client = open_default();
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(get(&client, text("never"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(list(&client, text(""), text(""), 0, ROOM),
		 TEE_ERROR_CORRUPT_OBJECT);
	device_restart();
	client = open_default();
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY),
		 TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("k"), text("w"), ABSENT), TEE_SUCCESS);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("k")), text("w")));
}

/* What tells a lost root from none at all is not lost by a single damage. */
CASE(a_lost_root_is_not_an_empty_store_whatever_else_was_mended)
{
	struct client client = open_default();
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	for (n = 0; n < 2; n++) {
		size_t at = 0;

		case_step("copy %zu of what is no owner's", n);
		device_restart();
		while (map_at(&device.map, at) &&
		       (map_at(&device.map, at)->id.bytes[LOGIN_AT] ||
			map_at(&device.map, at)->id.bytes[COPY_AT] != n))
			at++;
		if (map_at(&device.map, at))
			do_harm(at, HARM_AT_OPEN);
		client = open_default();
		CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
		CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	}
	soft_tee_unload();
	lose_root();
	client = open_default();
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
}

/* OP-TEE removes the copies one by one; the power may be cut in between. */
CASE(a_lost_root_is_not_an_empty_store_after_a_power_cut)
{
	struct client client = { 0 };
	size_t n = 0;

	for (n = 0; n < 12; n++) {
		case_step("cut %zu", n);
		map_clear(&device.map);
		device_power_cycle();
		client = open_default();
		CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
		soft_tee_unload();
		lose_root();
		client = open_default();
		device_cut_in_turn(n);
		get(&client, text("k"), ROOM);
		device_power_cycle();
		client = open_default();
		CHECK_EQ(get(&client, text("k"), ROOM),
			 TEE_ERROR_CORRUPT_OBJECT);
	}
}

/* OP-TEE before 3.20 leaves a damaged object where it is. */
CASE(what_is_damaged_leaves_nothing_behind)
{
	struct client client = open_default();
	struct map_blob *blob = NULL;

	CHECK_EQ(put(&client, text("k"), noise(1, 20000), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("l"), noise(2, 20000), ANY), TEE_SUCCESS);
	device_restart();
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (blob->id.bytes[LOGIN_AT] && !is_root(blob))
			blob->damage = MAP_CORRUPT_AT_OPEN;
	client = open_default();
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(device_owned_objects(), 0);
	CHECK_EQ(put(&client, text("k"), text("v"), ABSENT), TEE_SUCCESS);
}
