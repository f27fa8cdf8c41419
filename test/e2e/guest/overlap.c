// SPDX-License-Identifier: MIT
/*
 * Commands whose memory references are one and the same memory, or overlap:
 * each must do what it does with memory apart. Prints the name of each with
 * its result and whether its output is what it should be.
 */
#include "tee-device.h"

static int separators;

static void report(const char *name, const struct request *request, int right)
{
	printf("%s[\"%s\", %u, %s]", separators++ ? ",\n" : "", name,
	       request->arg.ret, right ? "true" : "false");
}

static void call(int fd, uint32_t session, uint32_t command,
		 struct request *request)
{
	must(!invoke(fd, session, command, request), "invoke");
}

/* Key, value and previous value: the same eight bytes and on. */
static void puts_itself(int fd, uint32_t session, const struct shared *shared)
{
	struct request request = { 0 };
	int right = 0;

	memcpy(shared->data, "the same", 8);
	request.params[0] = memory(MEMORY_IN, shared, 0, 8);
	request.params[1] = memory(MEMORY_IN, shared, 0, 8);
	request.params[2] = value(VALUE_INOUT, SECSTOR_REVISION_ANY);
	request.params[3] = memory(MEMORY_OUT, shared, 0, 64);
	call(fd, session, SECSTOR_CMD_PUT, &request);
	/* Revision 0: there was nothing before. */
	right = request.params[3].b == 8 &&
		!memcmp(shared->data, "\0\0\0\0\0\0\0", 8);
	report("put", &request, right);
}

/* The value is written over the key that was asked for. */
static void gets_over_key(int fd, uint32_t session, const struct shared *shared)
{
	struct request request = { 0 };

	memcpy(shared->data, "the same", 8);
	request.params[0] = memory(MEMORY_IN, shared, 0, 8);
	request.params[1] = memory(MEMORY_OUT, shared, 3, 64);
	request.params[2] = value(VALUE_OUT, 0);
	call(fd, session, SECSTOR_CMD_GET, &request);
	report("get", &request,
	       request.params[1].b == 8 &&
		       !memcmp(shared->data, "thethe same", 11));
}

/* Each answer is longer than its question. */
static void gets_many_over_keys(int fd, uint32_t session,
				const struct shared *shared)
{
	static const uint8_t key[] = "\10\0the same";
	struct request request = { 0 };
	int right = 1;
	size_t n = 0;

	for (n = 0; n < 20; n++)
		memcpy(shared->data + n * 10, key, 10);
	request.params[0] = memory(MEMORY_IN, shared, 0, 200);
	request.params[1] = memory(MEMORY_OUT, shared, 0, 4096);
	request.params[2] = value(VALUE_OUT, 0);
	call(fd, session, SECSTOR_CMD_GET_MANY, &request);
	right = request.params[2].a == 20 && request.params[1].b == 20 * 24;
	for (n = 0; n < 20; n++)
		right = right &&
			!memcmp(shared->data + n * 24 + 16, "the same", 8);
	report("get many", &request, right);
}

static void lists_over_prefix(int fd, uint32_t session,
			      const struct shared *shared)
{
	struct request request = { 0 };

	memcpy(shared->data, "the", 3);
	request.params[0] = memory(MEMORY_IN, shared, 0, 3);
	request.params[1] = memory(MEMORY_IN, shared, 0, 2);
	request.params[2] = memory(MEMORY_OUT, shared, 1, 1024);
	request.params[3] = value(VALUE_INOUT, 0);
	call(fd, session, SECSTOR_CMD_LIST, &request);
	report("list", &request,
	       request.params[3].a == 1 && request.params[2].b == 24 &&
		       !memcmp(shared->data + 17, "the same", 8));
}

/* Deletes what put() left; the answer takes the place of the request. */
static void batches_over_request(int fd, uint32_t session,
				 const struct shared *shared)
{
	static const uint8_t any[8] = { 0xff, 0xff, 0xff, 0xff,
					0xff, 0xff, 0xff, 0xff };
	struct request request = { 0 };

	memset(shared->data, 0, 16);
	shared->data[0] = SECSTOR_BATCH_DELETE;
	shared->data[2] = 8;
	memcpy(shared->data + 8, any, 8);
	memcpy(shared->data + 16, "the same", 8);
	request.params[0] = memory(MEMORY_IN, shared, 0, 24);
	request.params[1] = memory(MEMORY_OUT, shared, 0, 24);
	request.params[2] = value(VALUE_OUT, 0);
	call(fd, session, SECSTOR_CMD_BATCH, &request);
	report("batch", &request,
	       request.params[1].b == 8 &&
		       memcmp(shared->data, "\0\0\0\0\0\0\0", 8));
}

int main(void)
{
	int fd = device_open();
	struct shared shared = share(fd, 8192);
	uint32_t session = open_session(fd, "overlap", &shared);

	printf("[");
	puts_itself(fd, session, &shared);
	gets_over_key(fd, session, &shared);
	gets_many_over_keys(fd, session, &shared);
	lists_over_prefix(fd, session, &shared);
	batches_over_request(fd, session, &shared);
	printf("]\n");
	return EXIT_SUCCESS;
}
