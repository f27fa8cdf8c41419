// SPDX-License-Identifier: MIT
/*
 * What accesses cost as a store grows, in objects and bytes that are read and
 * written, both copies counted: one line of JSON for each size of the store.
 *
 *	growth <key bytes> <value bytes> <number of keys>...
 *
 * A store that the quota does not let grow so far is measured as large as it
 * gets. tools/growth.mjs runs this.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

#define SAMPLES 200
/* After a clear, what was in use may be removed by later changes. */
#define CHANGES_AFTER 64

/* From the linker script of the software TEE: the TA's static variables. */
extern uint64_t ta_data_start[];
extern uint64_t ta_data_end[];

/* By the TA's user_ta_header_defines.h. */
extern const size_t ta_heap_size;
extern const size_t ta_stack_size;

static struct {
	size_t key_size;
	size_t value_size;
	size_t count;
	bool is_full;
	struct client client;
} store;

/* Counted since the last call of meter(). */
struct meter {
	uint64_t opened;
	uint64_t reads;
	uint64_t read_bytes;
	uint64_t writes;
	uint64_t written_bytes;
	uint64_t removes;
};

/* The most that the TA had allocated at once. */
static size_t heap_peak;

static void note_peak(void)
{
	if (soft_tee_heap_peak() > heap_peak)
		heap_peak = soft_tee_heap_peak();
}

static struct meter meter(void)
{
	static struct meter last;
	const struct fault_store *now = &device.faults;
	struct meter since = {
		.opened = now->stats - last.opened,
		.reads = now->reads - last.reads,
		.read_bytes = now->read_bytes - last.read_bytes,
		.writes = now->writes - last.writes,
		.written_bytes = now->written_bytes - last.written_bytes,
		.removes = now->removes - last.removes,
	};

	last.opened = now->stats;
	last.reads = now->reads;
	last.read_bytes = now->read_bytes;
	last.writes = now->writes;
	last.written_bytes = now->written_bytes;
	last.removes = now->removes;
	return since;
}

static size_t dice(size_t limit)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (size_t)(state >> 33) % limit;
}

/* All keys have a beginning in common, and come in no order. */
static struct bytes key_of(size_t n)
{
	char end[8] = { 0 };
	size_t size = store.key_size - 6;

	snprintf(end, sizeof(end), "%06zu", n * 7919 % 100003);
	return join(repeat('k', size), text(end));
}

static struct bytes value_of_key(void)
{
	return noise(dice(1000), store.value_size);
}

static size_t root_size(void)
{
	const struct map_blob *blob = NULL;

	for (blob = device.map.blobs; blob; blob = blob->next)
		if (blob->id.bytes[LOGIN_AT] && !blob->id.bytes[COPY_AT] &&
		    !read_u64(blob->id.bytes + LAST_OF_UUID_AT + 1))
			return blob->size;
	return 0;
}

static void restart(void)
{
	note_peak();
	device_restart();
	store.client = open_default();
	meter();
}

/* Each figure is of one call; how many there were. */
static void print_meter(const char *name, struct meter sum, size_t calls)
{
	double count = calls ? (double)calls : 1;

	printf(", \"%s\": { \"opened\": %.2f, \"reads\": %.2f, "
	       "\"readKiB\": %.1f, \"writes\": %.2f, \"writtenKiB\": %.1f, "
	       "\"removes\": %.2f }",
	       name, (double)sum.opened / count, (double)sum.reads / count,
	       (double)sum.read_bytes / 1024 / count,
	       (double)sum.writes / count,
	       (double)sum.written_bytes / 1024 / count,
	       (double)sum.removes / count);
}

/* Stores keys until there are so many, or the quota is used up. */
static void grow(size_t count)
{
	struct meter sum = { 0 };
	size_t before = store.count;

	meter();
	while (store.count < count) {
		const void *mark = keep_mark();
		TEE_Result res = put(&store.client, key_of(store.count),
				     value_of_key(), ANY);

		keep_release(mark);
		store.is_full = res == SECSTOR_ERROR_QUOTA ||
				res == SECSTOR_ERROR_FULL;
		if (store.is_full)
			break;
		CHECK_EQ(res, TEE_SUCCESS);
		store.count++;
	}
	sum = meter();
	printf("{ \"keys\": %zu, \"objects\": %zu, \"root\": %zu", store.count,
	       device_owned_objects(), root_size());
	print_meter("put", sum, store.count - before);
}

static void update_some(void)
{
	size_t n = 0;

	meter();
	for (n = 0; n < SAMPLES; n++) {
		const void *mark = keep_mark();

		CHECK_EQ(put(&store.client, key_of(dice(store.count)),
			     value_of_key(), ANY),
			 TEE_SUCCESS);
		keep_release(mark);
	}
	print_meter("update", meter(), SAMPLES);
}

static void get_one(void)
{
	const void *mark = keep_mark();

	CHECK_EQ(get(&store.client, key_of(dice(store.count)),
		     store.value_size),
		 TEE_SUCCESS);
	keep_release(mark);
}

static void get_cold(void)
{
	struct meter sum = { 0 };
	struct meter one = { 0 };
	size_t n = 0;

	for (n = 0; n < 10; n++) {
		restart();
		get_one();
		one = meter();
		sum.opened += one.opened;
		sum.reads += one.reads;
		sum.read_bytes += one.read_bytes;
	}
	print_meter("getCold", sum, 10);
}

static void get_warm(void)
{
	size_t n = 0;

	/* What fits the memory of the TA is in it. */
	for (n = 0; n < SAMPLES; n++)
		get_one();
	meter();
	for (n = 0; n < SAMPLES; n++)
		get_one();
	print_meter("getWarm", meter(), SAMPLES);
}

static void list_cold(void)
{
	struct bytes after = text("");
	size_t count = 0;
	bool more = true;

	restart();
	while (more) {
		struct bytes page = { 0 };
		size_t at = 0;

		CHECK_EQ(list(&store.client, text(""), after, 0, ROOM),
			 TEE_SUCCESS);
		page = store.client.out[2];
		more = store.client.params[3].value.b;
		for (; at < page.size; at += 16 + after.size, count++)
			after = (struct bytes){ page.data + at + 16,
						read_u16(page.data + at + 12) };
	}
	CHECK_EQ(count, store.count);
	print_meter("listCold", meter(), 1);
	keep_release(NULL);
}

/* A step through the keys that comes to each one, in no order. */
static size_t stride(size_t n, size_t first)
{
	static const size_t primes[] = { 7907, 7901, 7883 };
	size_t p = 0;

	while (store.count % primes[p] == 0)
		p++;
	return (first + n * primes[p]) % store.count;
}

/* The largest batch of updates of different keys. */
static void update_many(void)
{
	size_t size = 16 + store.key_size + store.value_size;
	size_t count = SECSTOR_REQUEST_MAX / size;
	uint8_t *request = NULL;
	size_t first = dice(store.count);
	size_t n = 0;

	if (count > SECSTOR_REQUEST_COUNT_MAX)
		count = SECSTOR_REQUEST_COUNT_MAX;
	if (count > store.count)
		count = store.count;
	request = malloc(count * size);
	CHECK(request);
	for (n = 0; n < count; n++) {
		const void *mark = keep_mark();

		memcpy(request + n * size,
		       batch_put(key_of(stride(n, first)), value_of_key(), ANY)
			       .data,
		       size);
		keep_release(mark);
	}
	meter();
	CHECK_EQ(batch(&store.client, (struct bytes){ request, count * size },
		       ROOM),
		 TEE_SUCCESS);
	printf(", \"batchCount\": %zu", count);
	print_meter("batch", meter(), 1);
	free(request);
}

static void get_some_at_once(void)
{
	struct bytes request = text("");
	size_t first = dice(store.count);
	size_t count = store.count < SECSTOR_REQUEST_COUNT_MAX
			       ? store.count
			       : SECSTOR_REQUEST_COUNT_MAX;
	size_t size = 2 + store.key_size;
	size_t n = 0;

	if (count > SECSTOR_REQUEST_MAX / size)
		count = SECSTOR_REQUEST_MAX / size;
	for (n = 0; n < count; n++)
		request = join(request, asked(key_of(stride(n, first))));
	meter();
	CHECK_EQ(get_many(&store.client, request, SECSTOR_REQUEST_MAX),
		 TEE_SUCCESS);
	printf(", \"getManyCount\": %u", store.client.params[2].value.a);
	print_meter("getMany", meter(), 1);
	keep_release(NULL);
}

/* Of a copy: the store grows on afterwards. */
static void clear_all(void)
{
	struct map_store copy = map_copy(&device.map);
	size_t n = 0;

	meter();
	CHECK_EQ(clear(&store.client, text("")), TEE_SUCCESS);
	CHECK_EQ(store.client.params[1].value.a, store.count);
	print_meter("clear", meter(), 1);
	note_peak();
	for (n = 0; n < CHANGES_AFTER; n++)
		CHECK_EQ(put(&store.client, text("key"), text("value"), ANY),
			 TEE_SUCCESS);
	CHECK_EQ(clear(&store.client, text("")), TEE_SUCCESS);
	printf(", \"objectsAfterClear\": %zu", device_owned_objects());
	device_restore(&copy);
	map_clear(&copy);
	store.client = open_default();
}

static void measure(size_t count)
{
	grow(count);
	update_some();
	get_cold();
	get_warm();
	list_cold();
	update_many();
	get_some_at_once();
	clear_all();
	printf(", \"heapPeak\": %zu, \"secureMemory\": %zu }\n", heap_peak,
	       ta_heap_size + ta_stack_size +
		       (size_t)((char *)ta_data_end - (char *)ta_data_start));
}

int main(int argc, char **argv)
{
	int n = 0;

	if (argc < 4)
		return 2;
	store.key_size = strtoul(argv[1], NULL, 10);
	store.value_size = strtoul(argv[2], NULL, 10);
	case_begin();
	store.client = open_default();
	for (n = 3; n < argc && !store.is_full; n++)
		measure(strtoul(argv[n], NULL, 10));
	soft_tee_unload();
	map_clear(&device.map);
	keep_release(NULL);
	return 0;
}

/* In the place of check.c, whose cases are run one by one. */
void case_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s:%d: ", file, line);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	exit(1);
}
