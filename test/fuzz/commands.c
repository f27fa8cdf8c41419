// SPDX-License-Identifier: MIT
/*
 * Any commands of any clients, with parameters that are right or hostile and
 * in memory that changes; the TA must say exactly what the model says.
 */
#include <stdlib.h>

#include "check.h"
#include "tee_api_defines.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From here on a unit has hostile parameters. */
#define HOSTILE 176

static const TEE_Identity nil = { TEE_LOGIN_USER, { 0 } };
static const TEE_Identity own = { TEE_LOGIN_USER, SECSTOR_TA_UUID };
static const TEE_Identity public = { TEE_LOGIN_PUBLIC, { .timeLow = 1 } };
static const TEE_Identity app = { TEE_LOGIN_APPLICATION, { .timeLow = 1 } };
static const TEE_Identity *const others[] = { &nil, &own, &public, &app };

/* Opens the slot anew: as somebody, in some domain. */
static void reopen(struct slot *slot, const struct unit *unit,
		   struct input *input)
{
	enum owner owner = unit->size % OWNERS;
	const TEE_Identity *who = unit->size < 192 ? owner_identities[owner]
						   : others[unit->size % 4];
	struct bytes domain = key_of(unit->condition, input);
	TEE_Result res = TEE_SUCCESS;

	close_client(&slot->client);
	slot->open = false;
	if (unit->condition < 64)
		domain = text("default");
	res = open_as(&slot->client, who, domain);
	CHECK_EQ(res, expect_open(who, domain));
	if (res)
		return;
	slot->open = true;
	slot->asker = (struct asker){ owner, domain };
}

/* A session that must not be opened. */
static void open_badly(const struct unit *unit, struct input *input)
{
	struct request request = { 0, { value_in(1, 0), in(text("default")) } };
	const struct arg *args = request.args;
	struct client client = { 0 };
	TEE_Result res = TEE_ERROR_BAD_PARAMETERS;

	if (unit->size % 4) {
		request.args[0].a = 2u + unit->seed;
		res = SECSTOR_ERROR_PROTOCOL;
	} else {
		request_harm(&request, unit, input);
		request.args[3].type = TEE_PARAM_TYPE_VALUE_INPUT;
	}
	CHECK_EQ(open_with(&client, &alice, args[0], args[1], args[2], args[3]),
		 res);
}

static void do_something_else(struct slot *slot, const struct unit *unit,
			      struct input *input)
{
	switch (unit->key % 8) {
	case 0:
		close_client(&slot->client);
		slot->open = false;
		break;
	case 1:
		device_restart();
		world_forget_sessions();
		break;
	case 2:
		device_power_cycle();
		world_forget_sessions();
		break;
	case 3:
		open_badly(unit, input);
		break;
	default:
		reopen(slot, unit, input);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct unit unit = { 0 };

	world_begin();
	while (input_unit(&input, &unit)) {
		struct slot *slot = world_slot(unit.slot);
		struct request request = { 0 };

		if (unit.kind % REQUEST_KINDS == REQUEST_NONE) {
			do_something_else(slot, &unit, &input);
			continue;
		}
		request = world_request(&unit, &input, slot);
		if (unit.hostile >= HOSTILE)
			request_harm(&request, &unit, &input);
		world_play(slot, &request);
	}
	device_restart();
	CHECK(world_holds(&world.model));
	world_end();
	return 0;
}
