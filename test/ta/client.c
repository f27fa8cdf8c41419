// SPDX-License-Identifier: MIT
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "sha1.h"
#include "soft_tee.h"
#include "tee_api_defines.h"

/* What an output holds before the call. */
#define UNTOUCHED 0xEE

#define ALICE_UUID                                                             \
	{                                                                      \
		0xfc34275c, 0xd8dd, 0x5ba7,                                    \
		{                                                              \
			0x96, 0x8b, 0x50, 0x47, 0x18, 0x36, 0x3b, 0x87         \
		}                                                              \
	}

const TEE_Identity alice = { TEE_LOGIN_USER, ALICE_UUID };
const TEE_Identity crew = { TEE_LOGIN_GROUP, ALICE_UUID };
/* Differs in one bit of the last byte only. */
const TEE_Identity bob = { TEE_LOGIN_USER,
			   { 0xfc34275c,
			     0xd8dd,
			     0x5ba7,
			     { 0x96, 0x8b, 0x50, 0x47, 0x18, 0x36, 0x3b,
			       0x86 } } };

void (*client_observer)(uint32_t types, const TEE_Param *params, bool before);

struct arg none(void)
{
	return (struct arg){ .type = TEE_PARAM_TYPE_NONE };
}

struct arg in(struct bytes data)
{
	return (struct arg){ .type = TEE_PARAM_TYPE_MEMREF_INPUT,
			     .in = data,
			     .room = data.size };
}

struct arg out(size_t room)
{
	return (struct arg){ .type = TEE_PARAM_TYPE_MEMREF_OUTPUT,
			     .room = room };
}

struct arg inout(struct bytes data, size_t room)
{
	return (struct arg){ .type = TEE_PARAM_TYPE_MEMREF_INOUT,
			     .in = data,
			     .room = room };
}

struct arg value_in(uint32_t a, uint32_t b)
{
	return (struct arg){ .type = TEE_PARAM_TYPE_VALUE_INPUT,
			     .a = a,
			     .b = b };
}

struct arg value_out(void)
{
	return (struct arg){ .type = TEE_PARAM_TYPE_VALUE_OUTPUT };
}

struct arg value_inout(uint32_t a, uint32_t b)
{
	return (struct arg){ .type = TEE_PARAM_TYPE_VALUE_INOUT,
			     .a = a,
			     .b = b };
}

struct arg revision_inout(uint64_t revision)
{
	return value_inout((uint32_t)revision, (uint32_t)(revision >> 32));
}

static bool is_memref(const struct arg *arg)
{
	return arg->type >= TEE_PARAM_TYPE_MEMREF_INPUT;
}

static TEE_Param param_of(const struct arg *arg)
{
	TEE_Param param = { 0 };
	uint8_t *buffer = NULL;

	if (!is_memref(arg)) {
		param.value.a = arg->a;
		param.value.b = arg->b;
		return param;
	}
	/* An empty reference has no memory, as in OP-TEE. */
	if (arg->room && !arg->no_memory) {
		buffer = malloc(arg->room);
		CHECK(buffer);
		memset(buffer, UNTOUCHED, arg->room);
		if (arg->in.size)
			memcpy(buffer, arg->in.data, arg->in.size);
	}
	param.memref.buffer = buffer;
	param.memref.size = (__tee_size_t)arg->room;
	return param;
}

/* The room for an answer can be large: memcmp() is many times a loop's speed. */
static bool is_untouched(const uint8_t *from, size_t size)
{
	return !size ||
	       (*from == UNTOUCHED && !memcmp(from, from + 1, size - 1));
}

/* Takes the answer over, checks the rest, and frees the memory. */
static struct bytes take_output(const struct arg *arg, uint8_t *buffer,
				size_t size, TEE_Result res)
{
	uint8_t *copy = NULL;

	if (res) {
		/* With SHORT_BUFFER, size is what it would take. */
		CHECK(res == TEE_ERROR_SHORT_BUFFER
			      ? size <= UINT32_MAX
			      : !size || size == arg->room);
		CHECK(!buffer || is_untouched(buffer, arg->room));
		free(buffer);
		return (struct bytes){ 0 };
	}
	CHECK(size <= arg->room);
	CHECK(!buffer || is_untouched(buffer + size, arg->room - size));
	copy = keep(size);
	if (size)
		memcpy(copy, buffer, size);
	free(buffer);
	return (struct bytes){ copy, size };
}

static void take_answer(struct client *client, const struct arg *args,
			void *const *buffers)
{
	size_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		const struct arg *arg = args + n;

		client->out[n] = (struct bytes){ 0 };
		if (arg->type == TEE_PARAM_TYPE_MEMREF_INPUT) {
			CHECK(!buffers[n] ||
			      !memcmp(buffers[n], arg->in.data, arg->room));
			free(buffers[n]);
		} else if (is_memref(arg) && !arg->in.size) {
			client->out[n] = take_output(
				arg, buffers[n], client->params[n].memref.size,
				client->result);
		} else {
			free(buffers[n]);
		}
	}
}

static void observe(uint32_t types, const TEE_Param *params, bool before)
{
	if (client_observer)
		client_observer(types, params, before);
}

static TEE_Result call(struct client *client, const TEE_Identity *who,
		       uint32_t command, const struct arg *args)
{
	void *buffers[TEE_NUM_PARAMS] = { 0 };
	uint32_t types = 0;
	size_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		client->params[n] = param_of(args + n);
		if (is_memref(args + n))
			buffers[n] = client->params[n].memref.buffer;
		types |= args[n].type << (4 * n);
	}
	observe(types, client->params, true);
	if (who)
		client->result = soft_tee_open_session(who, types,
						       client->params,
						       &client->session,
						       &client->origin);
	else
		client->result = soft_tee_invoke(client->session, command,
						 types, client->params,
						 &client->origin);
	observe(types, client->params, false);
	take_answer(client, args, buffers);
	return client->result;
}

TEE_Result invoke(struct client *client, uint32_t command, struct arg p0,
		  struct arg p1, struct arg p2, struct arg p3)
{
	struct arg args[TEE_NUM_PARAMS] = { p0, p1, p2, p3 };

	return call(client, NULL, command, args);
}

TEE_Result open_with(struct client *client, const TEE_Identity *who,
		     struct arg p0, struct arg p1, struct arg p2, struct arg p3)
{
	struct arg args[TEE_NUM_PARAMS] = { p0, p1, p2, p3 };

	return call(client, who, 0, args);
}

TEE_Identity user_identity(uint32_t uid)
{
	uint8_t name[16 + 16] = { 0x58, 0xac, 0x9c, 0xa0, 0x20, 0x86,
				  0x46, 0x83, 0xa1, 0xb8, 0xec, 0x4b,
				  0xc0, 0x8e, 0x01, 0xb6 };
	TEE_Identity who = { .login = TEE_LOGIN_USER };
	uint8_t hash[SHA1_SIZE] = { 0 };

	snprintf((char *)name + 16, 16, "uid=%x", uid);
	sha1_short(name, 16 + strlen((char *)name + 16), hash);
	who.uuid.timeLow = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
			   (uint32_t)hash[2] << 8 | hash[3];
	who.uuid.timeMid = (uint16_t)(hash[4] << 8 | hash[5]);
	who.uuid.timeHiAndVersion =
		(uint16_t)(((hash[6] & 0x0f) | 0x50) << 8 | hash[7]);
	memcpy(who.uuid.clockSeqAndNode, hash + 8, 8);
	who.uuid.clockSeqAndNode[0] &= 0x3f;
	who.uuid.clockSeqAndNode[0] |= 0x80;
	return who;
}

TEE_Result open_user(struct client *client, uint32_t uid, struct bytes domain)
{
	TEE_Identity who = user_identity(uid);

	return open_with(client, &who, value_in(SECSTOR_PROTOCOL_VERSION, 0),
			 in(domain), value_in(uid, 0), none());
}

TEE_Result open_as(struct client *client, const TEE_Identity *who,
		   struct bytes domain)
{
	bool known = !memcmp(who, &alice, sizeof(alice));

	return open_with(client, who, value_in(SECSTOR_PROTOCOL_VERSION, 0),
			 in(domain), known ? value_in(ALICE_UID, 0) : none(),
			 none());
}

struct client open_default(void)
{
	struct client client = { 0 };

	CHECK_EQ(open_as(&client, &alice, text("default")), TEE_SUCCESS);
	return client;
}

void close_client(struct client *client)
{
	soft_tee_close_session(client->session);
	client->session = 0;
}

uint64_t number(const struct client *client, size_t param)
{
	return client->params[param].value.a |
	       (uint64_t)client->params[param].value.b << 32;
}
