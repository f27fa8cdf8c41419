// SPDX-License-Identifier: MIT
/* BATCH and GET_MANY: packed requests. */
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "snapshot.h"
#include "tee_api_defines.h"

CASE(a_batch_makes_all_its_changes)
{
	struct client client = open_default();
	uint64_t old = 0;

	CHECK_EQ(put(&client, text("b"), text("old"), ANY), TEE_SUCCESS);
	old = number(&client, 2);
	CHECK_EQ(put(&client, text("c"), text("gone"), ANY), TEE_SUCCESS);
	CHECK_EQ(batch(&client,
		       join(join(batch_put(text("a"), text("1"), ABSENT),
				 batch_put(text("b"), noise(1, 9000), old)),
			    join(batch_delete(text("c"), ANY),
				 batch_delete(text("d"), ANY))),
		       ROOM),
		 TEE_SUCCESS);
	CHECK_EQ(client.out[1].size, 4 * 8);
	CHECK(read_u64(client.out[1].data) > old);
	CHECK(read_u64(client.out[1].data + 8) > old);
	CHECK(read_u64(client.out[1].data) != read_u64(client.out[1].data + 8));
	CHECK_EQ(read_u64(client.out[1].data + 16), old + 1);
	CHECK_EQ(read_u64(client.out[1].data + 24), 0);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, text("a")), text("1")));
	CHECK(bytes_equal(value_of(&client, text("b")), noise(1, 9000)));
	CHECK(is_absent(&client, text("c")));
	CHECK(is_absent(&client, text("d")));
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS), 2);
}

/* A batch that must fail at an operation, with another before and after it. */
static void check_refused(struct client *client, struct bytes operation,
			  TEE_Result result)
{
	struct map_store before = map_copy(&device.map);
	struct bytes first = batch_put(text("first"), noise(1, 5000), ANY);
	struct bytes last = batch_delete(text("b"), ANY);

	CHECK_EQ(batch(client, join(join(first, operation), last), ROOM),
		 result);
	CHECK_EQ(client->params[2].value.a, 1);
	CHECK(map_equal(&before, &device.map));
	CHECK(is_absent(client, text("first")));
	CHECK(!is_absent(client, text("b")));
	map_clear(&before);
}

CASE(a_batch_that_fails_changes_nothing)
{
	struct client client = open_default();
	uint64_t revision = 0;

	CHECK_EQ(put(&client, text("b"), text("b"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("k"), text("k"), ANY), TEE_SUCCESS);
	revision = number(&client, 2);
	check_refused(&client, batch_put(text("k"), text("2"), ABSENT),
		      SECSTOR_ERROR_EXISTS);
	check_refused(&client, batch_put(text("k"), text("2"), revision + 1),
		      SECSTOR_ERROR_CONFLICT);
	check_refused(&client, batch_put(text("l"), text("2"), 1),
		      SECSTOR_ERROR_CONFLICT);
	check_refused(&client, batch_delete(text("k"), ABSENT),
		      SECSTOR_ERROR_EXISTS);
	check_refused(&client, batch_delete(text("l"), 5),
		      SECSTOR_ERROR_CONFLICT);
	check_refused(&client, batch_put(text("\x01"), text("2"), ANY),
		      SECSTOR_ERROR_KEY);
	check_refused(&client,
		      batch_put(text("l"), noise(1, SECSTOR_VALUE_MAX + 1),
				ANY),
		      SECSTOR_ERROR_VALUE_TOO_LARGE);
}

CASE(a_batch_has_no_key_twice)
{
	struct client client = open_default();
	struct bytes put_k = batch_put(text("k"), text("v"), ANY);
	struct bytes del_k = batch_delete(text("k"), ANY);
	struct bytes put_l = batch_put(text("l"), text("v"), ANY);

	CHECK_EQ(batch(&client, join(put_k, put_k), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(batch(&client, join(put_k, del_k), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(batch(&client, join(del_k, del_k), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(batch(&client, join(join(del_k, put_l), put_k), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(map_count(&device.map), 0);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(batch(&client, join(del_k, put_k), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
}

CASE(a_batch_takes_as_many_operations_as_the_limit_says)
{
	struct client client = open_default();
	uint8_t name[4] = { 'k' };
	struct bytes request = { 0 };
	struct bytes key = { name, 4 };
	size_t n = 0;

	for (n = 0; n <= SECSTOR_REQUEST_COUNT_MAX; n++) {
		struct bytes longer = { 0 };

		name[1] = (uint8_t)('a' + n % 16);
		name[2] = (uint8_t)('a' + n / 16 % 16);
		name[3] = (uint8_t)('a' + n / 256);
		longer = join(request, batch_put(key, key, ANY));
		if (n == SECSTOR_REQUEST_COUNT_MAX)
			CHECK_EQ(batch(&client, longer, ROOM),
				 TEE_ERROR_BAD_PARAMETERS);
		else
			request = longer;
	}
	CHECK_EQ(map_count(&device.map), 0);
	CHECK_EQ(batch(&client, request, 8 * SECSTOR_REQUEST_COUNT_MAX),
		 TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_USED_KEYS),
		 SECSTOR_REQUEST_COUNT_MAX);
	device_restart();
	client = open_default();
	CHECK(bytes_equal(value_of(&client, key = text("kaaa")), text("kaaa")));
}

CASE(a_request_has_a_largest_size)
{
	struct client client = open_default();
	struct bytes value = noise(1, SECSTOR_VALUE_MAX);
	size_t rest = SECSTOR_REQUEST_MAX - SECSTOR_VALUE_MAX - 2 * 16 - 2;
	struct bytes most = join(batch_put(text("a"), value, ANY),
				 batch_put(text("b"), noise(2, rest), ANY));
	struct bytes above =
		join(batch_put(text("a"), value, ANY),
		     batch_put(text("b"), noise(2, rest + 1), ANY));

	CHECK_EQ(most.size, SECSTOR_REQUEST_MAX);
	CHECK_EQ(batch(&client, above, ROOM), TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(map_count(&device.map), 0);
	CHECK_EQ(batch(&client, most, ROOM), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(&client, text("a")), value));
	CHECK(bytes_equal(value_of(&client, text("b")), noise(2, rest)));
}

CASE(an_empty_request_is_refused)
{
	struct client client = open_default();

	CHECK_EQ(batch(&client, text(""), ROOM), TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(get_many(&client, text(""), ROOM), TEE_ERROR_BAD_PARAMETERS);
}

CASE(a_request_that_ends_too_early_is_refused)
{
	struct client client = open_default();
	struct bytes changes = join(batch_put(text("key"), text("value"), ANY),
				    batch_delete(text("other"), ANY));
	struct bytes questions = join(asked(text("key")), asked(text("other")));
	size_t first = 16 + 3 + 5;
	size_t n = 0;

	for (n = 0; n < changes.size; n++) {
		case_step("batch of %zu bytes", n);
		if (n == first)
			continue;
		CHECK_EQ(batch(&client, (struct bytes){ changes.data, n },
			       ROOM),
			 TEE_ERROR_BAD_PARAMETERS);
	}
	for (n = 0; n < questions.size; n++) {
		case_step("question of %zu bytes", n);
		if (n == 2 + 3)
			continue;
		CHECK_EQ(get_many(&client, (struct bytes){ questions.data, n },
				  ROOM),
			 TEE_ERROR_BAD_PARAMETERS);
	}
	CHECK_EQ(map_count(&device.map), 0);
	CHECK_EQ(batch(&client, join(changes, text("x")), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(get_many(&client, join(questions, text("x")), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(map_count(&device.map), 0);
}

static struct bytes changed(struct bytes bytes, size_t at, uint8_t to)
{
	struct bytes copy = join(bytes, text(""));

	((uint8_t *)copy.data)[at] = to;
	return copy;
}

CASE(fields_of_an_operation_are_checked)
{
	struct client client = open_default();
	struct bytes good = batch_put(text("key"), text("value"), ANY);
	struct bytes deletion = batch_delete(text("key"), ANY);
	size_t n = 0;

	for (n = 0; n < 256; n++)
		if (n != SECSTOR_BATCH_PUT && n != SECSTOR_BATCH_DELETE)
			CHECK_EQ(batch(&client, changed(good, 0, (uint8_t)n),
				       ROOM),
				 TEE_ERROR_BAD_PARAMETERS);
	/* A delete with a value; the byte that is zero; sizes that lie. */
	CHECK_EQ(batch(&client, changed(good, 0, SECSTOR_BATCH_DELETE), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(batch(&client, changed(good, 1, 1), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(batch(&client, changed(good, 3, 0xff), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(batch(&client, changed(good, 7, 0xff), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(batch(&client, changed(deletion, 7, 0xff), ROOM),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(map_count(&device.map), 0);
}

/* Whatever the bytes are: a defined result, and nothing but what they say. */
CASE(mutated_requests_do_no_harm)
{
	struct client client = open_default();
	struct bytes seed = join(join(batch_put(text("a"), text("1"), ANY),
				      batch_put(text("bb"), noise(1, 99), ANY)),
				 batch_delete(text("keep"), 1));
	struct bytes asks = join(asked(text("a")), asked(text("bb")));
	const void *mark = keep_mark();
	size_t n = 0;

	CHECK_EQ(put(&client, text("kept"), text("kept"), ANY), TEE_SUCCESS);
	for (n = 0; n < 20000; n++) {
		struct bytes dice = noise(n, 8);
		struct bytes bad = { 0 };
		TEE_Result res = TEE_SUCCESS;

		case_step("mutation %zu", n);
		bad = changed(seed, read_u16(dice.data) % seed.size,
			      dice.data[2]);
		bad = changed(bad, dice.data[3] % bad.size, dice.data[4]);
		bad.size -= dice.data[5] % 4 ? 0 : dice.data[6] % bad.size;
		res = batch(&client, bad, ROOM);
		CHECK(!res || res == TEE_ERROR_BAD_PARAMETERS ||
		      res == SECSTOR_ERROR_KEY ||
		      res == SECSTOR_ERROR_CONFLICT ||
		      res == SECSTOR_ERROR_EXISTS ||
		      res == SECSTOR_ERROR_VALUE_TOO_LARGE);
		bad = changed(asks, dice.data[3] % asks.size, dice.data[4]);
		res = get_many(&client, bad, ROOM);
		CHECK(!res || res == TEE_ERROR_BAD_PARAMETERS ||
		      res == SECSTOR_ERROR_KEY);
		keep_release(mark);
		if (n % 1000 == 999)
			CHECK_EQ(clear(&client, text("a")), TEE_SUCCESS);
	}
	CHECK(bytes_equal(value_of(&client, text("kept")), text("kept")));
	snapshot(&client);
}

CASE(get_many_answers_in_the_order_asked)
{
	struct client client = open_default();
	struct bytes request = join(join(asked(text("b")), asked(text("x"))),
				    join(asked(text("a")), asked(text("b"))));
	const uint8_t *at = NULL;

	CHECK_EQ(put(&client, text("a"), text("first"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("b"), text(""), ANY), TEE_SUCCESS);
	CHECK_EQ(get_many(&client, request, ROOM), TEE_SUCCESS);
	CHECK_EQ(client.params[2].value.a, 4);
	CHECK_EQ(client.out[1].size, 4 * 16 + 5);
	at = client.out[1].data;
	CHECK_EQ(read_u64(at), 2);
	CHECK_EQ(read_u64(at + 8), 0);
	CHECK_EQ(read_u64(at + 16), 0);
	CHECK_EQ(read_u64(at + 24), 0);
	CHECK_EQ(read_u64(at + 32), 1);
	CHECK_EQ(read_u32(at + 40), 5);
	CHECK_EQ(read_u32(at + 44), 0);
	CHECK(!memcmp(at + 48, "first", 5));
	CHECK_EQ(read_u64(at + 53), 2);
}

CASE(get_many_answers_as_many_as_fit)
{
	struct client client = open_default();
	struct bytes request = join(asked(text("a")), asked(text("b")));

	CHECK_EQ(put(&client, text("a"), text("12345"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("b"), noise(1, 9000), ANY), TEE_SUCCESS);
	CHECK_EQ(get_many(&client, request, 20), TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(client.params[1].memref.size, 21);
	CHECK_EQ(get_many(&client, request, 0), TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(get_many(&client, request, 21), TEE_SUCCESS);
	CHECK_EQ(client.params[2].value.a, 1);
	CHECK_EQ(client.out[1].size, 21);
	CHECK_EQ(get_many(&client, request, 21 + 9015), TEE_SUCCESS);
	CHECK_EQ(client.params[2].value.a, 1);
	CHECK_EQ(get_many(&client, request, 21 + 9016), TEE_SUCCESS);
	CHECK_EQ(client.params[2].value.a, 2);
	CHECK_EQ(client.out[1].size, 21 + 9016);
}

CASE(get_many_takes_as_many_keys_as_the_limit_says)
{
	struct client client = open_default();
	struct bytes request = { 0 };
	size_t n = 0;

	for (n = 0; n < SECSTOR_REQUEST_COUNT_MAX; n++)
		request = join(request, asked(text("k")));
	CHECK_EQ(get_many(&client, request, ROOM), TEE_SUCCESS);
	CHECK_EQ(client.params[2].value.a, SECSTOR_REQUEST_COUNT_MAX);
	request = join(request, asked(text("k")));
	CHECK_EQ(get_many(&client, request, ROOM), TEE_ERROR_BAD_PARAMETERS);
}

CASE(the_largest_value_fits_get_many)
{
	struct client client = open_default();
	struct bytes value = noise(1, SECSTOR_VALUE_MAX);

	CHECK_EQ(put(&client, text("k"), value, ANY), TEE_SUCCESS);
	CHECK_EQ(get_many(&client, asked(text("k")), 16 + SECSTOR_VALUE_MAX),
		 TEE_SUCCESS);
	CHECK(bytes_equal((struct bytes){ client.out[1].data + 16,
					  client.out[1].size - 16 },
			  value));
}
