// SPDX-License-Identifier: MIT
#include "power.h"

#include <stdbool.h>
#include <stdlib.h>

#include "dir_store.h"
#include "map_store.h"
#include "soft_tee.h"

/* What OP-TEE reports for a file system of the normal world without RPMB. */
#define ANTI_ROLLBACK_REE_FS 100

static unsigned int contexts;
static struct dir_store dir = { .fd = -1 };
static struct map_store map;
static struct blob_store store;

static int choose_store(void)
{
	const char *path = getenv("SOFT_TEE_STORAGE");
	int error = 0;

	if (!path || !*path) {
		store = map_store(&map);
		return 0;
	}
	error = dir_open(&dir, path);
	if (!error)
		store = dir_store(&dir);
	return error;
}

int power_on(void)
{
	static bool in_memory;
	struct soft_tee_config config = {
		.store = &store, .anti_rollback = ANTI_ROLLBACK_REE_FS
	};
	int error = 0;

	if (!contexts && !in_memory) {
		error = choose_store();
		if (error)
			return error;
		soft_tee_boot(&config);
		in_memory = dir.fd < 0;
	}
	contexts++;
	return 0;
}

void power_off(void)
{
	if (--contexts || dir.fd < 0)
		return;
	/* Another process may change what is stored from now on. */
	soft_tee_unload();
	dir_close(&dir);
}
