// SPDX-License-Identifier: MIT
/*
 * Memory that held a secret is wiped before it is freed: the heap looks for
 * the secret in every block that it gets back, and fails the case.
 */
#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "tee_api_defines.h"

#define SECRET "correct horse battery staple"

static struct bytes secret(void)
{
	return text(SECRET);
}

static struct bytes large_secret(void)
{
	return join(join(noise(1, 20000), secret()), noise(2, 20000));
}

static void watch(void)
{
	soft_tee_watch(SECRET, sizeof(SECRET) - 1);
}

/* Every way by which a secret comes into the TA and out of it. */
static void use_secrets(struct client *client)
{
	CHECK_EQ(put(client, text("a"), secret(), ANY), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(client, text("a")), secret()));
	CHECK_EQ(put_swap(client, text("a"), text("x"), ANY, ROOM),
		 TEE_SUCCESS);
	CHECK_EQ(put(client, text("b"), large_secret(), ANY), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(client, text("b")), large_secret()));
	CHECK_EQ(get_many(client, join(asked(text("b")), asked(text("a"))),
			  2 * ROOM),
		 TEE_SUCCESS);
	CHECK_EQ(put_swap(client, text("b"), secret(), ANY, ROOM), TEE_SUCCESS);
	CHECK_EQ(batch(client,
		       join(batch_put(text("c"), secret(), ANY),
			    batch_put(text("d"), large_secret(), ANY)),
		       ROOM),
		 TEE_SUCCESS);
	/* As a key. */
	CHECK_EQ(put(client, secret(), secret(), ANY), TEE_SUCCESS);
	CHECK_EQ(list(client, secret(), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(stat_key(client, secret()), TEE_SUCCESS);
	/* Refused. */
	CHECK_EQ(put(client, text("a"), secret(), 1), SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put(client, text("\x01" SECRET), secret(), ANY),
		 SECSTOR_ERROR_KEY);
	CHECK_EQ(batch(client,
		       join(batch_put(text("a"), secret(), ANY),
			    batch_put(text("c"), large_secret(), 1)),
		       ROOM),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(batch(client,
		       join(batch_put(text("e"), secret(), ANY), text(SECRET)),
		       ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
}

CASE(the_heap_gets_no_secret_back)
{
	struct client client = open_default();

	watch();
	use_secrets(&client);
	/* The cache has it, so this can fail. */
	CHECK(soft_tee_secret_in_heap());
	close_client(&client);
	soft_tee_unload();
	CHECK(!soft_tee_secret_in_heap());
}

CASE(deleted_secrets_are_gone_from_the_heap)
{
	struct client client = open_default();

	watch();
	use_secrets(&client);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK(!soft_tee_secret_in_heap());
	CHECK_EQ(put(&client, text("a"), secret(), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("a"), text("other"), ANY), TEE_SUCCESS);
	CHECK(!soft_tee_secret_in_heap());
	CHECK_EQ(put(&client, text("a"), large_secret(), ANY), TEE_SUCCESS);
	CHECK_EQ(del(&client, text("a"), ANY), TEE_SUCCESS);
	CHECK(!soft_tee_secret_in_heap());
}

CASE(secrets_are_wiped_when_the_cache_gives_them_up)
{
	struct client client = open_default();
	char key[2] = "a";
	size_t n = 0;

	watch();
	for (n = 0; n < 26; n++) {
		key[0] = (char)('a' + n);
		CHECK_EQ(put(&client, text(key),
			     join(secret(), noise(n, 60000)), ANY),
			 TEE_SUCCESS);
		CHECK_EQ(get(&client, text(key), 2 * ROOM), TEE_SUCCESS);
	}
}

static TEE_Result put_secrets(struct client *client)
{
	return batch(client,
		     join(join(batch_put(text("small"), secret(), ANY),
			       batch_put(text("large"), large_secret(), ANY)),
			  join(batch_put(secret(), secret(), ANY),
			       batch_delete(text("m/1"), ANY))),
		     ROOM);
}

CASE(secrets_are_wiped_on_every_failed_allocation)
{
	struct map_store start = { 0 };
	uint64_t nth = 1;
	struct client client = { 0 };
	TEE_Result res = TEE_SUCCESS;

	fixtures[1].make();
	soft_tee_unload();
	start = map_copy(&device.map);
	do {
		case_step("allocation %llu", (unsigned long long)nth);
		device_restore(&start);
		watch();
		client = open_default();
		soft_tee_fail_allocation(nth, true);
		res = put_secrets(&client);
		soft_tee_fail_allocation(0, false);
		get(&client, text("large"), ROOM);
		soft_tee_unload();
	} while (res && nth++);
	CHECK(nth > 10);
	map_clear(&start);
}

CASE(secrets_are_wiped_on_every_failed_storage_call)
{
	struct map_store start = { 0 };
	struct client client = { 0 };
	uint64_t nth = 1;
	bool hit = true;

	fixtures[1].make();
	soft_tee_unload();
	start = map_copy(&device.map);
	for (nth = 1; hit; nth++) {
		const struct fault fault = {
			.kind = FAULT_FAIL,
			.calls = FAULT_ANY,
			.nth = nth,
			.all_later = true,
			.result = TEE_ERROR_STORAGE_NOT_AVAILABLE
		};

		case_step("call %llu", (unsigned long long)nth);
		device_restore(&start);
		watch();
		client = open_default();
		fault_arm(&device.faults, &fault);
		put_secrets(&client);
		get(&client, text("large"), ROOM);
		hit = device.faults.hit;
		soft_tee_unload();
	}
	CHECK(nth > 10);
	map_clear(&start);
}
