// SPDX-License-Identifier: MIT
/*
 * Sequences of requests in which the power is cut, the storage or the memory
 * fails, or a copy of an object is lost; the last request again and again with
 * the trouble at each of its calls. Each change is then made or not made, and
 * everything else is there.
 */
#include "check.h"
#include "faults.h"
#include "tee_api_defines.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From here on a unit has trouble; and, if it is the last one, at each call. */
#define TROUBLE 96
#define SWEEP 176
/* No more calls than these are tried. */
#define SWEEP_MAX 40

/*
 * Of an owner whose last change was cut off, the twins may be ahead until the
 * next one. Then the primaries must not be lost as well: that is more than
 * storage in two copies promises.
 */
static bool is_settled[OWNERS];
/* So that two copies of one thing are never lost, one is lost at most once. */
static bool is_wounded;

static bool all_settled(void)
{
	size_t n = 0;

	while (n < OWNERS && is_settled[n])
		n++;
	return n == OWNERS;
}

/* Loses one copy of some object. */
static void wound(const struct unit *unit)
{
	size_t count = map_count(&device.map);
	size_t index = 0;
	struct map_blob *blob = NULL;

	if (is_wounded || !count || !all_settled())
		return;
	is_wounded = true;
	index = unit->size % count;
	blob = map_at(&device.map, index);
	case_step("copy %u of owner %u:%x, number %u is lost, way %u",
		  blob->id.bytes[1], blob->id.bytes[2], blob->id.bytes[18],
		  read_u32(blob->id.bytes + 19), unit->seed % 4u);
	switch (unit->seed % 4) {
	case 0:
		map_remove_at(&device.map, index);
		break;
	case 1:
		blob->damage = MAP_CORRUPT_AT_OPEN;
		break;
	case 2:
		blob->damage = MAP_CORRUPT_AT_READ;
		break;
	default:
		map_replace(blob, blob->data, blob->size / 2);
	}
}

static const struct trouble *trouble_of(const struct unit *unit)
{
	const struct trouble *trouble =
		troubles + (unit->hostile & 31) % trouble_count;

	/* It would lose the other copies. */
	return trouble->mute && (is_wounded || !all_settled()) ? troubles
							       : trouble;
}

/* The model with the change made, of which revisions are yet unknown. */
static void change_model(struct model *model,
			 const struct expectation *expectation)
{
	size_t n = 0;

	for (n = 0; n < expectation->change_count; n++) {
		const struct change *change = expectation->changes + n;
		const struct entry entry = {
			.owner = change->owner,
			.key = change->key,
			.value = change->value,
			.value_unknown = change->value_unknown,
		};

		if (change->remove)
			model_remove(model, change->owner, change->key);
		else
			model_put(model, &entry);
	}
}

/* The model becomes what is stored, which is one of two things. */
static void learn(const struct trouble *trouble,
		  const struct expectation *expectation)
{
	static struct model changed;
	size_t n = 0;

	if (world_holds(&world.model))
		return;
	CHECK(!trouble->clean);
	model_copy(&changed, &world.model);
	change_model(&changed, expectation);
	CHECK(world_holds(&changed));
	world.model.count = 0;
	for (n = 0; n < changed.count; n++)
		model_put(&world.model, changed.entries + n);
}

/* What a request may answer that had the trouble. */
static bool is_explained(TEE_Result res, const struct trouble *trouble)
{
	if (trouble->kills)
		return res == TEE_ERROR_TARGET_DEAD;
	if (trouble->mute)
		return res == TEE_ERROR_TARGET_DEAD ||
		       res == TEE_ERROR_CORRUPT_OBJECT ||
		       res == TEE_ERROR_STORAGE_NOT_AVAILABLE;
	/* With no registry to ask, any failure of the probe is this one. */
	if (res == TEE_ERROR_STORAGE_NOT_AVAILABLE)
		return true;
	return res == (trouble->memory ? TEE_ERROR_OUT_OF_MEMORY
				       : trouble->fault.result);
}

/* True: the trouble came. */
static bool make_request(struct slot *slot, const struct request *request,
			 const struct trouble *trouble, uint64_t nth)
{
	static struct expectation expectation;
	bool *settled = is_settled + slot->asker.owner;
	TEE_Result res = TEE_SUCCESS;
	bool hit = false;

	trouble_begin(trouble, nth);
	res = world_try(slot, request, &expectation);
	hit = trouble_end(trouble);
	if (hit)
		case_step("  %s at call %llu", trouble->name,
			  (unsigned long long)nth);
	/* A store that was not there to be opened is taken for a lost one. */
	if (res == TEE_ERROR_TARGET_DEAD || (hit && trouble->mute)) {
		device_power_cycle();
		world_forget_sessions();
	}
	if (!res && !expectation.result) {
		world_accept(slot, request, &expectation);
		if (expectation.change_count)
			*settled = !hit;
		return hit;
	}
	if (res == expectation.result || world_may_refuse(res, &expectation))
		return hit;
	if (!hit || !is_explained(res, trouble))
		case_fail(__FILE__, __LINE__, "0x%x from command %u with %s",
			  res, request->command,
			  hit ? trouble->name : "no trouble");
	if (expectation.change_count)
		*settled = false;
	learn(trouble, &expectation);
	return hit;
}

static void restart(void)
{
	case_step("restart");
	device_restart();
	world_forget_sessions();
}

/* Makes the request with the trouble at each call, each time from the start. */
static void sweep(const struct unit *unit, const struct request *request)
{
	static struct model model;
	const struct trouble *trouble = trouble_of(unit);
	const void *mark = keep_mark();
	struct map_store start = map_copy(&device.map);
	bool hit = true;
	uint64_t nth = 0;

	model_copy(&model, &world.model);
	for (nth = 1; hit && nth <= SWEEP_MAX; nth++) {
		device_restore(&start);
		world_forget_sessions();
		if (unit->condition & 16)
			CHECK(world_holds(&world.model));
		hit = make_request(world_slot(unit->slot), request, trouble,
				   nth);
		restart();
		CHECK(world_holds(&world.model));
		model_copy(&world.model, &model);
		keep_release(mark);
	}
	device_restore(&start);
	world_forget_sessions();
	map_clear(&start);
}

static void step(const struct unit *unit, struct input *input)
{
	struct slot *slot = world_slot(unit->slot);
	struct request request = { 0 };

	if (unit->kind % REQUEST_KINDS == REQUEST_NONE) {
		if (unit->key % 4)
			wound(unit);
		else
			restart();
		return;
	}
	request = world_request(unit, input, slot);
	if (unit->hostile >= SWEEP && !input->size)
		sweep(unit, &request);
	else if (unit->hostile >= TROUBLE)
		make_request(slot, &request, trouble_of(unit),
			     1u + unit->room / 16u);
	else if (make_request(slot, &request, troubles, 0))
		case_fail(__FILE__, __LINE__, "trouble that nobody ordered");
}

/* After all that, the store takes changes and keeps them. */
static void check_working(void)
{
	const struct request request = {
		SECSTOR_CMD_PUT,
		{ in(text("~works")), in(text("again")), revision_inout(ANY) }
	};
	size_t n = 0;

	for (n = 0; n < SLOTS; n++)
		world_play(world_slot((uint8_t)n), &request);
	restart();
	CHECK(world_holds(&world.model));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct unit unit = { 0 };
	size_t n = 0;

	world_begin();
	for (n = 0; n < OWNERS; n++)
		is_settled[n] = true;
	is_wounded = false;
	while (input_unit(&input, &unit))
		step(&unit, &input);
	restart();
	CHECK(world_holds(&world.model));
	check_working();
	world_end();
	return 0;
}
