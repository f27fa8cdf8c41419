// SPDX-License-Identifier: MIT
/*
 * A client can change shared memory while the TA runs, so nothing of it may
 * be read twice, and nothing that is not finished may ever be in it. Not a
 * race to be won by chance: every access is counted.
 */
#include "check.h"
#include "client.h"
#include "device.h"
#include "scenario.h"
#include "tee_api_defines.h"
#include "watch.h"

static bool may_be_refused;

static void check_accesses(uint32_t types, const TEE_Param *params, bool before)
{
	size_t n = 0;

	if (before) {
		watch_begin(types, params);
		return;
	}
	watch_end();
	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		switch (TEE_PARAM_TYPE_GET(types, n)) {
		case TEE_PARAM_TYPE_MEMREF_INPUT:
			CHECK(watch_reads(n) <= 1);
			CHECK_EQ(watch_writes(n), 0);
			CHECK(may_be_refused ||
			      watch_bytes_read(n) == params[n].memref.size);
			break;
		case TEE_PARAM_TYPE_MEMREF_OUTPUT:
			CHECK_EQ(watch_reads(n), 0);
			CHECK(watch_writes(n) <= 1);
			break;
		default:
			break;
		}
	}
}

CASE(the_watch_sees_every_kind_of_access)
{
	_Alignas(16) uint8_t memory[64] = { 0 };
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };

	params[0].memref.buffer = memory;
	params[0].memref.size = 16;
	params[1].memref.buffer = memory + 16;
	params[1].memref.size = 16;
	watch_begin(TEE_PARAM_TYPES(TEE_PARAM_TYPE_MEMREF_INPUT,
				    TEE_PARAM_TYPE_MEMREF_OUTPUT, 0, 0),
		    params);
	read_twice(memory);
	write_twice((uint64_t *)(memory + 16));
	watch_end();
	CHECK_EQ(watch_reads(0), 2);
	CHECK_EQ(watch_bytes_read(0), 9);
	CHECK_EQ(watch_writes(0), 0);
	CHECK_EQ(watch_reads(1), 0);
	CHECK_EQ(watch_writes(1), 2);
}

static void sweep_commands(struct sweep *sweep)
{
	int warm = 0;

	client_observer = NULL;
	for (warm = 0; warm < 2; warm++) {
		struct client client = sweep_restart(sweep, warm);

		client_observer = check_accesses;
		CHECK_EQ(sweep->scenario->run(&client), TEE_SUCCESS);
		client_observer = NULL;
	}
}

CASE(shared_memory_is_read_once_and_answers_are_written_once)
{
	sweep_all(sweep_commands, false);
}

CASE(opening_a_session_reads_shared_memory_once)
{
	client_observer = check_accesses;
	open_default();
	client_observer = NULL;
}

CASE(refused_commands_read_shared_memory_once_at_most)
{
	struct client client = open_default();

	CHECK_EQ(put(&client, text("k"), noise(1, 500), ANY), TEE_SUCCESS);
	may_be_refused = true;
	client_observer = check_accesses;
	CHECK_EQ(get(&client, text("none"), ROOM), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(get(&client, text("k"), 10), TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(get(&client, text("\x01"), 10), SECSTOR_ERROR_KEY);
	CHECK_EQ(put(&client, text("k"), noise(1, 50), 7),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put_swap(&client, text("k"), noise(1, 50), ANY, 10),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(batch(&client, batch_put(text("k"), noise(1, 50), ABSENT), 8),
		 SECSTOR_ERROR_EXISTS);
	CHECK_EQ(batch(&client, text("neither a put nor a delete"), 8),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(get_many(&client, join(asked(text("k")), asked(text("\x01"))),
			  ROOM),
		 SECSTOR_ERROR_KEY);
	CHECK_EQ(list(&client, text(""), text("\x01"), 0, ROOM),
		 SECSTOR_ERROR_KEY);
	client_observer = NULL;
}
