// SPDX-License-Identifier: MIT
/* The life of an instance, its sessions, memory and properties. */
#include <string.h>

#include "check.h"
#include "device.h"
#include "probe_client.h"

#define PROBE(name)                                                            \
	static TEE_Result name(uint32_t types __attribute__((unused)),         \
			       TEE_Param *params __attribute__((unused)))

PROBE(touch_statics)
{
	if (probe_initialised != 42 || probe_zero != 0)
		return TEE_ERROR_BAD_STATE;
	probe_initialised = 7;
	probe_zero = 7;
	return TEE_SUCCESS;
}

PROBE(see_touched_statics)
{
	return probe_initialised == 7 && probe_zero == 7 ? TEE_SUCCESS
							 : TEE_ERROR_BAD_STATE;
}

PROBE(panic)
{
	TEE_Panic(1);
	return TEE_SUCCESS;
}

CASE(sessions_share_one_instance)
{
	struct client first = open_probe();
	struct client second = open_probe();

	CHECK(first.session != second.session);
	CHECK_EQ(run(&first, touch_statics), TEE_SUCCESS);
	CHECK_EQ(run(&second, see_touched_statics), TEE_SUCCESS);
	CHECK_EQ(probe_calls.create, 1);
	close_client(&first);
	close_client(&second);
	CHECK_EQ(probe_calls.close, 2);
#if PROBE_KEEP_ALIVE
	CHECK_EQ(probe_calls.destroy, 0);
	first = open_probe();
	CHECK_EQ(run(&first, see_touched_statics), TEE_SUCCESS);
	soft_tee_unload();
	CHECK_EQ(probe_calls.close, 3);
	CHECK_EQ(probe_calls.destroy, 1);
#else
	CHECK_EQ(probe_calls.destroy, 1);
	first = open_probe();
	CHECK_EQ(probe_calls.create, 2);
	CHECK_EQ(run(&first, touch_statics), TEE_SUCCESS);
#endif
}

CASE(a_panic_ends_the_instance_of_all)
{
	struct client first = open_probe();
	struct client second = open_probe();
	struct client third = { 0 };

	CHECK_EQ(run(&first, touch_statics), TEE_SUCCESS);
	CHECK_EQ(run(&first, panic), TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(first.origin, TEE_ORIGIN_TEE);
	CHECK_EQ(run(&second, see_touched_statics), TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(second.origin, TEE_ORIGIN_TEE);
	third = open_probe();
	CHECK_EQ(probe_calls.create, 2);
	/* It was loaded anew, and is not the instance of the old sessions. */
	CHECK_EQ(run(&third, touch_statics), TEE_SUCCESS);
	CHECK_EQ(run(&first, see_touched_statics), TEE_ERROR_TARGET_DEAD);
	close_client(&first);
	close_client(&second);
	CHECK_EQ(probe_calls.close, 0);
	CHECK_EQ(run(&third, see_touched_statics), TEE_SUCCESS);
	CHECK_EQ(probe_calls.destroy, 0);
}

CASE(a_session_that_is_not_there_is_a_bad_parameter)
{
	struct client client = open_probe();

	close_client(&client);
	client.session = 77;
	CHECK_EQ(run(&client, panic), TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(client.origin, TEE_ORIGIN_TEE);
	soft_tee_close_session(77);
}

CASE(what_the_ta_refuses_comes_from_the_ta)
{
	struct client client = { 0 };

	CHECK_EQ(open_with(&client, &alice, value_in(1, 2), none(), none(),
			   none()),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(client.origin, TEE_ORIGIN_TRUSTED_APP);
	CHECK_EQ(client.session, 0);
}

CASE(an_instance_that_is_not_created_is_not_there)
{
	struct client client = { 0 };

	probe_create_result = TEE_ERROR_OUT_OF_MEMORY;
	CHECK_EQ(open_with(&client, &alice, none(), none(), none(), none()),
		 TEE_ERROR_OUT_OF_MEMORY);
	CHECK_EQ(probe_calls.open, 0);
	CHECK_EQ(probe_calls.destroy, 0);
	probe_create_result = TEE_SUCCESS;
	open_probe();
	CHECK_EQ(probe_calls.create, 2);
}

PROBE(read_properties)
{
	TEE_Identity who = { 0 };
	TEE_UUID uuid = { 0 };
	uint32_t level = 0;

	CHECK_EQ(TEE_GetPropertyAsIdentity(TEE_PROPSET_CURRENT_CLIENT,
					   "gpd.client.identity", &who),
		 TEE_SUCCESS);
	CHECK_EQ(who.login, alice.login);
	CHECK(!memcmp(&who.uuid, &alice.uuid, sizeof(who.uuid)));
	CHECK_EQ(TEE_GetPropertyAsUUID(TEE_PROPSET_CURRENT_TA, "gpd.ta.appID",
				       &uuid),
		 TEE_SUCCESS);
	CHECK_EQ(uuid.timeLow, 0x6d0c3dd5);
	CHECK_EQ(TEE_GetPropertyAsU32(TEE_PROPSET_TEE_IMPLEMENTATION,
				      "gpd.tee.trustedStorage.antiRollback."
				      "protectionLevel",
				      &level),
		 TEE_SUCCESS);
	CHECK_EQ(level, 100);
	CHECK_EQ(TEE_GetPropertyAsU32(TEE_PROPSET_CURRENT_TA, "gpd.ta.appID",
				      &level),
		 TEE_ERROR_BAD_FORMAT);
	CHECK_EQ(TEE_GetPropertyAsU32(TEE_PROPSET_CURRENT_TA, "none", &level),
		 TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(TEE_GetPropertyAsUUID(TEE_PROPSET_CURRENT_CLIENT,
				       "gpd.ta.appID", &uuid),
		 TEE_ERROR_ITEM_NOT_FOUND);
	return TEE_SUCCESS;
}

CASE(properties_are_those_of_the_client_and_the_ta)
{
	struct client client = open_probe();

	CHECK_EQ(run(&client, read_properties), TEE_SUCCESS);
}

PROBE(use_memory)
{
	uint8_t own[16] = { 0 };
	uint8_t random[16] = { 0 };
	uint8_t *theirs = params[0].memref.buffer;
	TEE_Time now = { 0 };

	CHECK_EQ(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ, own,
					     sizeof(own)),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ,
					     theirs + 255, 1),
		 TEE_ERROR_ACCESS_DENIED);
	CHECK_EQ(TEE_CheckMemoryAccessRights(
			 TEE_MEMORY_ACCESS_READ | TEE_MEMORY_ACCESS_ANY_OWNER,
			 theirs, 256),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_CheckMemoryAccessRights(TEE_MEMORY_ACCESS_READ,
					     theirs + 256, 1),
		 TEE_SUCCESS);
	TEE_MemFill(own, 0x1ff, sizeof(own));
	CHECK_EQ(own[15], 0xff);
	TEE_MemMove(own, theirs, 6);
	CHECK(!memcmp(own, "shared", 6));
	TEE_GenerateRandom(random, sizeof(random));
	TEE_GenerateRandom(own, sizeof(own));
	CHECK(memcmp(own, random, sizeof(own)));
	CHECK(TEE_MemCompare(own, own, sizeof(own)) == 0);
	CHECK(TEE_MemCompare("ab\x80", "ab\x7f", 3) > 0);
	CHECK(TEE_MemCompare("aaz", "aba", 3) < 0);
	TEE_GetSystemTime(&now);
	CHECK(now.millis < 1000);
	return TEE_SUCCESS;
}

CASE(memory_of_the_client_is_told_from_that_of_the_ta)
{
	struct client client = open_probe();

	CHECK_EQ(run_with_memory(&client, use_memory), TEE_SUCCESS);
}

PROBE(random_to_the_client)
{
	TEE_GenerateRandom(params[0].memref.buffer, 16);
	return TEE_SUCCESS;
}

PROBE(property_to_the_client)
{
	return TEE_GetPropertyAsUUID(TEE_PROPSET_CURRENT_TA, "gpd.ta.appID",
				     params[0].memref.buffer);
}

CASE(results_into_memory_of_the_client_panic)
{
	check_panics(random_to_the_client);
	check_panics(property_to_the_client);
}

PROBE(use_heap)
{
	uint8_t *a = TEE_Malloc(100, TEE_MALLOC_FILL_ZERO);
	uint8_t *b = TEE_Malloc(100, TEE_MALLOC_NO_FILL);
	size_t n = 0;

	for (n = 0; n < 100; n++)
		CHECK(a[n] == 0 && b[n] != 0);
	CHECK(!((uintptr_t)a & 15));
	CHECK_EQ(soft_tee_heap_used(), 200);
	memset(a, 1, 100);
	a = TEE_Realloc(a, 150);
	CHECK(a[99] == 1 && a[100] == 0 && a[149] == 0);
	a = TEE_Realloc(a, 10);
	CHECK(a[9] == 1);
	TEE_Free(a);
	TEE_Free(b);
	TEE_Free(NULL);
	TEE_Free(TEE_Malloc(0, TEE_MALLOC_FILL_ZERO));
	CHECK(TEE_Malloc(0, TEE_MALLOC_FILL_ZERO));
	CHECK(!TEE_Malloc(10, 77));
	CHECK(!TEE_Malloc(64 * 1024, TEE_MALLOC_FILL_ZERO));
	CHECK(!TEE_Malloc(0xffffffff, TEE_MALLOC_FILL_ZERO));
	a = TEE_Malloc(63 * 1024, TEE_MALLOC_FILL_ZERO);
	CHECK(a && !TEE_Malloc(1024, TEE_MALLOC_FILL_ZERO));
	TEE_Free(a);
	CHECK_EQ(soft_tee_heap_used(), 0);
	CHECK_EQ(soft_tee_heap_peak(), 63 * 1024);
	return TEE_SUCCESS;
}

CASE(the_heap_is_as_large_as_the_ta_says)
{
	struct client client = open_probe();

	CHECK_EQ(run(&client, use_heap), TEE_SUCCESS);
}

PROBE(allocate)
{
	void *a = TEE_Malloc(1, TEE_MALLOC_FILL_ZERO);
	void *b = TEE_Malloc(1, TEE_MALLOC_FILL_ZERO);
	void *c = TEE_Malloc(1, TEE_MALLOC_FILL_ZERO);
	TEE_Result res = (a ? 1 : 0) | (b ? 2 : 0) | (c ? 4 : 0);

	TEE_Free(a);
	TEE_Free(b);
	TEE_Free(c);
	return res;
}

CASE(allocations_fail_as_ordered)
{
	struct client client = open_probe();

	CHECK_EQ(run(&client, allocate), 7);
	soft_tee_fail_allocation(2, false);
	CHECK_EQ(run(&client, allocate), 5);
	CHECK_EQ(run(&client, allocate), 7);
	soft_tee_fail_allocation(2, true);
	CHECK_EQ(run(&client, allocate), 1);
	CHECK_EQ(run(&client, allocate), 0);
	soft_tee_fail_allocation(0, false);
	CHECK_EQ(run(&client, allocate), 7);
	/* And one for the session. */
	CHECK_EQ(soft_tee_allocations(), 19);
}

PROBE(leak)
{
	return TEE_Malloc(10, TEE_MALLOC_FILL_ZERO) ? TEE_SUCCESS : 1;
}

CASE(a_leak_is_reported)
{
	struct client client = open_probe();

	CHECK_EQ(run(&client, leak), TEE_SUCCESS);
	device.violation_expected = true;
	soft_tee_unload();
	CHECK(device.violation && strstr(device.violation, "allocated"));
	CHECK_EQ(soft_tee_heap_used(), 0);
}

CASE(a_panic_takes_the_heap_along)
{
	struct client client = open_probe();

	CHECK_EQ(run(&client, leak), TEE_SUCCESS);
	CHECK_EQ(soft_tee_heap_used(), 10);
	CHECK_EQ(run(&client, panic), TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(soft_tee_heap_used(), 0);
}

PROBE(free_what_is_not_allocated)
{
	static uint8_t memory[64];

	TEE_Free(memory + 48);
	return TEE_SUCCESS;
}

CASE(freeing_what_is_not_allocated_panics)
{
	device.violation_expected = true;
	check_panics(free_what_is_not_allocated);
	CHECK(device.violation && strstr(device.violation, "not allocated"));
}

PROBE(free_a_secret)
{
	char *data = TEE_Malloc(40, TEE_MALLOC_FILL_ZERO);

	memcpy(data + 30, "the secret", 10);
	CHECK(soft_tee_secret_in_heap());
	TEE_Free(data);
	return TEE_SUCCESS;
}

PROBE(wipe_a_secret)
{
	char *data = TEE_Malloc(40, TEE_MALLOC_FILL_ZERO);

	memcpy(data + 30, "the secret", 10);
	TEE_MemFill(data, 0, 40);
	TEE_Free(data);
	return TEE_SUCCESS;
}

PROBE(move_a_secret)
{
	char *data = TEE_Malloc(10, TEE_MALLOC_FILL_ZERO);

	memcpy(data, "the secret", 10);
	data = TEE_Realloc(data, 20);
	TEE_MemFill(data, 0, 20);
	TEE_Free(data);
	return TEE_SUCCESS;
}

CASE(secrets_that_are_not_wiped_are_reported)
{
	struct client client = open_probe();

	soft_tee_watch("the secret", 10);
	CHECK_EQ(run(&client, wipe_a_secret), TEE_SUCCESS);
	device.violation_expected = true;
	CHECK_EQ(run(&client, free_a_secret), TEE_SUCCESS);
	CHECK(device.violation && strstr(device.violation, "wiped"));
	device.violation = NULL;
	CHECK_EQ(run(&client, move_a_secret), TEE_SUCCESS);
	CHECK(device.violation && strstr(device.violation, "wiped"));
}
