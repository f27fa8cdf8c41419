// SPDX-License-Identifier: MIT
/* Every allocation of every operation fails once. */
#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "tee_api_defines.h"

/*
 * The nth allocation fails, alone or with all after it. True while there is
 * an nth one.
 */
static bool fail_one(struct sweep *sweep, bool warm, bool all_later,
		     uint64_t nth)
{
	const void *mark = keep_mark();
	struct client client = sweep_restart(sweep, warm);
	uint64_t before = soft_tee_allocations();
	TEE_Result res = TEE_SUCCESS;
	uint64_t count = 0;

	case_step("%s, %s, allocation %llu%s", sweep->scenario->name,
		  warm ? "warm" : "cold", (unsigned long long)nth,
		  all_later ? " and later" : "");
	soft_tee_fail_allocation(nth, all_later);
	res = sweep->scenario->run(&client);
	soft_tee_fail_allocation(0, false);
	count = soft_tee_allocations() - before;
	/* It may do without: by giving up cached objects. */
	if (res)
		CHECK_EQ(res, TEE_ERROR_OUT_OF_MEMORY);
	sweep_check(sweep, res ? BEFORE : AFTER);
	/* Its restart finds what was not freed. */
	sweep_check_restarted(sweep, res ? BEFORE : AFTER);
	keep_release(mark);
	return count >= nth;
}

static void sweep_allocations(struct sweep *sweep)
{
	uint64_t nth = 0;
	int way = 0;

	for (way = 0; way < 4; way++) {
		nth = 1;
		while (fail_one(sweep, way & 1, way & 2, nth))
			nth++;
		/* Warm, some get along without memory. */
		CHECK((way & 1) || nth > 1);
	}
}

CASE(every_failed_allocation_is_an_error_and_nothing_else)
{
	sweep_all(sweep_allocations, false);
}

CASE(opening_a_session_survives_failed_allocations)
{
	struct client client = { 0 };
	uint64_t nth = 1;

	do {
		case_step("allocation %llu", (unsigned long long)nth);
		device_power_cycle();
		soft_tee_fail_allocation(nth, false);
		open_as(&client, &alice, text("default"));
		soft_tee_fail_allocation(0, false);
		CHECK(!client.result ||
		      client.result == TEE_ERROR_OUT_OF_MEMORY);
		soft_tee_unload();
	} while (client.result && nth++);
	CHECK(nth > 1);
}
