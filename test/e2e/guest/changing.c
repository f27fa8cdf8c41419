// SPDX-License-Identifier: MIT
/*
 * A command whose memory another thread changes all the time, between a good
 * request and a hostile one. Arguments: for how many milliseconds to repeat
 * it, which command, its result where the request is good and where it is
 * hostile. Goes on until both came: that both come of one and the same request
 * shows that the memory does change in time. Prints how often each result came.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "tee-device.h"

/* Where the answers go, behind the requests; changed as well. */
#define ANSWER 4096
#define ANSWER_SIZE 4096
#define REQUEST_MAX 1024
#define RESULTS 16
/* For how much longer to go on if a result is missing. */
#define PATIENCE_MS 40000

/* What the memory holds by turns. */
static uint8_t images[2][REQUEST_MAX];
static size_t image_size;
static struct shared shared;
static atomic_bool stopped;
static atomic_ulong turns;

/* Leaves a whole image there for a while; most would be read half otherwise. */
static void rest(void)
{
	volatile size_t n = 0;

	for (n = 0; n < image_size; n++)
		;
}

static void *change(void *unused)
{
	unsigned long turn = 0;

	while (!atomic_load(&stopped)) {
		volatile uint8_t *to = shared.data;
		const uint8_t *from = images[turn++ % 2];
		size_t n = 0;

		for (n = 0; n < image_size; n++)
			to[n] = from[n];
		rest();
		to[ANSWER + turn % ANSWER_SIZE] = (uint8_t)turn;
		atomic_store(&turns, turn);
	}
	return unused;
}

/* Adds to an image; returns the offset behind it. */
static size_t add(int image, size_t at, const void *data, size_t size)
{
	memcpy(images[image] + at, data, size);
	return at + size;
}

/* A packed operation that is refused for its revision, if for nothing else. */
static size_t add_operation(int image, size_t at, uint8_t kind,
			    uint16_t key_size, uint32_t value_size)
{
	uint8_t head[16] = { kind, 0, (uint8_t)key_size,
			     (uint8_t)(key_size >> 8) };
	char key[] = { 'k', (char)('A' + at / 40), '.', '.' };

	memcpy(head + 4, &value_size, 4);
	memset(head + 8, 0x7f, 8);
	at = add(image, at, head, 16);
	at = add(image, at, key, 4);
	return add(image, at, "twenty bytes of data", 20);
}

static struct request batch(void)
{
	struct request request = { 0 };
	size_t at = 0;

	for (at = 0; at < 800;) {
		add_operation(0, at, 1, 4, 20);
		at = add_operation(1, at, at % 80 ? 2 : 1,
				   at % 120 ? 0xffff : 4, 0xfffffff0);
	}
	image_size = at;
	request.params[0] = memory(MEMORY_IN, &shared, 0, at);
	request.params[1] = memory(MEMORY_OUT, &shared, ANSWER, ANSWER_SIZE);
	request.params[2] = value(VALUE_OUT, 0);
	return request;
}

static struct request get_many(void)
{
	struct request request = { 0 };
	size_t at = 0;

	while (at < 600) {
		add(0, at, "\4\0key.", 6);
		at = add(1, at, "\377\377k\0y.", 6);
	}
	image_size = at;
	request.params[0] = memory(MEMORY_IN, &shared, 0, at);
	request.params[1] = memory(MEMORY_OUT, &shared, ANSWER, ANSWER_SIZE);
	request.params[2] = value(VALUE_OUT, 0);
	return request;
}

/* A key that is one or is none; for the commands that take one alone. */
static void put_key(void)
{
	memset(images[0], 'k', 64);
	memset(images[1], 'k', 64);
	memset(images[1] + 32, 0xff, 32);
	image_size = 64;
}

static struct request put(void)
{
	struct request request = { 0 };

	put_key();
	memset(images[0] + 64, 'A', 900);
	memset(images[1] + 64, 'B', 900);
	image_size = 964;
	request.params[0] = memory(MEMORY_IN, &shared, 0, 64);
	request.params[1] = memory(MEMORY_IN, &shared, 64, 900);
	request.params[2] = value(VALUE_INOUT, SECSTOR_REVISION_ANY);
	request.params[3] = memory(MEMORY_OUT, &shared, ANSWER, ANSWER_SIZE);
	return request;
}

static struct request get(void)
{
	struct request request = { 0 };

	put_key();
	request.params[0] = memory(MEMORY_IN, &shared, 0, 64);
	request.params[1] = memory(MEMORY_OUT, &shared, ANSWER, ANSWER_SIZE);
	request.params[2] = value(VALUE_OUT, 0);
	return request;
}

static struct request list(void)
{
	struct request request = { 0 };

	put_key();
	images[1][40] = 0;
	request.params[0] = memory(MEMORY_IN, &shared, 0, 64);
	request.params[1] = memory(MEMORY_IN, &shared, 0, 48);
	request.params[2] = memory(MEMORY_OUT, &shared, ANSWER, ANSWER_SIZE);
	request.params[3] = value(VALUE_INOUT, UINT32_MAX);
	return request;
}

static struct request delete(void)
{
	struct request request = { 0 };

	put_key();
	request.params[0] = memory(MEMORY_IN, &shared, 0, 64);
	request.params[1] = value(VALUE_INOUT, SECSTOR_REVISION_ANY);
	return request;
}

static const struct {
	const char *name;
	uint32_t command;
	struct request (*make)(void);
} kinds[] = {
	{ "batch", SECSTOR_CMD_BATCH, batch },
	{ "getMany", SECSTOR_CMD_GET_MANY, get_many },
	{ "put", SECSTOR_CMD_PUT, put },
	{ "get", SECSTOR_CMD_GET, get },
	{ "list", SECSTOR_CMD_LIST, list },
	{ "delete", SECSTOR_CMD_DELETE, delete },
};

static int64_t milliseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000;
}

/* How often each result came. */
static struct {
	uint32_t result;
	int count;
} tally[RESULTS];

static int *count_of(uint32_t result)
{
	int n = 0;

	while (n < RESULTS - 1 && tally[n].count && tally[n].result != result)
		n++;
	tally[n].result = result;
	return &tally[n].count;
}

static void call(int fd, uint32_t session, uint32_t command,
		 struct request request)
{
	unsigned long turn = atomic_load(&turns);

	/* On a single processor the other thread must get its turn. */
	while (atomic_load(&turns) == turn)
		;
	must(!invoke(fd, session, command, &request), "invoke");
	(*count_of(request.arg.ret))++;
}

int main(int argc, char **argv)
{
	int fd = device_open();
	uint32_t session = 0;
	uint32_t good = 0;
	uint32_t hostile = 0;
	struct request request = { 0 };
	pthread_t thread;
	int64_t begun = 0;
	int64_t duration = 0;
	size_t n = 0;

	must(argc == 5, "arguments");
	duration = atoi(argv[1]);
	while (n < sizeof(kinds) / sizeof(*kinds) &&
	       strcmp(kinds[n].name, argv[2]))
		n++;
	must(n < sizeof(kinds) / sizeof(*kinds), "command");
	good = (uint32_t)strtoul(argv[3], NULL, 10);
	hostile = (uint32_t)strtoul(argv[4], NULL, 10);
	shared = share(fd, ANSWER + 2 * ANSWER_SIZE);
	session = open_session(fd, "changing", &shared);
	request = kinds[n].make();
	must(!pthread_create(&thread, NULL, change, NULL), "thread");

	begun = milliseconds();
	while (milliseconds() < begun + duration ||
	       (milliseconds() < begun + duration + PATIENCE_MS &&
		(!*count_of(good) || !*count_of(hostile))))
		call(fd, session, kinds[n].command, request);
	atomic_store(&stopped, true);
	pthread_join(thread, NULL);

	printf("{");
	for (n = 0; n < RESULTS && tally[n].count; n++)
		printf("%s\"%u\": %d", n ? ", " : "", tally[n].result,
		       tally[n].count);
	printf("}\n");
	return EXIT_SUCCESS;
}
