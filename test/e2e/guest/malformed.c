// SPDX-License-Identifier: MIT
/*
 * Requests that libteec would not send: wrong counts, types, bounds, memory
 * and sessions of others, an identity of one's own making. Prints for each its
 * name, the error of the call (0: the driver passed it on), the result, its
 * origin.
 */
#include "tee-device.h"

#define IDS 256

static int separators;

static void report(const char *name, int error, uint32_t result,
		   uint32_t origin)
{
	printf("%s[\"%s\", %d, %u, %u]", separators++ ? ",\n" : "", name, error,
	       error ? 0 : result, error ? 0 : origin);
}

/* STAT of an absent key, right in all but what the caller changes. */
static struct request good(const struct shared *shared)
{
	struct request request = { .arg.num_params = 4 };

	shared->data[0] = 'k';
	request.params[0] = memory(MEMORY_IN, shared, 0, 1);
	request.params[1] = value(VALUE_OUT, 0);
	request.params[2] = value(VALUE_OUT, 0);
	return request;
}

static void send_as(int fd, uint32_t session, const char *name,
		    struct request request, uint32_t count, size_t size)
{
	int error = 0;

	request.arg.func = SECSTOR_CMD_STAT;
	request.arg.session = session;
	request.arg.num_params = count;
	error = send(fd, TEE_IOC_INVOKE, &request, size);
	report(name, error, request.arg.ret, request.arg.ret_origin);
}

static size_t size_of(uint32_t count)
{
	return sizeof(struct tee_ioctl_invoke_arg) +
	       count * sizeof(struct tee_ioctl_param);
}

static void counts(int fd, uint32_t session, const struct shared *shared)
{
	struct request request = good(shared);
	struct tee_ioctl_buf_data nowhere = { .buf_ptr = 8, .buf_len = 160 };

	send_as(fd, session, "nothing wrong", request, 4, size_of(4));
	send_as(fd, session, "no parameters", request, 0, size_of(0));
	send_as(fd, session, "three parameters", request, 3, size_of(3));
	send_as(fd, session, "eight parameters", request, 8, size_of(8));
	send_as(fd, session, "fewer bytes than parameters", request, 4,
		size_of(3));
	send_as(fd, session, "2^32 - 1 parameters", request, UINT32_MAX,
		size_of(4));
	send_as(fd, session, "less than a header", request, 0, 8);
	send_as(fd, session, "more than a page", request, 4, 1024 * 1024);
	report("a request that is nowhere",
	       ioctl(fd, TEE_IOC_INVOKE, &nowhere) ? errno : 0, 0, 0);
}

static void types(int fd, uint32_t session, const struct shared *shared)
{
	static const struct {
		const char *name;
		uint64_t attr;
	} bad[] = {
		{ "type 4", 4 },
		{ "type 8", 8 },
		{ "type 15", 15 },
		{ "type 255", 255 },
		{ "a bit that nothing has", MEMORY_IN | 0x200 },
		{ "all bits", UINT64_MAX },
		{ "a parameter of the driver's own",
		  MEMORY_IN | TEE_IOCTL_PARAM_ATTR_META },
	};
	size_t n = 0;

	for (n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		struct request request = good(shared);

		request.params[0].attr = bad[n].attr;
		send_as(fd, session, bad[n].name, request, 4, size_of(4));
	}
}

static void bounds(int fd, uint32_t session, const struct shared *shared)
{
	static const struct {
		const char *name;
		uint64_t offset;
		uint64_t size;
	} bad[] = {
		{ "a byte behind the end", 4096, 1 },
		{ "across the end", 4000, 97 },
		{ "an offset before the beginning", UINT64_MAX, 1 },
		{ "offset and size that overflow", UINT64_MAX - 7, 16 },
		{ "2^63 bytes", 0, UINT64_C(1) << 63 },
		{ "2^32 and one bytes", 0, (UINT64_C(1) << 32) + 1 },
	};
	struct request request = { 0 };
	size_t n = 0;

	for (n = 0; n < sizeof(bad) / sizeof(*bad); n++) {
		request = good(shared);
		request.params[0].a = bad[n].offset;
		request.params[0].b = bad[n].size;
		send_as(fd, session, bad[n].name, request, 4, size_of(4));
	}
	request = good(shared);
	request.params[0].c = TEE_MEMREF_NULL;
	send_as(fd, session, "one byte of no memory", request, 4, size_of(4));
	request.params[0].b = 0;
	send_as(fd, session, "no bytes of no memory", request, 4, size_of(4));
	request.params[0].b = (UINT64_C(1) << 32) + 1;
	send_as(fd, session, "2^32 and one bytes of no memory", request, 4,
		size_of(4));
}

/* How many of all small ids but one's own do. */
static void of_others(int fd, uint32_t session, const struct shared *shared)
{
	uint32_t usable = 0;
	uint32_t answering = 0;
	uint32_t closed = 0;
	uint32_t id = 0;

	for (id = 0; id < IDS; id++) {
		struct request request = good(shared);
		struct tee_ioctl_close_session_arg close = { .session = id };

		request.params[0].c = id;
		if ((int)id != shared->id)
			usable += !invoke(fd, session, SECSTOR_CMD_STAT,
					  &request);
		if (id == session)
			continue;
		request = good(shared);
		answering += !invoke(fd, id, SECSTOR_CMD_STAT, &request);
		closed += !ioctl(fd, TEE_IOC_CLOSE_SESSION, &close);
	}
	report("memory of others that is usable", 0, usable, 0);
	report("sessions of others that answer", 0, answering, 0);
	report("sessions of others that close", 0, closed, 0);
	report("the supplicant's device",
	       open("/dev/teepriv0", O_RDWR) < 0 ? errno : 0, 0, 0);
}

/* The driver tells OP-TEE who calls in parameters of this kind. */
static void identities(int fd, const struct shared *shared)
{
	struct opening opening =
		opening_of(TEE_IOCTL_LOGIN_USER, "default", shared);
	struct tee_ioctl_param domain = opening.params[1];
	struct tee_ioctl_param version = opening.params[0];

	/* Not refused, but without effect: whoever calls is who they are. */
	memset(opening.arg.clnt_uuid, 0x11, sizeof(opening.arg.clnt_uuid));
	report("a UUID with a USER login", send_opening(fd, &opening),
	       opening.arg.ret, opening.arg.ret_origin);
	opening = opening_of(TEE_IOCTL_LOGIN_USER, "default", shared);
	opening.params[0] = (struct tee_ioctl_param){
		.attr = VALUE_IN | TEE_IOCTL_PARAM_ATTR_META,
		.a = 1,
		.b = 2,
		.c = TEE_IOCTL_LOGIN_USER,
	};
	opening.params[1] = opening.params[0];
	opening.params[2] = version;
	opening.params[3] = domain;
	opening.arg.num_params = 4;
	report("an identity in the driver's own parameters",
	       send_opening(fd, &opening), opening.arg.ret,
	       opening.arg.ret_origin);
}

int main(void)
{
	int fd = device_open();
	struct shared shared = share(fd, 4096);
	uint32_t session = open_session(fd, "malformed", &shared);

	printf("[");
	counts(fd, session, &shared);
	types(fd, session, &shared);
	bounds(fd, session, &shared);
	of_others(fd, session, &shared);
	identities(fd, &shared);
	send_as(fd, session, "nothing wrong, afterwards", good(&shared), 4,
		size_of(4));
	printf("]\n");
	return EXIT_SUCCESS;
}
