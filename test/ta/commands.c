// SPDX-License-Identifier: MIT
/* The TA's commands as functions. */
#include "check.h"
#include "client.h"
#include "tee_api_defines.h"

TEE_Result get(struct client *client, struct bytes key, size_t room)
{
	return invoke(client, SECSTOR_CMD_GET, in(key), out(room), value_out(),
		      none());
}

TEE_Result put(struct client *client, struct bytes key, struct bytes value,
	       uint64_t expected)
{
	return invoke(client, SECSTOR_CMD_PUT, in(key), in(value),
		      revision_inout(expected), none());
}

TEE_Result put_swap(struct client *client, struct bytes key, struct bytes value,
		    uint64_t expected, size_t room)
{
	return invoke(client, SECSTOR_CMD_PUT, in(key), in(value),
		      revision_inout(expected), out(room));
}

TEE_Result del(struct client *client, struct bytes key, uint64_t expected)
{
	return invoke(client, SECSTOR_CMD_DELETE, in(key),
		      revision_inout(expected), none(), none());
}

TEE_Result stat_key(struct client *client, struct bytes key)
{
	return invoke(client, SECSTOR_CMD_STAT, in(key), value_out(),
		      value_out(), none());
}

TEE_Result list(struct client *client, struct bytes prefix, struct bytes after,
		uint32_t wanted, size_t room)
{
	return invoke(client, SECSTOR_CMD_LIST, in(prefix), in(after),
		      out(room), value_inout(wanted, 0));
}

TEE_Result clear(struct client *client, struct bytes prefix)
{
	return invoke(client, SECSTOR_CMD_CLEAR, in(prefix), value_out(),
		      none(), none());
}

TEE_Result generate(struct client *client, struct bytes key, uint32_t size,
		    uint64_t expected)
{
	return invoke(client, SECSTOR_CMD_GENERATE, in(key), value_in(size, 0),
		      revision_inout(expected), out(size));
}

TEE_Result get_many(struct client *client, struct bytes request, size_t room)
{
	return invoke(client, SECSTOR_CMD_GET_MANY, in(request), out(room),
		      value_out(), none());
}

TEE_Result batch(struct client *client, struct bytes request, size_t room)
{
	return invoke(client, SECSTOR_CMD_BATCH, in(request), out(room),
		      value_out(), none());
}

struct bytes value_of(struct client *client, struct bytes key)
{
	CHECK_EQ(stat_key(client, key), TEE_SUCCESS);
	CHECK_EQ(get(client, key, (size_t)number(client, 2)), TEE_SUCCESS);
	return client->out[1];
}

bool is_absent(struct client *client, struct bytes key)
{
	return get(client, key, ROOM) == TEE_ERROR_ITEM_NOT_FOUND;
}

static const uint8_t *info_field(struct client *client, size_t offset)
{
	CHECK_EQ(invoke(client, SECSTOR_CMD_INFO, out(SECSTOR_INFO_SIZE),
			none(), none(), none()),
		 TEE_SUCCESS);
	CHECK_EQ(client->out[0].size, SECSTOR_INFO_SIZE);
	return client->out[0].data + offset;
}

uint32_t info_u32(struct client *client, size_t offset)
{
	return read_u32(info_field(client, offset));
}

uint64_t info_u64(struct client *client, size_t offset)
{
	return read_u64(info_field(client, offset));
}
