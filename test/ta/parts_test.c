// SPDX-License-Identifier: MIT
/* A leaf in which values of equal size change is written in parts. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "snapshot.h"
#include "tee_api_defines.h"

#define KEYS 400
#define SIZE 150

static struct bytes key_of(size_t n)
{
	char key[16] = { 0 };

	snprintf(key, sizeof(key), "m/%03zu", n);
	/* Kept, which the array is not. */
	return join(text(key), text(""));
}

/* Where in the noise each key's value begins. */
static uint64_t seeds[KEYS];

static void store(struct client *client, size_t n, uint64_t seed)
{
	CHECK_EQ(put(client, key_of(n), noise(seed, SIZE), ANY), TEE_SUCCESS);
	seeds[n] = seed;
}

static void fill(struct client *client)
{
	size_t n = 0;

	for (n = 0; n < KEYS; n++)
		store(client, n * 7919 % KEYS, n);
}

static bool is_leaf(const struct map_blob *blob)
{
	return blob->size > 6 && blob->id.bytes[LOGIN_AT] == alice.login &&
	       !memcmp(blob->data, "SECS", 4) && blob->data[6] == 2;
}

static bool is_twin_of(const struct map_blob *twin, const struct map_blob *blob)
{
	return twin->id.bytes[COPY_AT] && !blob->id.bytes[COPY_AT] &&
	       twin->id.size == blob->id.size &&
	       !memcmp(twin->id.bytes + COPY_AT + 1,
		       blob->id.bytes + COPY_AT + 1,
		       blob->id.size - COPY_AT - 1);
}

static bool has_equal_twin(const struct map_blob *blob)
{
	const struct map_blob *twin = device.map.blobs;

	while (twin && !is_twin_of(twin, blob))
		twin = twin->next;
	return twin && twin->size == blob->size &&
	       !memcmp(twin->data, blob->data, blob->size);
}

/* How many leaves have two copies that are equal. */
static size_t count_pairs(void)
{
	const struct map_blob *blob = NULL;
	size_t count = 0;

	for (blob = device.map.blobs; blob; blob = blob->next)
		count += is_leaf(blob) && has_equal_twin(blob);
	return count;
}

/* A leaf whose primary is not as it was but of the same size, or NULL. */
static const struct map_blob *changed_leaf(const struct map_store *before)
{
	const struct map_blob *blob = NULL;
	const struct map_blob *old = NULL;

	for (blob = device.map.blobs; blob; blob = blob->next)
		for (old = before->blobs; old && is_leaf(blob); old = old->next)
			if (!blob->id.bytes[COPY_AT] &&
			    !memcmp(&old->id, &blob->id, sizeof(blob->id)) &&
			    old->size == blob->size &&
			    memcmp(old->data, blob->data, blob->size) != 0)
				return blob;
	return NULL;
}

/* Updates neighbours until a leaf changes in place, and returns that. */
static const struct map_blob *
update_until_written(struct client *client, uint64_t seed, uint64_t *written)
{
	size_t n = 0;

	for (n = 0; n < KEYS; n++) {
		struct map_store before = map_copy(&device.map);
		uint64_t so_far = device.faults.written_bytes;
		const struct map_blob *leaf = NULL;

		store(client, n, seed + n);
		*written = device.faults.written_bytes - so_far;
		leaf = changed_leaf(&before);
		map_clear(&before);
		if (leaf)
			return leaf;
	}
	CHECK(!"a leaf was written");
	return NULL;
}

static void check_values(void)
{
	struct client client = { 0 };
	size_t n = 0;

	device_restart();
	client = open_default();
	for (n = 0; n < KEYS; n++)
		CHECK(bytes_equal(value_of(&client, key_of(n)),
				  noise(seeds[n], SIZE)));
	close_client(&client);
}

CASE(an_update_of_equal_size_writes_less_than_the_leaf)
{
	struct client client = open_default();
	const struct map_blob *leaf = NULL;
	uint64_t written = 0;

	fill(&client);
	leaf = update_until_written(&client, 5000, &written);
	CHECK(has_equal_twin(leaf));
	/* With both copies of the root. */
	CHECK(written < 3 * leaf->size);
	check_values();
}

/* Lets something happen to the twins of all leaves. */
static void with_twins(void (*change)(struct map_blob *twin))
{
	struct client client = open_default();
	struct map_blob *blob = NULL;
	uint64_t written = 0;

	fill(&client);
	/* From now on the root has nothing for this leaf but updates. */
	update_until_written(&client, 5000, &written);
	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_leaf(blob) && blob->id.bytes[COPY_AT])
			change(blob);
	CHECK_EQ(count_pairs(), 0);
	device_restart();
	client = open_default();
	CHECK(has_equal_twin(update_until_written(&client, 9000, &written)));
	check_values();
}

/* As if it had been written for a commit that failed. */
static void give_another_mark(struct map_blob *twin)
{
	twin->data[64] ^= 1;
}

/* As if only the header of the new leaf had been written. */
static void change_behind_the_header(struct map_blob *twin)
{
	twin->data[64] ^= 1;
	twin->data[twin->size - 1] ^= 1;
	twin->data[72 + 16 + 20] ^= 1;
}

CASE(a_twin_with_another_header_is_written_whole)
{
	with_twins(give_another_mark);
}

CASE(a_twin_that_differs_throughout_is_written_whole)
{
	with_twins(change_behind_the_header);
}
