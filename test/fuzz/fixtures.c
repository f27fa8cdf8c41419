// SPDX-License-Identifier: MIT
#include "fixtures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "device.h"
#include "snapshot.h"
#include "tee_api_defines.h"

const struct bytes fixture_mark = { (const uint8_t *)"not of alice", 12 };

static struct bytes value(const TEE_Identity *who, size_t seed, size_t size)
{
	struct bytes mark = who == &alice ? text("") : fixture_mark;

	return join(mark, noise(seed, size));
}

/* Keys in no order, a larger value now and then. */
static void fill(const TEE_Identity *who, const char *domain, size_t count)
{
	struct client client = { 0 };
	char key[16] = { 0 };
	size_t n = 0;

	CHECK_EQ(open_as(&client, who, text(domain)), TEE_SUCCESS);
	for (n = 0; n < count; n++) {
		size_t name = n * 7 % count;

		snprintf(key, sizeof(key), "%s%zu", name % 2 ? "a/" : "k",
			 name / 2);
		CHECK_EQ(put(&client, text(key),
			     value(who, n, n % 8 == 5 ? 700 : 150), ANY),
			 TEE_SUCCESS);
	}
	close_client(&client);
}

static void make_few(void)
{
	fill(&alice, "default", 3);
	fill(&bob, "default", 2);
	fill(&crew, "default", 1);
}

/* Leaves below roots. */
static void make_many(void)
{
	fill(&crew, "default", 9);
	fill(&alice, "other", 10);
	fill(&bob, "default", 30);
	fill(&alice, "default", 40);
}

/* A change by alice that is cut off at some call. */
static void make_cut(enum fault_call calls, uint64_t nth)
{
	const struct fault fault = { .kind = FAULT_CUT_BEFORE,
				     .calls = calls,
				     .nth = nth };
	struct client client = { 0 };

	make_many();
	client = open_default();
	fault_arm(&device.faults, &fault);
	CHECK_EQ(clear(&client, text("a/1")), TEE_ERROR_TARGET_DEAD);
}

/* The commit was made, its garbage is there. */
static void make_garbage(void)
{
	make_cut(FAULT_REMOVE, 1);
}

/* The root's twin is ahead: cut off between the last two writes. */
static void make_ahead(void)
{
	struct client client = { 0 };
	uint64_t writes = 0;

	make_many();
	client = open_default();
	writes = device.faults.writes;
	CHECK_EQ(clear(&client, text("a/1")), TEE_SUCCESS);
	writes = device.faults.writes - writes;
	map_clear(&device.map);
	device_power_cycle();
	make_cut(FAULT_WRITE, writes);
}

/* What somebody can read, in memory that stays. */
static struct bytes seen_by(const TEE_Identity *who)
{
	struct client client = { 0 };
	struct bytes seen = { 0 };
	uint8_t *copy = NULL;

	CHECK_EQ(open_as(&client, who, text("default")), TEE_SUCCESS);
	seen = snapshot(&client);
	copy = malloc(seen.size);
	CHECK(copy);
	memcpy(copy, seen.data, seen.size);
	return (struct bytes){ copy, seen.size };
}

static void make(struct fixture *fixture, void (*fill_it)(void))
{
	case_begin();
	fill_it();
	device_power_cycle();
	fixture->map = map_copy(&device.map);
	fixture->bob = seen_by(&bob);
	fixture->crew = seen_by(&crew);
	case_end();
}

const struct fixture *fixture_get(size_t choice)
{
	static void (*const ways[FIXTURES])(
		void) = { make_few, make_many, make_garbage, make_ahead };
	static struct fixture fixtures[FIXTURES];
	size_t n = 0;

	for (n = 0; n < FIXTURES && !fixtures[n].map.blobs; n++)
		make(fixtures + n, ways[n]);
	return fixtures + choice % FIXTURES;
}
