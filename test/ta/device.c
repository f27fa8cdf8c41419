// SPDX-License-Identifier: MIT
#include "device.h"

#include "check.h"
#include "client.h"

/* The age that goes with the API that this is built for. */
#if __OPTEE_CORE_API_COMPAT_1_1
#define AGE SOFT_TEE_OLD
#define ANTI_ROLLBACK 0
/* OP-TEE's own default; boards may have more. */
#define CORE_HEAP (64 * 1024)
#else
#define AGE SOFT_TEE_PRESENT
#define ANTI_ROLLBACK 100
#define CORE_HEAP 0
#endif

struct device device;

static void violation(void *context, const char *what)
{
	struct device *at = context;

	at->violation = what;
	if (!at->violation_expected)
		case_fail("the TA", 0, "%s", what);
}

void device_power_cycle(void)
{
	struct soft_tee_config config = { .store = &device.store,
					  .anti_rollback = ANTI_ROLLBACK,
					  .age = device.age,
					  .core_heap = device.core_heap,
					  .violation = violation,
					  .context = &device };

	fault_arm(&device.faults, NULL);
	soft_tee_boot(&config);
}

void device_restart(void)
{
	soft_tee_unload();
	device_power_cycle();
}

void device_cut_in_turn(size_t n)
{
	const struct fault fault = { .kind = n & 1 ? FAULT_CUT_AFTER
						   : FAULT_CUT_BEFORE,
				     .calls = FAULT_MUTATIONS,
				     .nth = 1 + n / 2 };

	fault_arm(&device.faults, &fault);
}

size_t device_owned_objects(void)
{
	const struct map_blob *blob = NULL;
	size_t count = 0;

	for (blob = device.map.blobs; blob; blob = blob->next)
		count += blob->id.bytes[LOGIN_AT] != 0;
	return count;
}

void device_swap(const struct map_store *copy)
{
	map_clear(&device.map);
	if (copy)
		device.map = map_copy(copy);
}

void device_restore(const struct map_store *copy)
{
	device_swap(copy);
	device_power_cycle();
}

void case_begin(void)
{
	device.faults.under = map_store(&device.map);
	device.store = fault_store(&device.faults);
	device.age = AGE;
	device.core_heap = CORE_HEAP;
	device_power_cycle();
}

void case_end(void)
{
	soft_tee_unload();
	map_clear(&device.map);
	keep_release(NULL);
}
