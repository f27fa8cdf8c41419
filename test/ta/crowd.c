// SPDX-License-Identifier: MIT
#include "crowd.h"

#include "check.h"
#include "tee_api_defines.h"

#define CROWD_UID 2000u

TEE_Identity crowd_user(unsigned int n)
{
	return user_identity(CROWD_UID + n);
}

struct client *crowd_service(struct crowd *crowd, size_t n)
{
	uint32_t uid = CROWD_UID + (uint32_t)(n % crowd->users);

	if (!crowd->open[n])
		CHECK_EQ(open_user(crowd->services + n, uid, text("default")),
			 TEE_SUCCESS);
	crowd->open[n] = true;
	return crowd->services + n;
}

void crowd_leave(struct crowd *crowd, size_t n)
{
	if (crowd->open[n])
		close_client(crowd->services + n);
	crowd->open[n] = false;
}

void crowd_forget(struct crowd *crowd)
{
	size_t n = 0;

	for (n = 0; n < crowd->count; n++)
		crowd->open[n] = false;
}

size_t crowd_dice(size_t limit)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (size_t)(state >> 33) % limit;
}
