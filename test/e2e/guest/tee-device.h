/* SPDX-License-Identifier: MIT */
/*
 * The TEE driver without libteec, which would refuse some of what an attacker
 * sends: sessions with the TA, commands, registered memory.
 */
#ifndef TEE_DEVICE_H
#define TEE_DEVICE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/tee.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "secstor_ta.h"

#define PARAMS_MAX 8
#define NOTHING TEE_IOCTL_PARAM_ATTR_TYPE_NONE
#define VALUE_IN TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INPUT
#define VALUE_OUT TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_OUTPUT
#define VALUE_INOUT TEE_IOCTL_PARAM_ATTR_TYPE_VALUE_INOUT
#define MEMORY_IN TEE_IOCTL_PARAM_ATTR_TYPE_MEMREF_INPUT
#define MEMORY_OUT TEE_IOCTL_PARAM_ATTR_TYPE_MEMREF_OUTPUT

/* Memory that the secure world sees too, at the same moment. */
struct shared {
	uint8_t *data;
	size_t size;
	int id;
};

/* A request to the driver, before and after. */
struct request {
	struct tee_ioctl_invoke_arg arg;
	struct tee_ioctl_param params[PARAMS_MAX];
};

struct opening {
	struct tee_ioctl_open_session_arg arg;
	struct tee_ioctl_param params[PARAMS_MAX];
};

static inline void must(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

static inline int device_open(void)
{
	int fd = open("/dev/tee0", O_RDWR | O_CLOEXEC);

	must(fd >= 0, "/dev/tee0");
	return fd;
}

static inline struct shared share(int fd, size_t size)
{
	struct tee_ioctl_shm_register_data data = { .length = size };
	struct shared shared = { .size = size };

	shared.data = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(shared.data != MAP_FAILED, "mmap");
	data.addr = (uintptr_t)shared.data;
	must(ioctl(fd, TEE_IOC_SHM_REGISTER, &data) >= 0, "register");
	shared.id = data.id;
	return shared;
}

static inline struct tee_ioctl_param value(uint64_t attr, uint64_t number)
{
	return (struct tee_ioctl_param){ .attr = attr,
					 .a = number & 0xffffffff,
					 .b = number >> 32 };
}

static inline struct tee_ioctl_param
memory(uint64_t attr, const struct shared *shared, size_t offset, size_t size)
{
	return (struct tee_ioctl_param){
		.attr = attr, .a = offset, .b = size, .c = (uint64_t)shared->id
	};
}

/* The error of the call; 0 if the driver passed it on, whatever came back. */
static inline int send(int fd, unsigned long what, void *arg, size_t size)
{
	struct tee_ioctl_buf_data data = { .buf_ptr = (uintptr_t)arg,
					   .buf_len = size };

	return ioctl(fd, what, &data) ? errno : 0;
}

static inline int invoke(int fd, uint32_t session, uint32_t command,
			 struct request *request)
{
	request->arg.func = command;
	request->arg.session = session;
	request->arg.num_params = 4;
	return send(fd, TEE_IOC_INVOKE, request,
		    sizeof(request->arg) + 4 * sizeof(*request->params));
}

/* A request to open a session; the domain is put at the memory's start. */
static inline struct opening opening_of(uint32_t login, const char *domain,
					const struct shared *shared)
{
	static const uint8_t uuid[TEE_IOCTL_UUID_LEN] = {
		0xff, 0x06, 0xae, 0x7c, 0xd9, 0xe8, 0x40, 0xc7,
		0xab, 0x24, 0x86, 0xad, 0x69, 0xbf, 0xfc, 0xe7,
	};
	struct opening opening = { .arg = { .clnt_login = login,
					    .num_params = 2 } };

	memcpy(opening.arg.uuid, uuid, sizeof(uuid));
	memcpy(shared->data, domain, strlen(domain));
	opening.params[0] = value(VALUE_IN, SECSTOR_PROTOCOL_VERSION);
	opening.params[1] = memory(MEMORY_IN, shared, 0, strlen(domain));
	return opening;
}

static inline int send_opening(int fd, struct opening *opening)
{
	return send(fd, TEE_IOC_OPEN_SESSION, opening,
		    sizeof(opening->arg) +
			    opening->arg.num_params * sizeof(*opening->params));
}

/* A session of the caller's own. */
static inline uint32_t open_session(int fd, const char *domain,
				    const struct shared *shared)
{
	struct opening opening =
		opening_of(TEE_IOCTL_LOGIN_USER, domain, shared);

	must(!send_opening(fd, &opening) && !opening.arg.ret, "open session");
	return opening.arg.session;
}

#endif /* TEE_DEVICE_H */
