// SPDX-License-Identifier: MIT
/* A board that runs for years: sessions that stay open, values of all sizes. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "crowd.h"
#include "device.h"
#include "tee_api_defines.h"

/* Together they stay within the objects that all owners share. */
#define USERS 8
#define SMALL_KEYS 80
#define MIDDLE_KEYS 20
#define LARGE_KEYS 2

enum size_class { SMALL, MIDDLE, LARGE, CLASSES };

static const struct {
	char letter;
	size_t keys;
	size_t least;
	size_t most;
} classes[CLASSES] = {
	{ 's', SMALL_KEYS, 0, 20 * 1000 },
	{ 'm', MIDDLE_KEYS, 0, 130 * 1000 },
	{ 'l', LARGE_KEYS, 512 * 1024, SECSTOR_VALUE_MAX },
};

/* What is known of a key; its value is a part of one long noise. */
struct known {
	bool there;
	size_t start;
	size_t size;
};

static struct known known[USERS][CLASSES][SMALL_KEYS];
static struct bytes sea;

static struct bytes value_of_known(const struct known *of)
{
	return (struct bytes){ sea.data + of->start, of->size };
}

/* One key of one user, as a service finds it. */
struct errand {
	struct client *client;
	struct known *known;
	struct bytes key;
	enum size_class class;
};

static struct errand errand(struct crowd *crowd, size_t service,
			    enum size_class class)
{
	static char key[16];
	size_t n = crowd_dice(classes[class].keys);

	snprintf(key, sizeof(key), "%c%zu", classes[class].letter, n);
	return (struct errand){
		.client = crowd_service(crowd, service),
		.known = known[service % USERS][class] + n,
		.key = text(key),
		.class = class,
	};
}

static struct known some_value(enum size_class class)
{
	size_t least = classes[class].least;

	return (struct known){
		.there = true,
		.start = crowd_dice(SECSTOR_VALUE_MAX),
		.size = least + crowd_dice(classes[class].most - least + 1),
	};
}

static void check_answer(const struct errand *of, struct bytes answer)
{
	CHECK(bytes_equal(answer, value_of_known(of->known)));
}

static void do_get(const struct errand *of)
{
	TEE_Result res = get(of->client, of->key, classes[of->class].most);

	CHECK_EQ(res,
		 of->known->there ? TEE_SUCCESS : TEE_ERROR_ITEM_NOT_FOUND);
	if (!res)
		check_answer(of, of->client->out[1]);
}

static void do_put(const struct errand *of)
{
	struct known new = some_value(of->class);

	CHECK_EQ(put(of->client, of->key, value_of_known(&new), ANY),
		 TEE_SUCCESS);
	*of->known = new;
}

/* A put that returns the previous value. */
static void do_swap(const struct errand *of)
{
	struct known new = some_value(of->class);
	struct bytes old = { 0 };

	CHECK_EQ(put_swap(of->client, of->key, value_of_known(&new), ANY,
			  8 + classes[of->class].most),
		 TEE_SUCCESS);
	old = of->client->out[3];
	if (of->known->there)
		check_answer(of, (struct bytes){ old.data + 8, old.size - 8 });
	*of->known = new;
}

static void do_generate(const struct errand *of)
{
	CHECK_EQ(generate(of->client, of->key, SECSTOR_VALUE_MAX, ANY),
		 TEE_SUCCESS);
	CHECK_EQ(del(of->client, of->key, ANY), TEE_SUCCESS);
	of->known->there = false;
}

/* As large a batch as there may be: a large value, and small ones. */
static void do_batch(struct crowd *crowd, size_t service)
{
	struct errand large = errand(crowd, service, LARGE);
	struct known new = some_value(LARGE);
	struct bytes request = { 0 };
	char key[16] = { 0 };
	size_t n = 0;

	for (n = 0; n < 6; n++) {
		struct known *small = known[service % USERS][SMALL] + n;

		*small = some_value(SMALL);
		snprintf(key, sizeof(key), "s%zu", n);
		request = join(request, batch_put(text(key),
						  value_of_known(small), ANY));
	}
	request =
		join(request, batch_put(large.key, value_of_known(&new), ANY));
	CHECK_EQ(batch(large.client, request, ROOM), TEE_SUCCESS);
	*large.known = new;
}

static void do_something(struct crowd *crowd)
{
	size_t service = crowd_dice(crowd->count);
	size_t what = crowd_dice(400);
	struct errand small = errand(crowd, service, SMALL);

	if (what < 160) {
		do_put(&small);
	} else if (what < 300) {
		do_get(&small);
	} else if (what < 330) {
		struct errand middle = errand(crowd, service, MIDDLE);

		(what & 1 ? do_put : do_get)(&middle);
	} else if (what < 390) {
		struct errand large = errand(crowd, service, LARGE);

		(what & 1 ? do_put : do_get)(&large);
	} else if (what < 394) {
		struct errand large = errand(crowd, service, LARGE);

		do_swap(&large);
	} else if (what < 396) {
		do_batch(crowd, service);
	} else if (what < 397) {
		struct errand large = errand(crowd, service, LARGE);

		do_generate(&large);
	} else {
		/* Few services end, each at some bad moment. */
		crowd_leave(crowd, service);
	}
}

static void live(size_t count, size_t calls)
{
	struct crowd crowd = { .users = USERS, .count = count };
	const void *mark = NULL;
	size_t n = 0;

	sea = noise(1, 2 * SECSTOR_VALUE_MAX);
	mark = keep_mark();
	for (n = 0; n < calls; n++) {
		case_step("call %zu of %zu services, %zu bytes free in pieces "
			  "of up to %zu",
			  n, count, soft_tee_heap_free(),
			  soft_tee_heap_largest());
		do_something(&crowd);
		keep_release(mark);
	}
}

CASE(forty_services_that_stay_are_never_refused)
{
	live(40, 19000);
}

CASE(one_service_that_stays_is_never_refused)
{
	live(1, 1000);
}
