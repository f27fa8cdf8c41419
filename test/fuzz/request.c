// SPDX-License-Identifier: MIT
#include "request.h"

#include "tee_api_defines.h"

static uint64_t condition_of(const struct unit *unit, const struct model *model,
			     const struct asker *asker, struct bytes key)
{
	const struct entry *entry =
		model_find(model, asker->owner, model_full_key(asker, key));

	switch (unit->condition % 16) {
	case 0:
		return ABSENT;
	case 1:
	case 2:
		return entry ? entry->revision : ABSENT;
	case 3:
		return entry ? entry->revision + 1 : 1;
	case 4:
		return model->highest[asker->owner];
	default:
		return ANY;
	}
}

/* Room for an answer. */
static struct arg room_of(const struct unit *unit)
{
	static const uint16_t rooms[] = { 3000, 3000, 3000, 3000, 3000, 0,
					  7,	8,    15,   16,	  17,	40,
					  80,	108,  300,  520 };

	return out(rooms[unit->room % 16] + (unit->room >> 4) % 4u);
}

static struct bytes packed_keys(const struct unit *unit, struct input *input)
{
	struct bytes request = { 0 };
	struct unit part = { 0 };
	size_t count = unit->size % 16u;

	for (; count && input_unit(input, &part); count--)
		request = join(request, asked(key_of(part.key, input)));
	return request;
}

static struct bytes packed_changes(const struct unit *unit, struct input *input,
				   const struct model *model,
				   const struct asker *asker)
{
	struct bytes request = { 0 };
	struct unit part = { 0 };
	size_t count = unit->size % 16u;

	for (; count && input_unit(input, &part); count--) {
		struct bytes key = key_of(part.key, input);
		uint64_t expected = condition_of(&part, model, asker, key);

		request = join(request,
			       part.kind % 4
				       ? batch_put(key, value_of_unit(&part),
						   expected)
				       : batch_delete(key, expected));
	}
	return request;
}

/* A prefix: a key's beginning, mostly short. */
static struct bytes prefix_of(const struct unit *unit, struct input *input)
{
	struct bytes key = key_of(unit->key, input);

	if (unit->size % 8 < key.size && key.size < 32)
		key.size = unit->size % 8;
	return key;
}

static struct request keyed(uint32_t command, struct bytes key)
{
	return (struct request){ command, { in(key) } };
}

static struct request put_request(const struct unit *unit, struct bytes key,
				  uint64_t expected)
{
	struct request request = keyed(SECSTOR_CMD_PUT, key);

	request.args[1] = in(value_of_unit(unit));
	request.args[2] = revision_inout(expected);
	return request;
}

static struct request generate_request(const struct unit *unit,
				       struct bytes key, uint64_t expected)
{
	struct request request = keyed(SECSTOR_CMD_GENERATE, key);

	request.args[1] = value_in((uint32_t)value_of_unit(unit).size,
				   unit->seed == 0xff);
	request.args[2] = revision_inout(expected);
	return request;
}

static struct request packed_request(uint32_t command, struct bytes packed,
				     const struct unit *unit)
{
	return (struct request){ command,
				 { in(packed), room_of(unit), value_out() } };
}

static struct request list_request(const struct unit *unit, struct input *input)
{
	return (struct request){
		SECSTOR_CMD_LIST,
		{ in(prefix_of(unit, input)),
		  in(unit->condition ? key_of(unit->condition, input)
				     : text("")),
		  room_of(unit), value_inout(unit->seed % 8u, 0) }
	};
}

/* About a store as a whole. */
static struct request store_request(const struct unit *unit,
				    struct input *input)
{
	struct bytes owner = owner_octets(unit->size % OWNERS);

	if (unit->hostile % 8 == 7)
		owner.size = unit->key % 20u % (owner.size + 1);
	switch (unit->seed % 4) {
	case 0:
		return (struct request){ SECSTOR_CMD_WHOAMI,
					 { value_out(), value_out(),
					   value_out() } };
	case 1:
		return (struct request){
			SECSTOR_CMD_VERIFY,
			{ in(unit->condition % 2 ? key_of(unit->key, input)
						 : text("")),
			  out(unit->room % 8 ? SECSTOR_CURSOR_MAX : unit->room),
			  value_inout(unit->condition / 2 % 2, 0), value_out() }
		};
	case 2:
		return (struct request){ SECSTOR_CMD_OWNERS,
					 { in(unit->condition % 2 ? owner
								  : text("")),
					   room_of(unit), value_out() } };
	default:
		return (struct request){ SECSTOR_CMD_REMOVE_OWNER,
					 { in(owner), value_out() } };
	}
}

/* The forms without a key of their own. */
static struct request keyless(const struct unit *unit, struct input *input,
			      const struct model *model,
			      const struct asker *asker)
{
	switch (unit->kind % REQUEST_KINDS) {
	case 0:
		return (struct request){ SECSTOR_CMD_INFO, { room_of(unit) } };
	case 1:
		return packed_request(SECSTOR_CMD_GET_MANY,
				      packed_keys(unit, input), unit);
	case 2:
		return list_request(unit, input);
	case 3:
		return (struct request){ SECSTOR_CMD_CLEAR,
					 { in(prefix_of(unit, input)),
					   value_out() } };
	case 4:
		return store_request(unit, input);
	default:
		return packed_request(SECSTOR_CMD_BATCH,
				      packed_changes(unit, input, model, asker),
				      unit);
	}
}

struct request request_of(const struct unit *unit, struct input *input,
			  const struct model *model, const struct asker *asker)
{
	struct request request = { 0 };
	struct bytes key = { 0 };
	uint64_t expected = ANY;

	if (unit->kind % REQUEST_KINDS <= 6)
		return keyless(unit, input, model, asker);
	key = key_of(unit->key, input);
	expected = condition_of(unit, model, asker, key);
	switch (unit->kind % REQUEST_KINDS) {
	case 7:
		request = keyed(SECSTOR_CMD_GET, key);
		request.args[1] = room_of(unit);
		request.args[2] = value_out();
		return request;
	case 8:
		request = keyed(SECSTOR_CMD_STAT, key);
		request.args[1] = value_out();
		request.args[2] = value_out();
		return request;
	case 9:
		request = keyed(SECSTOR_CMD_DELETE, key);
		request.args[1] = revision_inout(expected);
		return request;
	case 10:
		return generate_request(unit, key, expected);
	case 11:
		request = generate_request(unit, key, expected);
		request.args[3] = room_of(unit);
		return request;
	case 12:
		request = put_request(unit, key, expected);
		request.args[3] = room_of(unit);
		return request;
	default:
		return put_request(unit, key, expected);
	}
}

static void set_type(struct arg *arg, uint32_t type)
{
	arg->type = type;
	if (type == TEE_PARAM_TYPE_MEMREF_OUTPUT)
		arg->in.size = 0;
	if (type == TEE_PARAM_TYPE_MEMREF_INPUT)
		*arg = in(arg->in);
}

void request_harm(struct request *request, const struct unit *unit,
		  struct input *input)
{
	struct arg *arg = request->args + unit->hostile % TEE_NUM_PARAMS;
	uint8_t *bad = NULL;

	switch (unit->hostile / 4 % 8) {
	case 0:
		set_type(arg, unit->seed % 8u);
		break;
	case 1:
		arg->no_memory = true;
		break;
	case 2:
		if (arg->type == TEE_PARAM_TYPE_MEMREF_INPUT)
			*arg = in(input_bytes(input, unit->size % 16u));
		break;
	case 3:
		/* One byte of the packed ones, the head of an entry often. */
		if (arg->type != TEE_PARAM_TYPE_MEMREF_INPUT || !arg->in.size)
			break;
		*arg = in(join(arg->in, text("")));
		bad = (uint8_t *)arg->in.data;
		bad[unit->key % arg->in.size] = unit->seed;
		break;
	case 4:
		if (arg->type == TEE_PARAM_TYPE_MEMREF_INPUT && arg->in.size)
			*arg = in((struct bytes){ arg->in.data,
						  unit->key % arg->in.size });
		break;
	case 5:
		request->command = unit->seed;
		break;
	case 6:
		if (arg->type == TEE_PARAM_TYPE_MEMREF_INPUT && is_huge(unit))
			*arg = in(repeat('z', SECSTOR_REQUEST_MAX + 1));
		break;
	default:
		/* One parameter too many. */
		set_type(request->args + 3, unit->seed % 8u);
	}
}
