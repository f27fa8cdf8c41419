// SPDX-License-Identifier: MIT
#include "answer.h"

#include <string.h>

#include "check.h"
#include "tee_api_defines.h"

#define ENTRY_SIZE 16

/* An answer with the model that it is held against. */
struct held {
	struct model *model;
	const struct slot *slot;
	const struct request *request;
	const struct expectation *expectation;
};

bool answer_is_value(const struct entry *entry, struct bytes value)
{
	return entry->value_unknown ? entry->value.size == value.size
				    : bytes_equal(entry->value, value);
}

static const struct entry *find(const struct held *held, struct bytes key)
{
	const struct asker *asker = &held->slot->asker;

	return model_find(held->model, asker->owner,
			  model_full_key(asker, key));
}

static const struct entry *asked_entry(const struct held *held)
{
	return find(held, held->request->args[0].in);
}

uint64_t answer_revision(const struct client *client,
			 const struct request *request, size_t n)
{
	if (request->command == SECSTOR_CMD_BATCH)
		return read_u64(client->out[1].data + 8 * n);
	return number(client, 2);
}

static void check_get(const struct held *held)
{
	const struct client *client = &held->slot->client;
	const struct entry *entry = asked_entry(held);

	CHECK(answer_is_value(entry, client->out[1]));
	CHECK_EQ(number(client, 2), entry->revision);
}

static void check_stat(const struct held *held)
{
	const struct client *client = &held->slot->client;
	const struct entry *entry = asked_entry(held);

	CHECK_EQ(number(client, 1), entry->revision);
	CHECK_EQ(number(client, 2), entry->value.size);
}

static void check_get_many(const struct held *held)
{
	const struct client *client = &held->slot->client;
	struct bytes out = client->out[1];
	const uint8_t *asked = held->request->args[0].in.data;
	uint32_t count = client->params[2].value.a;
	size_t at = 0;

	CHECK(count);
	for (; count; count--) {
		const uint8_t *head = out.data + at;
		struct bytes key = { asked + 2, read_u16(asked) };
		const struct entry *entry = find(held, key);
		struct bytes value = { head + ENTRY_SIZE, read_u32(head + 8) };

		asked += 2 + key.size;
		at += ENTRY_SIZE + value.size;
		CHECK(at <= out.size);
		CHECK_EQ(read_u32(head + 12), 0);
		CHECK_EQ(read_u64(head), entry ? entry->revision : 0);
		CHECK(entry ? answer_is_value(entry, value) : !value.size);
	}
	CHECK_EQ(at, out.size);
	/* It ends only where the next one has no room. */
	if (asked <
	    held->request->args[0].in.data + held->request->args[0].in.size) {
		struct bytes key = { asked + 2, read_u16(asked) };
		const struct entry *entry = find(held, key);

		CHECK(at + ENTRY_SIZE + (entry ? entry->value.size : 0) >
		      held->request->args[1].room);
	}
}

static void check_list(const struct held *held)
{
	const struct client *client = &held->slot->client;
	const struct asker *asker = &held->slot->asker;
	const struct arg *args = held->request->args;
	struct bytes prefix = model_full_key(asker, args[0].in);
	struct bytes key = model_full_key(asker, args[1].in);
	size_t domain = asker->domain.size + 1;
	bool inclusive = bytes_compare(key, prefix) < 0;
	const struct entry *entry = NULL;
	uint32_t count = 0;
	size_t at = 0;

	if (inclusive)
		key = prefix;
	for (;; count++, inclusive = false, key = entry->key) {
		const uint8_t *head = client->out[2].data + at;

		entry = model_next(held->model, asker->owner, prefix, key,
				   inclusive);
		if (!entry || at == client->out[2].size)
			break;
		at += ENTRY_SIZE + entry->key.size - domain;
		CHECK(at <= client->out[2].size);
		CHECK_EQ(read_u64(head), entry->revision);
		CHECK_EQ(read_u32(head + 8), entry->value.size);
		CHECK_EQ(read_u16(head + 12), entry->key.size - domain);
		CHECK_EQ(read_u16(head + 14), 0);
		CHECK(!memcmp(head + ENTRY_SIZE, entry->key.data + domain,
			      entry->key.size - domain));
	}
	CHECK_EQ(at, client->out[2].size);
	CHECK_EQ(client->params[3].value.a, count);
	CHECK_EQ(client->params[3].value.b, entry != NULL);
	CHECK(!entry || (args[3].a && count == args[3].a) ||
	      at + ENTRY_SIZE + entry->key.size - domain > args[2].room);
}

static void check_swap(const struct held *held)
{
	const struct entry *old = asked_entry(held);
	struct bytes out = held->slot->client.out[3];

	if (held->request->args[3].type != TEE_PARAM_TYPE_MEMREF_OUTPUT)
		return;
	CHECK(out.size >= 8);
	CHECK_EQ(read_u64(out.data), old ? old->revision : 0);
	out.data += 8;
	out.size -= 8;
	CHECK(old ? answer_is_value(old, out) : !out.size);
}

static void check_batch(const struct held *held)
{
	const struct expectation *expectation = held->expectation;
	struct bytes out = held->slot->client.out[1];
	size_t n = 0;

	CHECK_EQ(out.size, 8 * expectation->change_count);
	for (n = 0; n < expectation->change_count; n++) {
		const struct change *change = expectation->changes + n;
		const struct entry *old = model_find(
			held->model, held->slot->asker.owner, change->key);

		if (change->remove)
			CHECK_EQ(read_u64(out.data + 8 * n),
				 old ? old->revision : 0);
	}
}

static void check_info(const struct held *held)
{
	const uint8_t *info = held->slot->client.out[0].data;
	enum owner owner = held->slot->asker.owner;

	CHECK_EQ(read_u32(info + SECSTOR_INFO_LOGIN),
		 owner_identities[owner]->login);
	CHECK_EQ(read_u32(info + SECSTOR_INFO_USED_KEYS),
		 model_keys(held->model, owner));
	CHECK_EQ(read_u64(info + SECSTOR_INFO_USED_BYTES),
		 model_bytes(held->model, owner));
}

static void check_whoami(const struct held *held)
{
	const struct client *client = &held->slot->client;
	const TEE_Identity *who = owner_identities[held->slot->asker.owner];
	uint32_t first = client->params[0].value.a;

	/* The first octets are those of timeLow, highest first. */
	CHECK_EQ(first >> 24 | (first >> 8 & 0xff00) | (first & 0xff00) << 8 |
			 first << 24,
		 who->uuid.timeLow);
	CHECK_EQ(client->params[1].value.b >> 24, who->uuid.clockSeqAndNode[7]);
	CHECK_EQ(client->params[2].value.a, who->login);
}

/* Copies may be damaged, never both of an object. */
static void check_verify(const struct held *held)
{
	const struct client *client = &held->slot->client;
	uint32_t damaged = client->params[2].value.b;
	uint32_t healed = client->params[3].value.a;

	CHECK(client->params[2].value.a >= damaged);
	CHECK_EQ(healed, held->request->args[2].a ? damaged : 0);
	CHECK_EQ(client->params[3].value.b, 0);
}

void answer_check(struct model *model, const struct slot *slot,
		  const struct request *request,
		  const struct expectation *expectation)
{
	const struct held held = { model, slot, request, expectation };
	const struct client *client = &slot->client;

	switch (request->command) {
	case SECSTOR_CMD_INFO:
		check_info(&held);
		break;
	case SECSTOR_CMD_GET:
		check_get(&held);
		break;
	case SECSTOR_CMD_GET_MANY:
		check_get_many(&held);
		break;
	case SECSTOR_CMD_PUT:
		check_swap(&held);
		break;
	case SECSTOR_CMD_DELETE:
		CHECK_EQ(number(client, 1), asked_entry(&held)->revision);
		break;
	case SECSTOR_CMD_LIST:
		check_list(&held);
		break;
	case SECSTOR_CMD_STAT:
		check_stat(&held);
		break;
	case SECSTOR_CMD_BATCH:
		check_batch(&held);
		break;
	case SECSTOR_CMD_GENERATE:
		if (request->args[3].type == TEE_PARAM_TYPE_MEMREF_OUTPUT)
			CHECK_EQ(client->out[3].size, request->args[1].a);
		break;
	case SECSTOR_CMD_CLEAR:
		CHECK_EQ(client->params[1].value.a, expectation->change_count);
		/* What trouble kept from being removed is left for later. */
		CHECK(client->params[1].value.b <= 1);
		break;
	case SECSTOR_CMD_VERIFY:
		check_verify(&held);
		break;
	case SECSTOR_CMD_OWNERS:
		CHECK_EQ(client->out[1].size,
			 SECSTOR_OWNERS_HEADER_SIZE +
				 client->params[2].value.a *
					 SECSTOR_OWNER_ENTRY_SIZE);
		break;
	case SECSTOR_CMD_REMOVE_OWNER:
		CHECK_EQ(client->params[1].value.a, expectation->change_count);
		break;
	default:
		check_whoami(&held);
	}
}

void answer_check_error(const struct client *client,
			const struct request *request,
			const struct expectation *expectation)
{
	size_t n = 0;

	if (client->result == TEE_ERROR_SHORT_BUFFER) {
		CHECK_EQ(client->params[expectation->output].memref.size,
			 expectation->needed);
		return;
	}
	for (n = 0; n < TEE_NUM_PARAMS; n++)
		if (request->args[n].type == TEE_PARAM_TYPE_MEMREF_OUTPUT)
			CHECK_EQ(client->params[n].memref.size, 0);
	if (request->args[2].type != TEE_PARAM_TYPE_VALUE_OUTPUT ||
	    !expectation->is_parsed)
		return;
	if (request->command == SECSTOR_CMD_BATCH)
		CHECK_EQ(client->params[2].value.a, expectation->index);
	if (request->command == SECSTOR_CMD_GET_MANY)
		CHECK_EQ(client->params[2].value.b, expectation->index);
}
