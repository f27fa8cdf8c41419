// SPDX-License-Identifier: MIT
/* How a heap is divided: what is free is not always to be had. */
#include <string.h>

#include "check.h"
#include "device.h"
#include "pool.h"
#include "probe_client.h"

#define SIZE 4096
#define HEADER 16
/* What a pool of that size has room for in one piece. */
#define ALL (SIZE - 2 * HEADER)

#define PROBE(name)                                                            \
	static TEE_Result name(uint32_t types __attribute__((unused)),         \
			       TEE_Param *params __attribute__((unused)))

static struct pool begin(void)
{
	struct pool pool = { 0 };

	CHECK(pool_begin(&pool, SIZE));
	CHECK_EQ(pool_free(&pool), ALL);
	CHECK_EQ(pool_largest(&pool), ALL);
	return pool;
}

static struct piece *take(struct pool *pool, size_t size)
{
	struct piece *piece = pool_take(pool, size);

	CHECK(piece);
	return piece;
}

CASE(sizes_are_rounded_and_have_a_header)
{
	struct pool pool = begin();

	CHECK_EQ(take(&pool, 1)->size, HEADER + 16);
	CHECK_EQ(take(&pool, 16)->size, HEADER + 16);
	CHECK_EQ(take(&pool, 17)->size, HEADER + 32);
	/* A node of a hash tree of OP-TEE. */
	CHECK_EQ(take(&pool, 104)->size, 128);
	CHECK(!pool_take(&pool, SIZE));
	CHECK(!pool_take(&pool, SIZE_MAX));
	pool_end(&pool);
}

CASE(a_pool_that_is_too_small_is_none)
{
	struct pool pool = { 0 };

	CHECK(!pool_begin(&pool, 32));
	CHECK(!pool_begin(&pool, 0));
}

CASE(the_end_of_the_first_piece_that_is_large_enough_is_taken)
{
	struct pool pool = begin();
	struct piece *high = take(&pool, 496);
	struct piece *middle = take(&pool, 240);
	struct piece *low = take(&pool, 496);
	struct piece *end = NULL;

	CHECK(low->after == middle && middle->after == high);
	CHECK(pool.first->is_free && pool.first->after == low);
	/* The large piece was there first, and is tried first. */
	pool_give(&pool, middle);
	end = take(&pool, 200);
	CHECK(end->after == low);
	/* Only where it is too small, the other one is. */
	CHECK(take(&pool, pool.first->size - HEADER) == pool.first);
	CHECK(take(&pool, 240) == middle);
	CHECK_EQ(pool_free(&pool), 0);
	CHECK(!pool_take(&pool, 1));
	pool_end(&pool);
}

CASE(a_rest_without_use_is_given_along)
{
	struct pool pool = begin();
	struct piece *piece = take(&pool, 240);
	struct piece *above = NULL;

	take(&pool, pool_largest(&pool));
	pool_give(&pool, piece);
	CHECK(take(&pool, 208) == piece);
	CHECK_EQ(piece->size, HEADER + 240);
	pool_give(&pool, piece);
	above = take(&pool, 192);
	CHECK(above != piece && above->before == piece);
	CHECK_EQ(piece->size, 48);
	pool_end(&pool);
}

CASE(free_neighbours_are_joined)
{
	struct piece *pieces[4] = { 0 };
	struct pool pool = { 0 };
	size_t order = 0;
	size_t n = 0;

	for (order = 0; order < 24; order++) {
		bool given[4] = { 0 };
		size_t left = order;

		pool = begin();
		for (n = 0; n < 4; n++)
			pieces[n] = take(&pool, 100 * n);
		/* In each order of giving them back. */
		for (n = 4; n; n--) {
			size_t at = left % n;
			size_t which = 0;

			left /= n;
			while (given[which] || at--)
				which++;
			given[which] = true;
			pool_give(&pool, pieces[which]);
		}
		CHECK_EQ(pool_largest(&pool), ALL);
		CHECK(!pool.first->after);
		pool_end(&pool);
	}
}

CASE(small_pieces_keep_large_ones_out)
{
	struct pool pool = begin();
	struct piece *large[8] = { 0 };
	size_t n = 0;

	for (n = 0; n < 8; n++) {
		large[n] = take(&pool, 400);
		take(&pool, 1);
	}
	for (n = 0; n < 8; n++)
		pool_give(&pool, large[n]);
	CHECK(pool_free(&pool) > 3000);
	CHECK(pool_largest(&pool) < 1000);
	CHECK(!pool_take(&pool, 1000));
	pool_end(&pool);
}

/* The pieces are the pool without gaps, and free ones do not touch. */
static void check_sound(const struct pool *pool)
{
	const struct piece *piece = pool->first;
	size_t in_list = 0;
	size_t size = 0;
	size_t count = 0;

	for (; piece; piece = piece->after) {
		CHECK(!piece->after || piece->after->before == piece);
		CHECK(!piece->is_free || !piece->after ||
		      !piece->after->is_free);
		size += piece->size;
		count += piece->is_free;
	}
	CHECK_EQ(size, SIZE - HEADER);
	for (piece = pool->earliest; piece; piece = piece->later, in_list++)
		CHECK(piece->is_free);
	CHECK_EQ(in_list, count);
}

CASE(whatever_is_taken_and_given_the_pool_is_whole)
{
	struct pool pool = begin();
	struct piece *pieces[32] = { 0 };
	uint32_t dice = 1;
	size_t step = 0;
	size_t refused = 0;

	for (step = 0; step < 20000; step++) {
		struct piece **piece = NULL;
		size_t size = 0;

		dice = dice * 1664525 + 1013904223;
		piece = pieces + (dice >> 27);
		size = dice >> 8 & 0x1ff;
		case_step("step %zu", step);
		if (*piece) {
			pool_give(&pool, *piece);
			*piece = NULL;
		} else {
			size_t largest = pool_largest(&pool);

			*piece = pool_take(&pool, size);
			CHECK(*piece ? size <= largest : size > largest);
			refused += !*piece;
		}
		check_sound(&pool);
	}
	CHECK(refused > 100);
	pool_end(&pool);
}

PROBE(take_all)
{
	while (TEE_Malloc(16, TEE_MALLOC_NO_FILL))
		;
	return TEE_SUCCESS;
}

CASE(a_session_needs_room_in_the_heap)
{
	struct client client = open_probe();
	struct client other = { 0 };
	size_t free_before = soft_tee_heap_free();

	other = open_probe();
	CHECK_EQ(soft_tee_heap_free(), free_before - 48);
	close_client(&other);
	CHECK_EQ(soft_tee_heap_free(), free_before);
	CHECK_EQ(run(&client, take_all), TEE_SUCCESS);
	CHECK_EQ(open_with(&other, &alice, none(), none(), none(), none()),
		 TEE_ERROR_OUT_OF_MEMORY);
	CHECK_EQ(other.origin, TEE_ORIGIN_TRUSTED_APP);
	/* What the TA refuses is given back. */
	device_power_cycle();
	client = open_probe();
	free_before = soft_tee_heap_free();
	CHECK_EQ(open_with(&other, &alice, value_in(0, 0), none(), none(),
			   none()),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(soft_tee_heap_free(), free_before);
}

static void *held;

PROBE(hold)
{
	held = TEE_Malloc(40 * 1024, TEE_MALLOC_FILL_ZERO);
	return held ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
}

PROBE(let_go)
{
	TEE_Free(held);
	return TEE_SUCCESS;
}

CASE(sessions_opened_at_a_bad_moment_keep_large_blocks_out)
{
	struct client first = open_probe();
	struct client second = { 0 };

	CHECK_EQ(run(&first, hold), TEE_SUCCESS);
	second = open_probe();
	CHECK_EQ(run(&first, let_go), TEE_SUCCESS);
	CHECK(soft_tee_heap_free() > 60 * 1024);
	CHECK(soft_tee_heap_largest() < 45 * 1024);
	/* For as long as the session is open. */
	close_client(&second);
	CHECK(soft_tee_heap_largest() > 60 * 1024);
}
