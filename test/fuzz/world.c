// SPDX-License-Identifier: MIT
#include "world.h"

#include "answer.h"
#include "check.h"
#include "shared.h"
#include "tee_api_defines.h"

struct world world;

/* Whose sessions there are at first. */
static const struct {
	enum owner owner;
	const char *domain;
} first[SLOTS] = {
	{ ALICE, "default" },
	{ ALICE, "other" },
	{ BOB, "default" },
	{ CREW, "default" },
};

void world_begin(void)
{
	size_t n = 0;

	case_begin();
	shared_begin(1);
	world.model.count = 0;
	for (n = 0; n < OWNERS; n++)
		world.model.highest[n] = 0;
	for (n = 0; n < SLOTS; n++)
		world.slots[n] = (struct slot){
			.asker = { first[n].owner, text(first[n].domain) }
		};
}

void world_end(void)
{
	case_end();
}

void world_forget_sessions(void)
{
	size_t n = 0;

	for (n = 0; n < SLOTS; n++)
		world.slots[n].open = false;
}

struct slot *world_slot(uint8_t choice)
{
	struct slot *slot = world.slots + choice % SLOTS;

	if (!slot->open) {
		CHECK_EQ(open_as(&slot->client,
				 owner_identities[slot->asker.owner],
				 slot->asker.domain),
			 TEE_SUCCESS);
		slot->open = true;
	}
	return slot;
}

struct request world_request(const struct unit *unit, struct input *input,
			     const struct slot *slot)
{
	return request_of(unit, input, &world.model, &slot->asker);
}

TEE_Result world_try(struct slot *slot, const struct request *request,
		     struct expectation *expectation)
{
	const struct arg *args = request->args;

	expect(&world.model, &slot->asker, request, expectation);
	invoke(&slot->client, request->command, args[0], args[1], args[2],
	       args[3]);
	case_step("slot %zu, command %u, %zu changes, first key \"%.*s\": 0x%x",
		  (size_t)(slot - world.slots), request->command,
		  expectation->change_count, (int)args[0].in.size % 32,
		  (const char *)args[0].in.data, slot->client.result);
	return slot->client.result;
}

static void apply(struct slot *slot, const struct request *request,
		  const struct expectation *expectation)
{
	size_t n = 0;

	for (n = 0; n < expectation->change_count; n++) {
		const struct change *change = expectation->changes + n;
		enum owner owner = change->owner;
		struct entry entry = {
			.owner = owner,
			.key = change->key,
			.value = change->value,
			.value_unknown = change->value_unknown,
		};

		if (change->remove) {
			model_remove(&world.model, owner, change->key);
			continue;
		}
		entry.revision = answer_revision(&slot->client, request, n);
		CHECK(entry.revision > world.model.highest[owner]);
		if (entry.value_unknown &&
		    request->args[3].type == TEE_PARAM_TYPE_MEMREF_OUTPUT) {
			entry.value = slot->client.out[3];
			entry.value_unknown = false;
		}
		model_put(&world.model, &entry);
	}
}

void world_accept(struct slot *slot, const struct request *request,
		  const struct expectation *expectation)
{
	answer_check(&world.model, slot, request, expectation);
	apply(slot, request, expectation);
}

bool world_may_refuse(TEE_Result res, const struct expectation *expectation)
{
	switch (res) {
	case SECSTOR_ERROR_QUOTA:
		return expectation->may_exceed_quota;
	case SECSTOR_ERROR_NO_PLACE:
		return expectation->may_lack_place;
	case SECSTOR_ERROR_FULL:
		return expectation->change_count;
	case TEE_ERROR_ITEM_NOT_FOUND:
		return expectation->may_be_absent;
	default:
		return false;
	}
}

void world_play(struct slot *slot, const struct request *request)
{
	static struct expectation expectation;
	TEE_Result res = world_try(slot, request, &expectation);

	if (world_may_refuse(res, &expectation))
		return;
	CHECK_EQ(res, expectation.result);
	if (res)
		answer_check_error(&slot->client, request, &expectation);
	else
		world_accept(slot, request, &expectation);
}
