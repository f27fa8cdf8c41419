// SPDX-License-Identifier: MIT
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "device.h"
#include "snapshot.h"
#include "tee_api_defines.h"

static TEE_Result run_info(struct client *client)
{
	return invoke(client, SECSTOR_CMD_INFO, out(SECSTOR_INFO_SIZE), none(),
		      none(), none());
}

static TEE_Result run_get(struct client *client)
{
	return get(client, text("small"), ROOM);
}

static TEE_Result run_get_object(struct client *client)
{
	return get(client, text("large"), ROOM);
}

static TEE_Result run_get_many(struct client *client)
{
	return get_many(client,
			join(join(asked(text("large")), asked(text("none"))),
			     asked(text("small"))),
			ROOM);
}

static TEE_Result run_stat(struct client *client)
{
	return stat_key(client, text("small"));
}

static TEE_Result run_list(struct client *client)
{
	return list(client, text(""), text(""), 0, ROOM);
}

static TEE_Result run_insert(struct client *client)
{
	return put(client, text("new"), noise(1, 100), ANY);
}

static TEE_Result run_insert_object(struct client *client)
{
	return put(client, text("new"), noise(2, 30000), ANY);
}

static TEE_Result run_overwrite(struct client *client)
{
	return put(client, text("small"), noise(3, 120), ANY);
}

static TEE_Result run_grow(struct client *client)
{
	return put(client, text("small"), noise(4, 20000), ANY);
}

static TEE_Result run_shrink(struct client *client)
{
	return put(client, text("large"), noise(5, 20), ANY);
}

static TEE_Result run_replace_object(struct client *client)
{
	return put(client, text("large"), noise(6, 25000), ANY);
}

static TEE_Result run_swap(struct client *client)
{
	return put_swap(client, text("large"), noise(7, 24000), ANY, ROOM);
}

static TEE_Result run_delete(struct client *client)
{
	return del(client, text("small"), ANY);
}

static TEE_Result run_delete_object(struct client *client)
{
	return del(client, text("large"), ANY);
}

static TEE_Result run_generate(struct client *client)
{
	return generate(client, text("new"), 64, ANY);
}

static TEE_Result run_batch(struct client *client)
{
	return batch(client,
		     join(join(batch_put(text("new"), noise(8, 50), ANY),
			       batch_put(text("large"), noise(9, 9000), ANY)),
			  join(batch_delete(text("small"), ANY),
			       batch_put(text("m/50"), noise(10, 60), ANY))),
		     ROOM);
}

/* More than a root takes, so that records are handed down and leaves split. */
static TEE_Result run_large_batch(struct client *client)
{
	struct bytes request = { 0 };
	char key[16] = { 0 };
	size_t n = 0;

	for (n = 0; n < 80; n++) {
		snprintf(key, sizeof(key), "b/%03zu", n * 37 % 80);
		request =
			join(request, batch_put(text(key), noise(n, 300), ANY));
	}
	return batch(client, request, ROOM);
}

static TEE_Result run_clear_part(struct client *client)
{
	return clear(client, text("m/1"));
}

static TEE_Result run_clear(struct client *client)
{
	return clear(client, text(""));
}

const struct scenario scenarios[] = {
	{ "info", run_info, false, false, false },
	{ "get", run_get, false, false, false },
	{ "get object", run_get_object, false, false, false },
	{ "get many", run_get_many, false, false, false },
	{ "stat", run_stat, false, false, false },
	{ "list", run_list, false, false, false },
	{ "insert", run_insert, true, false, true },
	{ "insert object", run_insert_object, true, false, false },
	{ "overwrite", run_overwrite, true, false, true },
	{ "grow", run_grow, true, false, false },
	{ "shrink", run_shrink, true, false, false },
	{ "replace object", run_replace_object, true, false, true },
	{ "swap", run_swap, true, false, false },
	{ "delete", run_delete, true, false, true },
	{ "delete object", run_delete_object, true, false, false },
	{ "generate", run_generate, true, true, false },
	{ "batch", run_batch, true, false, true },
	{ "large batch", run_large_batch, true, false, false },
	{ "clear part", run_clear_part, true, false, true },
	{ "clear", run_clear, true, false, false },
};
const size_t scenario_count = sizeof(scenarios) / sizeof(*scenarios);

static void fill(const TEE_Identity *who, const char *domain, size_t count)
{
	struct client client = { 0 };
	char key[16] = { 0 };
	size_t n = 0;

	CHECK_EQ(open_as(&client, who, text(domain)), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("small"), noise(100, 100), ANY),
		 TEE_SUCCESS);
	CHECK_EQ(put(&client, text("large"), noise(101, 20000), ANY),
		 TEE_SUCCESS);
	for (n = 0; n < count; n++) {
		size_t name = n * 7919 % count;

		snprintf(key, sizeof(key), "m/%zu", name);
		CHECK_EQ(put(&client, text(key), noise(name, 150), ANY),
			 TEE_SUCCESS);
	}
	CHECK_EQ(put(&client, text("gone"), text(""), ANY), TEE_SUCCESS);
	CHECK_EQ(del(&client, text("gone"), ANY), TEE_SUCCESS);
	close_client(&client);
}

/* All in the root. */
static void make_small(void)
{
	fill(&alice, "other", 2);
	fill(&bob, "default", 2);
	fill(&alice, "default", 8);
}

/* Several leaves below a root that has records of its own. */
static void make_large(void)
{
	fill(&alice, "other", 30);
	fill(&bob, "default", 2);
	fill(&alice, "default", 200);
}

/* The root is full of updates that are in place in their leaf. */
static void make_updated(void)
{
	struct client client = { 0 };
	char key[16] = { 0 };
	size_t n = 0;

	make_large();
	client = open_default();
	for (n = 100; n < 165; n++) {
		snprintf(key, sizeof(key), "m/%zu", n);
		CHECK_EQ(put(&client, text(key), noise(1000 + n, 150), ANY),
			 TEE_SUCCESS);
	}
	close_client(&client);
}

const struct fixture fixtures[] = {
	{ "small", make_small, false },
	{ "large", make_large, false },
	{ "updated", make_updated, true },
};
const size_t fixture_count = sizeof(fixtures) / sizeof(*fixtures);

static struct bytes seen_by(const TEE_Identity *who, const char *domain,
			    const struct scenario *scenario)
{
	struct client client = { 0 };
	struct bytes seen = { 0 };

	CHECK_EQ(open_as(&client, who, text(domain)), TEE_SUCCESS);
	seen = scenario && scenario->random ? keys_of(&client)
					    : contents(&client);
	close_client(&client);
	return seen;
}

struct sweep sweep_begin(const struct scenario *scenario,
			 const struct fixture *fixture)
{
	struct sweep sweep = { .scenario = scenario };
	struct client client = { 0 };

	fixture->make();
	soft_tee_unload();
	sweep.start = map_copy(&device.map);
	sweep.before = seen_by(&alice, "default", scenario);
	sweep.other_user = seen_by(&bob, "default", NULL);
	sweep.other_domain = seen_by(&alice, "other", NULL);
	client = open_default();
	CHECK_EQ(scenario->run(&client), TEE_SUCCESS);
	sweep.after = seen_by(&alice, "default", scenario);
	return sweep;
}

void sweep_end(struct sweep *sweep)
{
	while (sweep->looked_at_count)
		map_clear(&sweep->looked_at[--sweep->looked_at_count].map);
	free(sweep->looked_at);
	map_clear(&sweep->start);
	map_clear(&device.map);
	device_power_cycle();
	keep_release(NULL);
}

struct client sweep_restart(const struct sweep *sweep, bool warm)
{
	struct client client = { 0 };

	device_restore(&sweep->start);
	client = open_default();
	if (warm)
		snapshot(&client);
	return client;
}

/* What belongs to others is as it was. */
static unsigned int look(const struct sweep *sweep)
{
	struct bytes seen = seen_by(&alice, "default", sweep->scenario);

	CHECK(bytes_equal(seen_by(&bob, "default", NULL), sweep->other_user));
	CHECK(bytes_equal(seen_by(&alice, "other", NULL), sweep->other_domain));
	return (bytes_equal(seen, sweep->before) ? BEFORE : 0) |
	       (bytes_equal(seen, sweep->after) ? AFTER : 0);
}

void sweep_check(const struct sweep *sweep, enum found allowed)
{
	CHECK(look(sweep) & allowed);
}

/* The highest revision that is to be seen. */
static uint64_t highest_revision(struct client *client)
{
	uint64_t highest = 0;
	size_t at = 0;

	CHECK_EQ(list(client, text(""), text(""), 0, ROOM), TEE_SUCCESS);
	while (at < client->out[2].size) {
		const uint8_t *entry = client->out[2].data + at;

		if (read_u64(entry) > highest)
			highest = read_u64(entry);
		at += 16 + read_u16(entry + 12);
	}
	return highest;
}

void sweep_check_working(const struct sweep *sweep)
{
	struct client client = open_default();
	uint64_t highest = highest_revision(&client);
	uint32_t keys = info_u32(&client, SECSTOR_INFO_USED_KEYS);

	CHECK_EQ(put(&client, text("z/works"), noise(55, 9000), ABSENT),
		 TEE_SUCCESS);
	CHECK(number(&client, 2) > highest);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), keys + 1);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("z/works")), noise(55, 9000)));
	CHECK_EQ(del(&client, text("z/works"), ANY), TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), keys);
	device_restart();
	sweep_check(sweep, EITHER);
}

/* An entry without a result where the same was not stored before. */
static struct looked_at *looked_at(struct sweep *sweep)
{
	struct looked_at *all = sweep->looked_at;
	size_t count = sweep->looked_at_count;
	size_t n = 0;

	while (n < count && !map_equal(&all[n].map, &device.map))
		n++;
	if (n == count) {
		all = realloc(all, (count + 1) * sizeof(*all));
		CHECK(all);
		all[n] = (struct looked_at){ .map = map_copy(&device.map) };
		sweep->looked_at = all;
		sweep->looked_at_count++;
	}
	return all + n;
}

bool is_copy_of_alice(const struct map_blob *blob, uint8_t copy)
{
	const uint8_t *id = blob->id.bytes;

	return id[COPY_AT] == copy && id[LOGIN_AT] == alice.login &&
	       id[LAST_OF_UUID_AT] == alice.uuid.clockSeqAndNode[7];
}

/* Either copy of all there is may be lost afterwards. */
static void check_without(const struct sweep *sweep,
			  const struct map_store *stored, uint8_t copy)
{
	size_t at = 0;

	device_restore(stored);
	while (at < map_count(&device.map))
		if (is_copy_of_alice(map_at(&device.map, at), copy))
			map_remove_at(&device.map, at);
		else
			at++;
	sweep_check(sweep, EITHER);
}

void sweep_check_restarted(struct sweep *sweep, enum found allowed)
{
	struct looked_at *at = looked_at(sweep);

	device_restart();
	if (!at->found) {
		at->found = look(sweep);
		sweep_check_working(sweep);
		check_without(sweep, &at->map, 0);
		check_without(sweep, &at->map, 1);
	}
	CHECK(at->found & allowed);
}

void sweep_all(void (*run)(struct sweep *sweep), bool changes_only)
{
	size_t f = 0;
	size_t s = 0;

	for (f = 0; f < fixture_count; f++)
		for (s = 0; s < scenario_count; s++) {
			struct sweep sweep = { 0 };

			if ((changes_only && !scenarios[s].changes) ||
			    (fixtures[f].typical && !scenarios[s].typical))
				continue;
			case_step("%s on %s", scenarios[s].name,
				  fixtures[f].name);
			sweep = sweep_begin(scenarios + s, fixtures + f);
			run(&sweep);
			sweep_end(&sweep);
		}
}
