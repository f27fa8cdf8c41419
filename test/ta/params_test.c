// SPDX-License-Identifier: MIT
/* Parameters that are not what a command takes, and sizes at their limits. */
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "tee_api_defines.h"

#define NONE TEE_PARAM_TYPE_NONE
#define IN TEE_PARAM_TYPE_MEMREF_INPUT
#define OUT TEE_PARAM_TYPE_MEMREF_OUTPUT
#define INOUT TEE_PARAM_TYPE_MEMREF_INOUT
#define V_IN TEE_PARAM_TYPE_VALUE_INPUT
#define V_OUT TEE_PARAM_TYPE_VALUE_OUTPUT
#define V_INOUT TEE_PARAM_TYPE_VALUE_INOUT

static const uint32_t types[] = { NONE, V_IN, V_OUT, V_INOUT, IN, OUT, INOUT };

#define TYPE_COUNT (sizeof(types) / sizeof(*types))

/* What secstor_ta.h says that each command takes. */
static const struct {
	uint32_t id;
	uint32_t first;
	uint32_t second; /* another form, or the same */
} commands[] = {
	{ SECSTOR_CMD_INFO, TEE_PARAM_TYPES(OUT, NONE, NONE, NONE),
	  TEE_PARAM_TYPES(OUT, NONE, NONE, NONE) },
	{ SECSTOR_CMD_GET, TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE),
	  TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE) },
	{ SECSTOR_CMD_GET_MANY, TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE),
	  TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE) },
	{ SECSTOR_CMD_PUT, TEE_PARAM_TYPES(IN, IN, V_INOUT, NONE),
	  TEE_PARAM_TYPES(IN, IN, V_INOUT, OUT) },
	{ SECSTOR_CMD_DELETE, TEE_PARAM_TYPES(IN, V_INOUT, NONE, NONE),
	  TEE_PARAM_TYPES(IN, V_INOUT, NONE, NONE) },
	{ SECSTOR_CMD_LIST, TEE_PARAM_TYPES(IN, IN, OUT, V_INOUT),
	  TEE_PARAM_TYPES(IN, IN, OUT, V_INOUT) },
	{ SECSTOR_CMD_STAT, TEE_PARAM_TYPES(IN, V_OUT, V_OUT, NONE),
	  TEE_PARAM_TYPES(IN, V_OUT, V_OUT, NONE) },
	{ SECSTOR_CMD_BATCH, TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE),
	  TEE_PARAM_TYPES(IN, OUT, V_OUT, NONE) },
	{ SECSTOR_CMD_GENERATE, TEE_PARAM_TYPES(IN, V_IN, V_INOUT, NONE),
	  TEE_PARAM_TYPES(IN, V_IN, V_INOUT, OUT) },
	{ SECSTOR_CMD_CLEAR, TEE_PARAM_TYPES(IN, V_OUT, NONE, NONE),
	  TEE_PARAM_TYPES(IN, V_OUT, NONE, NONE) },
	{ SECSTOR_CMD_WHOAMI, TEE_PARAM_TYPES(V_OUT, V_OUT, V_OUT, NONE),
	  TEE_PARAM_TYPES(V_OUT, V_OUT, V_OUT, NONE) },
};

/* A parameter of a type, with the key in every reference. */
static struct arg sample(uint32_t type)
{
	switch (type) {
	case NONE:
		return none();
	case V_IN:
		return value_in(1, 0);
	case V_OUT:
		return value_out();
	case V_INOUT:
		return revision_inout(ANY);
	case IN:
		return in(text("k"));
	case OUT:
		return out(256);
	default:
		return inout(text("k"), 256);
	}
}

static void check_types(struct client *client, uint32_t command, uint32_t first,
			uint32_t second)
{
	size_t n = 0;

	for (n = 0; n < TYPE_COUNT * TYPE_COUNT * TYPE_COUNT * TYPE_COUNT;
	     n++) {
		uint32_t a = types[n % TYPE_COUNT];
		uint32_t b = types[n / TYPE_COUNT % TYPE_COUNT];
		uint32_t c = types[n / TYPE_COUNT / TYPE_COUNT % TYPE_COUNT];
		uint32_t d = types[n / TYPE_COUNT / TYPE_COUNT / TYPE_COUNT];
		uint32_t all = TEE_PARAM_TYPES(a, b, c, d);

		if (all == first || all == second)
			continue;
		case_step("command %u, types 0x%04x", command, all);
		CHECK_EQ(invoke(client, command, sample(a), sample(b),
				sample(c), sample(d)),
			 TEE_ERROR_BAD_PARAMETERS);
		keep_release(NULL);
	}
}

CASE(only_the_right_types_are_taken)
{
	struct client client = open_default();
	struct map_store before = { 0 };
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	before = map_copy(&device.map);
	for (n = 0; n < sizeof(commands) / sizeof(*commands); n++)
		check_types(&client, commands[n].id, commands[n].first,
			    commands[n].second);
	CHECK(map_equal(&before, &device.map));
	map_clear(&before);
}

CASE(a_session_opens_with_the_right_types_only)
{
	struct client client = { 0 };
	size_t a = 0;
	size_t b = 0;
	size_t c = 0;

	for (a = 0; a < TYPE_COUNT; a++)
		for (b = 0; b < TYPE_COUNT; b++)
			for (c = 0; c < TYPE_COUNT; c++) {
				bool right =
					types[a] == V_IN && types[b] == IN &&
					(types[c] == NONE || types[c] == V_IN);

				case_step("types %u %u %u", types[a], types[b],
					  types[c]);
				CHECK_EQ(open_with(&client, &alice,
						   sample(types[a]),
						   sample(types[b]),
						   sample(types[c]), none()),
					 right ? TEE_SUCCESS
					       : TEE_ERROR_BAD_PARAMETERS);
			}
	CHECK_EQ(open_with(&client, &alice, value_in(1, 0), in(text("d")),
			   none(), value_in(0, 0)),
		 TEE_ERROR_BAD_PARAMETERS);
}

CASE(the_protocol_version_is_checked)
{
	static const uint32_t versions[] = { 0, 2, 255, UINT32_MAX };
	struct client client = { 0 };
	size_t n = 0;

	for (n = 0; n < sizeof(versions) / sizeof(*versions); n++) {
		case_step("version %u", versions[n]);
		CHECK_EQ(open_with(&client, &alice, value_in(versions[n], 0),
				   in(text("d")), none(), none()),
			 SECSTOR_ERROR_PROTOCOL);
		CHECK_EQ(client.session, 0);
	}
}

CASE(unknown_commands_are_not_supported)
{
	static const uint32_t ids[] = { 14, 15, 255, 0x10000, UINT32_MAX };
	struct client client = open_default();
	size_t n = 0;

	for (n = 0; n < sizeof(ids) / sizeof(*ids); n++) {
		case_step("command %u", ids[n]);
		CHECK_EQ(invoke(&client, ids[n], none(), none(), none(),
				none()),
			 TEE_ERROR_NOT_SUPPORTED);
		CHECK_EQ(invoke(&client, ids[n], in(text("k")), out(10),
				value_out(), none()),
			 TEE_ERROR_NOT_SUPPORTED);
	}
}

/*
 * A client can give a size without memory. A TA that does not expect it would
 * be killed, and with it the sessions of everybody.
 */
static void check_without_memory(struct client *client, uint32_t command,
				 uint32_t all)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	uint32_t origin = 0;
	size_t n = 0;

	if (command == SECSTOR_CMD_WHOAMI)
		return;

	case_step("command %u, types 0x%04x", command, all);
	for (n = 0; n < TEE_NUM_PARAMS; n++)
		if (TEE_PARAM_TYPE_GET(all, n) >= IN)
			params[n].memref.size = 256;
	CHECK_EQ(soft_tee_invoke(client->session, command, all, params,
				 &origin),
		 TEE_ERROR_BAD_PARAMETERS);
	CHECK_EQ(origin, TEE_ORIGIN_TRUSTED_APP);
}

CASE(a_size_without_memory_is_refused)
{
	struct client client = open_default();
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	for (n = 0; n < sizeof(commands) / sizeof(*commands); n++) {
		check_without_memory(&client, commands[n].id,
				     commands[n].first);
		check_without_memory(&client, commands[n].id,
				     commands[n].second);
	}
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
}

CASE(sizes_near_the_end_of_numbers_are_refused)
{
	static const size_t sizes[] = { SECSTOR_REQUEST_MAX + 1, 0x7fffffff,
					0xfffffff0, 0xffffffff };
	struct client client = open_default();
	uint8_t memory[16] = { 0 };
	size_t n = 0;
	size_t c = 0;

	for (c = 0; c < sizeof(commands) / sizeof(*commands); c++)
		for (n = 0; n < sizeof(sizes) / sizeof(*sizes); n++) {
			TEE_Param params[TEE_NUM_PARAMS] = { 0 };
			uint32_t origin = 0;
			TEE_Result res = TEE_SUCCESS;

			if (TEE_PARAM_TYPE_GET(commands[c].first, 0) != IN)
				continue;
			case_step("command %u, size %zu", commands[c].id,
				  sizes[n]);
			/* Nothing of it may be looked at. */
			params[0].memref.buffer = memory;
			params[0].memref.size = (__tee_size_t)sizes[n];
			params[2].value.a = 1;
			if (commands[c].id == SECSTOR_CMD_GENERATE)
				params[1].value.a = 1;
			res = soft_tee_invoke(client.session, commands[c].id,
					      commands[c].first, params,
					      &origin);
			CHECK(res == SECSTOR_ERROR_KEY ||
			      res == TEE_ERROR_BAD_PARAMETERS);
		}
}
