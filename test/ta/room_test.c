// SPDX-License-Identifier: MIT
/* Every request within the documented limits finds the memory it needs. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

/* A key of many bytes that ends with a number. */
static struct bytes long_key(size_t size, size_t n)
{
	char number[8] = { 0 };
	int digits = snprintf(number, sizeof(number), "%05zu", n);

	return join(repeat('p', size - (size_t)digits), text(number));
}

static struct bytes short_key(char letter, size_t n)
{
	char key[16] = { 0 };

	snprintf(key, sizeof(key), "%c%05zu", letter, n);
	return join(text(key), text(""));
}

/* As many puts as a request can have, of these keys in a jumbled order. */
static struct bytes full_batch(size_t key_size, size_t value_size, size_t count,
			       size_t step)
{
	size_t each = 16 + key_size + value_size;
	uint8_t *all = keep(count * each);
	size_t n = 0;

	for (n = 0; n < count; n++) {
		const void *mark = keep_mark();
		struct bytes one =
			batch_put(long_key(key_size, n * step % 9973),
				  noise(n, value_size), ANY);

		memcpy(all + n * each, one.data, each);
		keep_release(mark);
	}
	return (struct bytes){ all, count * each };
}

CASE(batches_of_every_legal_size_fit)
{
	static const struct {
		size_t key;
		size_t value;
		size_t count;
	} batches[] = {
		{ 1024, 100, 1024 }, { 1024, 0, 1024 }, { 6, 1100, 1024 },
		{ 1024, 395, 820 },  { 6, 30000, 39 },	{ 1024, 1048576, 1 },
	};
	struct client client = open_default();
	size_t round = 0;
	size_t n = 0;

	for (round = 0; round < 3; round++)
		for (n = 0; n < sizeof(batches) / sizeof(*batches); n++) {
			case_step("batch %zu, round %zu", n, round);
			CHECK_EQ(batch(&client,
				       full_batch(batches[n].key,
						  batches[n].value,
						  batches[n].count,
						  7 + 1000 * round),
				       ROOM),
				 TEE_SUCCESS);
			keep_release(NULL);
		}
}

CASE(large_requests_for_many_keys_fit)
{
	struct client client = open_default();
	uint8_t *request = keep(1024 * 1026);
	size_t n = 0;

	CHECK_EQ(put(&client, long_key(1024, 0), noise(1, SECSTOR_VALUE_MAX),
		     ANY),
		 TEE_SUCCESS);
	for (n = 0; n < 1024; n++) {
		struct bytes one = asked(long_key(1024, 1023 - n));

		memcpy(request + n * 1026, one.data, 1026);
	}
	CHECK_EQ(get_many(&client, (struct bytes){ request, 1024 * 1026 },
			  SECSTOR_REQUEST_MAX),
		 TEE_SUCCESS);
	CHECK_EQ(client.params[2].value.a, 1024);
	CHECK_EQ(client.out[1].size, 1024 * 16 + SECSTOR_VALUE_MAX);
	CHECK(bytes_equal((struct bytes){ client.out[1].data + 1024 * 16,
					  SECSTOR_VALUE_MAX },
			  noise(1, SECSTOR_VALUE_MAX)));
}

CASE(large_values_fit_beside_what_was_cleared)
{
	struct client client = open_default();
	size_t n = 0;

	for (n = 0; n < 40; n++) {
		CHECK_EQ(put(&client, short_key('v', n % 8),
			     repeat('v', SECSTOR_VALUE_MAX), ANY),
			 TEE_SUCCESS);
		if (n % 8 == 7)
			CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
		keep_release(NULL);
	}
}

CASE(the_largest_operations_fit_the_heap)
{
	struct client client = open_default();
	struct bytes first = noise(1, SECSTOR_VALUE_MAX);
	struct bytes second = noise(2, SECSTOR_VALUE_MAX);
	struct bytes request = { 0 };
	char key[2] = "a";
	size_t n = 0;

	/* A full cache gives way. */
	for (n = 0; n < 26; n++) {
		key[0] = (char)('a' + n);
		CHECK_EQ(put(&client, text(key), noise(n, 100000), ANY),
			 TEE_SUCCESS);
		CHECK(bytes_equal(value_of(&client, text(key)),
				  noise(n, 100000)));
	}
	CHECK_EQ(put(&client, text("k"), first, ANY), TEE_SUCCESS);
	CHECK_EQ(put_swap(&client, text("k"), second, ANY,
			  8 + SECSTOR_VALUE_MAX),
		 TEE_SUCCESS);
	CHECK(bytes_equal((struct bytes){ client.out[3].data + 8,
					  client.out[3].size - 8 },
			  first));
	CHECK_EQ(get_many(&client, asked(text("k")), SECSTOR_REQUEST_MAX),
		 TEE_SUCCESS);
	CHECK_EQ(generate(&client, text("k"), SECSTOR_VALUE_MAX, ANY),
		 TEE_SUCCESS);
	request = join(batch_put(text("k"), first, ANY),
		       batch_put(text("l"), noise(3, 128 * 1024 - 34), ANY));
	CHECK_EQ(request.size, SECSTOR_REQUEST_MAX);
	CHECK_EQ(batch(&client, request, ROOM), TEE_SUCCESS);
	CHECK_EQ(list(&client, text(""), text(""), 0, 4 * SECSTOR_REQUEST_MAX),
		 TEE_SUCCESS);
}
