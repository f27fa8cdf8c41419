// SPDX-License-Identifier: MIT
/*
 * The requests' numbers are those of OP-TEE's RPC protocol between the secure
 * world and Linux (optee_os: core/include/optee_rpc_cmd.h).
 */
#include <linux/tee.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "requests.h"

#define RPC_CMD_LOAD_TA 0
#define RPC_CMD_RPMB 1
#define RPC_CMD_FS 2
#define RPC_CMD_SHM_ALLOC 6
#define RPC_CMD_SHM_FREE 7

/* Of RPC_CMD_FS, by the operation in the first value. */
static const enum counter_id storage[] = {
	[0] = COUNT_STORAGE_OPEN,     [1] = COUNT_STORAGE_CREATE,
	[2] = COUNT_STORAGE_CLOSE,    [3] = COUNT_STORAGE_READ,
	[4] = COUNT_STORAGE_WRITE,    [5] = COUNT_STORAGE_TRUNCATE,
	[6] = COUNT_STORAGE_REMOVE,   [7] = COUNT_STORAGE_RENAME,
	[8] = COUNT_STORAGE_OPENDIR,  [9] = COUNT_STORAGE_CLOSEDIR,
	[10] = COUNT_STORAGE_READDIR,
};

static enum counter_id storage_counter(const struct tee_iocl_supp_recv_arg *arg)
{
	size_t first = 0;
	uint64_t operation = 0;

	/* A supplicant of several threads has the request's number first. */
	if (arg->num_params && arg->params[0].attr & TEE_IOCTL_PARAM_ATTR_META)
		first = 1;
	if (arg->num_params <= first)
		return COUNT_OTHER_STORAGE;
	operation = arg->params[first].a;
	if (operation >= sizeof(storage) / sizeof(storage[0]))
		return COUNT_OTHER_STORAGE;
	return storage[operation];
}

static enum counter_id request_counter(const struct tee_iocl_supp_recv_arg *arg)
{
	switch (arg->func) {
	case RPC_CMD_LOAD_TA:
		return COUNT_LOAD_TA;
	case RPC_CMD_RPMB:
		return COUNT_RPMB;
	case RPC_CMD_FS:
		return storage_counter(arg);
	case RPC_CMD_SHM_ALLOC:
		return COUNT_SHM_ALLOC;
	case RPC_CMD_SHM_FREE:
		return COUNT_SHM_FREE;
	default:
		return COUNT_OTHER_REQUESTS;
	}
}

void count_request(const void *ioctl_argument)
{
	const struct tee_ioctl_buf_data *data = ioctl_argument;

	count(COUNT_REQUESTS);
	count(request_counter((const void *)(uintptr_t)data->buf_ptr));
}
