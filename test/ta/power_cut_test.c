// SPDX-License-Identifier: MIT
/* The power is cut at every change of the storage. */
#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "tee_api_defines.h"

static struct fault cut_at(uint64_t nth, enum fault_kind kind)
{
	return (struct fault){ .kind = kind,
			       .calls = FAULT_MUTATIONS,
			       .nth = nth };
}

/* Does the operation until the power is cut; false: it came to its end. */
static bool cut(struct sweep *sweep, struct client *client,
		const struct fault *fault)
{
	TEE_Result res = TEE_SUCCESS;
	bool hit = false;

	fault_arm(&device.faults, fault);
	res = sweep->scenario->run(client);
	hit = device.faults.hit;
	CHECK(hit ? res == TEE_ERROR_TARGET_DEAD
		  : !res || res == TEE_ERROR_ITEM_NOT_FOUND);
	return hit;
}

static bool cut_one(struct sweep *sweep, bool warm, enum fault_kind kind,
		    uint64_t nth)
{
	const struct fault fault = cut_at(nth, kind);
	const void *mark = keep_mark();
	struct client client = sweep_restart(sweep, warm);
	bool hit = false;

	case_step("%s, %s, cut %s change %llu", sweep->scenario->name,
		  warm ? "warm" : "cold",
		  kind == FAULT_CUT_BEFORE ? "before" : "after",
		  (unsigned long long)nth);
	hit = cut(sweep, &client, &fault);
	device_power_cycle();
	sweep_check_restarted(sweep, EITHER);
	keep_release(mark);
	return hit;
}

static void sweep_cuts(struct sweep *sweep)
{
	int way = 0;

	for (way = 0; way < 4; way++) {
		uint64_t nth = 1;

		while (cut_one(sweep, way & 1,
			       way & 2 ? FAULT_CUT_AFTER : FAULT_CUT_BEFORE,
			       nth))
			nth++;
		CHECK(nth > 1);
	}
}

CASE(a_power_cut_leaves_old_or_new)
{
	sweep_all(sweep_cuts, true);
}

/* After the first cut, the same is tried again, and cut again. */
static void cut_twice(struct sweep *sweep, uint64_t first, uint64_t second)
{
	const struct fault once = cut_at(first, FAULT_CUT_AFTER);
	const struct fault again = cut_at(second, FAULT_CUT_AFTER);
	const void *mark = keep_mark();
	struct client client = sweep_restart(sweep, false);

	case_step("%s, cut after change %llu, then after %llu",
		  sweep->scenario->name, (unsigned long long)first,
		  (unsigned long long)second);
	cut(sweep, &client, &once);
	device_power_cycle();
	client = open_default();
	cut(sweep, &client, &again);
	device_power_cycle();
	sweep_check_restarted(sweep, EITHER);
	keep_release(mark);
}

static uint64_t count_changes(struct sweep *sweep)
{
	struct client client = sweep_restart(sweep, false);
	uint64_t before = fault_mutations(&device.faults);

	CHECK_EQ(sweep->scenario->run(&client), TEE_SUCCESS);
	return fault_mutations(&device.faults) - before;
}

static void sweep_double_cuts(struct sweep *sweep)
{
	uint64_t count = count_changes(sweep);
	uint64_t first = 0;
	uint64_t second = 0;

	for (first = 1; first <= count; first++)
		for (second = 1; second <= count + 2; second++)
			cut_twice(sweep, first, second);
}

CASE(a_power_cut_after_a_power_cut_leaves_old_or_new)
{
	sweep_all(sweep_double_cuts, true);
}

/* Nothing that was begun and cut off may pile up. */
CASE(power_cuts_leave_no_growing_heap_of_orphans)
{
	struct client client = open_default();
	size_t count = 0;
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), noise(1, 20000), ANY), TEE_SUCCESS);
	count = map_count(&device.map);
	for (n = 0; n < 40; n++) {
		const struct fault fault = cut_at(1 + n % 7, FAULT_CUT_AFTER);

		case_step("round %zu", n);
		client = open_default();
		fault_arm(&device.faults, &fault);
		put(&client, text("k"), noise(n, 20000), ANY);
		device_power_cycle();
	}
	client = open_default();
	CHECK_EQ(put(&client, text("k"), noise(1, 20000), ANY), TEE_SUCCESS);
	CHECK_EQ(map_count(&device.map), count);
}
