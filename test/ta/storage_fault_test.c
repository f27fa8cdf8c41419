// SPDX-License-Identifier: MIT
/* Every call of the storage fails once, in each way that OP-TEE knows. */
#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "tee_api_defines.h"

struct failure {
	const char *name;
	unsigned int calls;
	enum fault_kind kind;
	TEE_Result result;
	bool all_later;
	/* OP-TEE does not pass it on, it kills the TA. */
	bool kills;
};

static const struct failure failures[] = {
	{ "open not available", FAULT_STAT, FAULT_FAIL,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, false, false },
	{ "read not available", FAULT_READ, FAULT_FAIL,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, false, false },
	{ "no memory to open", FAULT_STAT, FAULT_FAIL, TEE_ERROR_OUT_OF_MEMORY,
	  false, false },
	{ "write not available", FAULT_WRITE, FAULT_FAIL,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, false, false },
	{ "no space", FAULT_WRITE, FAULT_FAIL, TEE_ERROR_STORAGE_NO_SPACE,
	  false, false },
	{ "no space from here on", FAULT_WRITE, FAULT_FAIL,
	  TEE_ERROR_STORAGE_NO_SPACE, true, false },
	{ "no memory to write", FAULT_WRITE, FAULT_FAIL,
	  TEE_ERROR_OUT_OF_MEMORY, false, false },
	{ "written, then not available", FAULT_WRITE, FAULT_FAIL_AFTER,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, false, false },
	{ "written, then no space", FAULT_WRITE, FAULT_FAIL_AFTER,
	  TEE_ERROR_STORAGE_NO_SPACE, false, false },
	{ "written, then nothing available", FAULT_MUTATIONS, FAULT_FAIL_AFTER,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, true, false },
	{ "remove not available", FAULT_REMOVE, FAULT_FAIL,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, false, false },
	{ "removed, then not available", FAULT_REMOVE, FAULT_FAIL_AFTER,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, false, false },
	{ "all not available", FAULT_ANY, FAULT_FAIL,
	  TEE_ERROR_STORAGE_NOT_AVAILABLE, true, false },
	{ "failure without a name", FAULT_ANY, FAULT_FAIL, TEE_ERROR_GENERIC,
	  false, true },
	{ "done, then a failure without a name", FAULT_ANY, FAULT_FAIL_AFTER,
	  TEE_ERROR_GENERIC, false, true },
	{ "lost contact from here on", FAULT_ANY, FAULT_FAIL,
	  TEE_ERROR_COMMUNICATION, true, true },
};

#define FAILURES (sizeof(failures) / sizeof(*failures))

/* The nth such call fails. True while there is an nth one. */
static bool fail_one(struct sweep *sweep, const struct failure *failure,
		     bool warm, uint64_t nth)
{
	struct fault fault = { .kind = failure->kind,
			       .calls = failure->calls,
			       .nth = nth,
			       .all_later = failure->all_later,
			       .result = failure->result };
	const void *mark = keep_mark();
	struct client client = sweep_restart(sweep, warm);
	TEE_Result res = TEE_SUCCESS;
	bool hit = false;

	case_step("%s, %s, %s %llu", sweep->scenario->name,
		  warm ? "warm" : "cold", failure->name,
		  (unsigned long long)nth);
	fault_arm(&device.faults, &fault);
	res = sweep->scenario->run(&client);
	hit = device.faults.hit;
	fault_arm(&device.faults, NULL);
	if (hit && failure->kills) {
		CHECK_EQ(res, TEE_ERROR_TARGET_DEAD);
		device_power_cycle();
	} else if (res) {
		CHECK(hit);
		CHECK_EQ(res, failure->result);
	}
	/* What is stored is what the TA says it is, warm or cold. */
	sweep_check(sweep, res ? EITHER : AFTER);
	sweep_check_restarted(sweep, res ? EITHER : AFTER);
	keep_release(mark);
	return hit;
}

static void sweep_failures(struct sweep *sweep)
{
	size_t n = 0;

	for (n = 0; n < 2 * FAILURES; n++) {
		uint64_t nth = 1;

		while (fail_one(sweep, failures + n / 2, n % 2, nth))
			nth++;
	}
}

CASE(every_failed_storage_call_leaves_old_or_new)
{
	sweep_all(sweep_failures, false);
}

/*
 * What the error of a refused change promises: with an error that says that
 * nothing was done, nothing is done.
 */
static void sweep_clean_failures(struct sweep *sweep)
{
	struct fault fault = { .kind = FAULT_FAIL,
			       .calls = FAULT_WRITE,
			       .result = TEE_ERROR_STORAGE_NO_SPACE,
			       .all_later = true };
	bool hit = true;

	for (fault.nth = 1; hit; fault.nth++) {
		const void *mark = keep_mark();
		struct client client = sweep_restart(sweep, false);
		TEE_Result res = TEE_SUCCESS;

		case_step("%s, full from write %llu on", sweep->scenario->name,
			  (unsigned long long)fault.nth);
		fault_arm(&device.faults, &fault);
		res = sweep->scenario->run(&client);
		hit = device.faults.hit;
		fault_arm(&device.faults, NULL);
		CHECK(!res || res == TEE_ERROR_STORAGE_NO_SPACE);
		sweep_check(sweep, res ? BEFORE : AFTER);
		keep_release(mark);
	}
}

CASE(a_full_disk_changes_nothing)
{
	sweep_all(sweep_clean_failures, true);
}

CASE(a_full_disk_leaves_no_orphans)
{
	struct client client = open_default();
	size_t count = 0;
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), noise(1, 20000), ANY), TEE_SUCCESS);
	count = map_count(&device.map);
	for (n = 0; n < 20; n++) {
		struct fault fault = { .kind = FAULT_FAIL,
				       .calls = FAULT_WRITE,
				       .nth = 1 + n % 4,
				       .result = TEE_ERROR_STORAGE_NO_SPACE };

		case_step("write %zu", n % 4 + 1);
		fault_arm(&device.faults, &fault);
		CHECK_EQ(put(&client, text("l"), noise(n, 20000), ANY),
			 TEE_ERROR_STORAGE_NO_SPACE);
		fault_arm(&device.faults, NULL);
		CHECK_EQ(map_count(&device.map), count);
	}
}

/*
 * A supplicant that cannot open files (too many are open, or the folder lost
 * its permissions): OP-TEE takes every object for corrupt and deletes it. The
 * TA must not let it have both copies of anything.
 */
static void sweep_blindness(struct sweep *sweep)
{
	const struct fault blind = { .kind = FAULT_FAIL,
				     .calls = FAULT_STAT,
				     .nth = 1,
				     .all_later = true,
				     .result = TEE_ERROR_CORRUPT_OBJECT };
	const struct fault mute = { .kind = FAULT_FAIL,
				    .calls = FAULT_WRITE,
				    .nth = 1,
				    .all_later = true,
				    .result = TEE_ERROR_GENERIC };
	const void *mark = keep_mark();
	struct client client = { 0 };
	size_t n = 0;

	device_restore(&sweep->start);
	for (n = 0; n < 5; n++) {
		case_step("%s without open files, time %zu",
			  sweep->scenario->name, n);
		device_power_cycle();
		CHECK_EQ(open_as(&client, &alice, text("default")),
			 TEE_SUCCESS);
		fault_arm(&device.faults, &blind);
		fault_add(&device.faults, &mute);
		CHECK(sweep->scenario->run(&client) != TEE_SUCCESS);
	}
	device_power_cycle();
	sweep_check(sweep, BEFORE);
	sweep_check_working(sweep);
	keep_release(mark);
}

CASE(a_supplicant_without_open_files_costs_no_data)
{
	sweep_all(sweep_blindness, false);
}
