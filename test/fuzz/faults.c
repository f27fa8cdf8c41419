// SPDX-License-Identifier: MIT
#include "faults.h"

#include "tee_api_defines.h"

#define STORAGE(kind_, calls_, result_, later)                                 \
	.fault = { .kind = (kind_),                                            \
		   .calls = (calls_),                                          \
		   .all_later = (later),                                       \
		   .result = (result_) }

const struct trouble troubles[] = {
	{ "power cut after a change",
	  STORAGE(FAULT_CUT_AFTER, FAULT_MUTATIONS, 0, false), .kills = true },
	{ "power cut before any call",
	  STORAGE(FAULT_CUT_BEFORE, FAULT_ANY, 0, false), .kills = true },
	{ "not available", STORAGE(FAULT_FAIL, FAULT_ANY,
				   TEE_ERROR_STORAGE_NOT_AVAILABLE, false) },
	{ "not available from here on",
	  STORAGE(FAULT_FAIL, FAULT_ANY, TEE_ERROR_STORAGE_NOT_AVAILABLE,
		  true) },
	{ "done, then not available",
	  STORAGE(FAULT_FAIL_AFTER, FAULT_MUTATIONS,
		  TEE_ERROR_STORAGE_NOT_AVAILABLE, false) },
	{ "done, then not available from here on",
	  STORAGE(FAULT_FAIL_AFTER, FAULT_MUTATIONS,
		  TEE_ERROR_STORAGE_NOT_AVAILABLE, true) },
	{ "no space",
	  STORAGE(FAULT_FAIL, FAULT_WRITE, TEE_ERROR_STORAGE_NO_SPACE, false),
	  .clean = true },
	{ "no space from here on",
	  STORAGE(FAULT_FAIL, FAULT_WRITE, TEE_ERROR_STORAGE_NO_SPACE, true),
	  .clean = true },
	{ "no memory to open",
	  STORAGE(FAULT_FAIL, FAULT_STAT, TEE_ERROR_OUT_OF_MEMORY, false) },
	{ "no memory to write",
	  STORAGE(FAULT_FAIL, FAULT_WRITE, TEE_ERROR_OUT_OF_MEMORY, false) },
	{ "failure without a name",
	  STORAGE(FAULT_FAIL, FAULT_ANY, TEE_ERROR_GENERIC, false),
	  .kills = true },
	{ "lost contact from here on",
	  STORAGE(FAULT_FAIL, FAULT_ANY, TEE_ERROR_COMMUNICATION, true),
	  .kills = true },
	{ "nothing can be opened from here on",
	  STORAGE(FAULT_FAIL, FAULT_STAT, TEE_ERROR_CORRUPT_OBJECT, true),
	  .mute = true },
	{ "no memory", .memory = true, .clean = true },
	{ "no memory from here on", .memory = true, .clean = true,
	  .fault = { .all_later = true } },
};
const size_t trouble_count = sizeof(troubles) / sizeof(*troubles);

static uint64_t allocations;
static uint64_t failing;

void trouble_begin(const struct trouble *trouble, uint64_t nth)
{
	const struct fault mute = { .kind = FAULT_FAIL,
				    .calls = FAULT_WRITE,
				    .nth = 1,
				    .all_later = true,
				    .result = TEE_ERROR_GENERIC };
	struct fault fault = trouble->fault;

	fault.nth = nth;
	if (trouble->memory) {
		allocations = soft_tee_allocations();
		failing = nth;
		soft_tee_fail_allocation(nth, fault.all_later);
		return;
	}
	fault_arm(&device.faults, &fault);
	if (trouble->mute)
		fault_add(&device.faults, &mute);
}

bool trouble_end(const struct trouble *trouble)
{
	bool hit = device.faults.hit;

	if (trouble->memory) {
		hit = soft_tee_allocations() >= allocations + failing;
		soft_tee_fail_allocation(0, false);
	}
	fault_arm(&device.faults, NULL);
	return hit;
}
