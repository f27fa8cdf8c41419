// SPDX-License-Identifier: MIT
/* Many keys, beside a model that is too simple to be wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

#define KEYS_MAX 6000

/* What is known of a key; its value is noise of the seed. */
struct known {
	char name[48];
	bool there;
	uint64_t revision;
	uint64_t seed;
	size_t size;
};

static struct known model[KEYS_MAX];
static size_t key_count;
static uint64_t state = 1;

/* A number below a limit; the same ones in every run. */
static size_t dice(size_t limit)
{
	state = state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (size_t)(state >> 33) % limit;
}

/* Names with long common beginnings, of various sizes, in no order. */
static void name_keys(size_t count)
{
	size_t n = 0;

	key_count = count;
	for (n = 0; n < count; n++) {
		struct known *known = model + n;

		if (n % 3 == 0)
			snprintf(known->name, sizeof(known->name),
				 "service/%zu/token", n * 7919 % 100003);
		else if (n % 3 == 1)
			snprintf(known->name, sizeof(known->name), "%zx",
				 n * 2654435761u % 0xfffffff);
		else
			snprintf(known->name, sizeof(known->name),
				 "wifi/profiles/some network/%05zu", n);
	}
}

static size_t some_size(void)
{
	switch (dice(200)) {
	case 0:
		return dice(60000);
	case 1:
	case 2:
	case 3:
		return dice(6000);
	default:
		return dice(90);
	}
}

static void check_key(struct client *client, const struct known *known)
{
	TEE_Result res = get(client, text(known->name), ROOM);

	if (!known->there) {
		CHECK_EQ(res, TEE_ERROR_ITEM_NOT_FOUND);
		return;
	}
	CHECK_EQ(res, TEE_SUCCESS);
	CHECK_EQ(number(client, 2), known->revision);
	CHECK(bytes_equal(client->out[1], noise(known->seed, known->size)));
}

static int compare_names(const void *a, const void *b)
{
	const struct known *const *x = a;
	const struct known *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* Every key, and the list of them page by page. */
static void check_all(struct client *client, size_t page)
{
	static const struct known *sorted[KEYS_MAX];
	struct bytes after = { 0 };
	size_t count = 0;
	size_t at = 0;
	size_t n = 0;

	for (n = 0; n < key_count; n++)
		if (model[n].there)
			sorted[count++] = model + n;
	qsort(sorted, count, sizeof(*sorted), compare_names);
	CHECK_EQ(info_u32(client, SECSTOR_INFO_USED_KEYS), count);
	for (n = 0; n < count;) {
		CHECK_EQ(list(client, text(""), after, 0, page), TEE_SUCCESS);
		for (at = 0; at < client->out[2].size; n++) {
			const uint8_t *entry = client->out[2].data + at;

			CHECK(n < count);
			after = (struct bytes){ entry + 16,
						read_u16(entry + 12) };
			CHECK(bytes_equal(after, text(sorted[n]->name)));
			CHECK_EQ(read_u64(entry), sorted[n]->revision);
			CHECK_EQ(read_u32(entry + 8), sorted[n]->size);
			at += 16 + after.size;
		}
		CHECK_EQ(client->params[3].value.b, n < count);
	}
	keep_release(NULL);
	for (n = 0; n < key_count; n++) {
		check_key(client, model + n);
		keep_release(NULL);
	}
}

static void do_put(struct client *client, struct known *known)
{
	uint64_t seed = dice(1000000);
	size_t size = some_size();
	uint64_t expected = ANY;

	if (dice(3) == 0)
		expected = known->there ? known->revision : ABSENT;
	CHECK_EQ(put(client, text(known->name), noise(seed, size), expected),
		 TEE_SUCCESS);
	CHECK(number(client, 2) > known->revision);
	known->there = true;
	known->revision = number(client, 2);
	known->seed = seed;
	known->size = size;
}

static void do_delete(struct client *client, struct known *known)
{
	TEE_Result res = del(client, text(known->name), ANY);

	CHECK_EQ(res, known->there ? TEE_SUCCESS : TEE_ERROR_ITEM_NOT_FOUND);
	known->there = false;
}

static void do_batch(struct client *client)
{
	struct known *chosen[20] = { 0 };
	struct bytes request = { 0 };
	size_t count = 1 + dice(20);
	size_t first = dice(key_count - count);
	size_t n = 0;

	for (n = 0; n < count; n++) {
		struct known *known = model + first + n;

		chosen[n] = known;
		known->there = dice(3) != 0;
		known->seed = dice(1000000);
		known->size = dice(120);
		request = join(
			request,
			known->there
				? batch_put(text(known->name),
					    noise(known->seed, known->size),
					    ANY)
				: batch_delete(text(known->name), ANY));
	}
	CHECK_EQ(batch(client, request, ROOM), TEE_SUCCESS);
	for (n = 0; n < count; n++)
		if (chosen[n]->there)
			chosen[n]->revision =
				read_u64(client->out[1].data + 8 * n);
}

static void do_clear(struct client *client)
{
	char prefix[8] = { 0 };
	size_t count = 0;
	size_t n = 0;

	snprintf(prefix, sizeof(prefix), "%zx", 0x10 + dice(0xf0));
	for (n = 0; n < key_count; n++)
		if (model[n].there &&
		    !strncmp(model[n].name, prefix, strlen(prefix))) {
			model[n].there = false;
			count++;
		}
	CHECK_EQ(clear(client, text(prefix)), TEE_SUCCESS);
	CHECK_EQ(client->params[1].value.a, count);
}

static void do_something(struct client *client)
{
	struct known *known = model + dice(key_count);

	switch (dice(100)) {
	case 0:
		do_clear(client);
		break;
	case 1:
		device_restart();
		*client = open_default();
		break;
	case 2:
		device_power_cycle();
		*client = open_default();
		break;
	case 3 ... 12:
		do_batch(client);
		break;
	case 13 ... 30:
		do_delete(client, known);
		break;
	case 31 ... 50:
		check_key(client, known);
		break;
	default:
		do_put(client, known);
	}
}

CASE(five_thousand_keys_behave_as_the_model)
{
	struct client client = open_default();
	size_t n = 0;

	name_keys(5000);
	for (n = 0; n < key_count; n++) {
		case_step("key %zu", n);
		do_put(&client, model + n);
		keep_release(NULL);
	}
	check_all(&client, ROOM);
	for (n = 0; n < 6000; n++) {
		case_step("step %zu", n);
		do_something(&client);
		keep_release(NULL);
		if (n % 2000 == 1999)
			check_all(&client, 3000);
	}
	device_restart();
	client = open_default();
	check_all(&client, ROOM);
}

/* Everything cold each time: whatever is not stored is not there. */
CASE(a_ta_that_always_restarts_behaves_as_the_model)
{
	struct client client = open_default();
	size_t n = 0;

	name_keys(150);
	for (n = 0; n < 1500; n++) {
		case_step("step %zu", n);
		do_something(&client);
		device_restart();
		client = open_default();
		keep_release(NULL);
		if (n % 100 == 99)
			check_all(&client, 500);
	}
}

/* Keys that fill a whole leaf each, and values at the border of inline. */
CASE(large_records_behave_as_the_model)
{
	struct client client = open_default();
	struct bytes start = repeat('k', SECSTOR_KEY_MAX - 4);
	char end[8] = { 0 };
	size_t n = 0;

	for (n = 0; n < 120; n++) {
		snprintf(end, sizeof(end), "%04zu", n * 37 % 120);
		case_step("key %s", end);
		CHECK_EQ(put(&client, join(start, text(end)),
			     noise(n * 37 % 120, 3900 + n * 37 % 120 * 4), ANY),
			 TEE_SUCCESS);
	}
	device_restart();
	client = open_default();
	for (n = 0; n < 120; n++) {
		snprintf(end, sizeof(end), "%04zu", n);
		CHECK(bytes_equal(value_of(&client, join(start, text(end))),
				  noise(n, 3900 + n * 4)));
	}
	CHECK_EQ(clear(&client, start), TEE_SUCCESS);
	CHECK_EQ(client.params[1].value.a, 120);
	/* Objects are removed in slices; an empty store gives up its root. */
	while (client.params[1].value.b)
		CHECK_EQ(clear(&client, start), TEE_SUCCESS);
	CHECK_EQ(device_owned_objects(), 0);
}

/* The count that DESIGN gives: objects are what every access costs. */
CASE(a_thousand_small_secrets_take_few_objects)
{
	struct client client = open_default();
	char key[32] = { 0 };
	size_t n = 0;

	for (n = 0; n < 1000; n++) {
		snprintf(key, sizeof(key), "secret-%zu", n * 7919 % 1000);
		CHECK_EQ(put(&client, text(key), noise(n, 32), ANY),
			 TEE_SUCCESS);
		keep_release(NULL);
	}
	CHECK(map_count(&device.map) <= 32);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OBJECTS),
		 device_owned_objects());
}
