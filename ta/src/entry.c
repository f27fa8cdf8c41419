// SPDX-License-Identifier: MIT
#include "cache.h"
#include "commands.h"
#include "identity.h"
#include "lookup.h"
#include "mem.h"
#include "names.h"
#include "owner_list.h"

/* Parameter types in the words of secstor_ta.h. */
#define NONE TEE_PARAM_TYPE_NONE
#define IN TEE_PARAM_TYPE_MEMREF_INPUT
#define OUT TEE_PARAM_TYPE_MEMREF_OUTPUT
#define V_IN TEE_PARAM_TYPE_VALUE_INPUT
#define V_OUT TEE_PARAM_TYPE_VALUE_OUTPUT
#define V_INOUT TEE_PARAM_TYPE_VALUE_INOUT
#define TYPES(a, b, c, d) TEE_PARAM_TYPES(a, b, c, d)

/* What each command takes; one with an output that may be left out, twice. */
static const struct {
	uint32_t id;
	uint32_t types;
	command run;
} commands[] = {
	{ SECSTOR_CMD_INFO, TYPES(OUT, NONE, NONE, NONE), command_info },
	{ SECSTOR_CMD_GET, TYPES(IN, OUT, V_OUT, NONE), command_get },
	{ SECSTOR_CMD_GET_MANY, TYPES(IN, OUT, V_OUT, NONE), command_get_many },
	{ SECSTOR_CMD_PUT, TYPES(IN, IN, V_INOUT, NONE), command_put },
	{ SECSTOR_CMD_PUT, TYPES(IN, IN, V_INOUT, OUT), command_swap },
	{ SECSTOR_CMD_DELETE, TYPES(IN, V_INOUT, NONE, NONE), command_delete },
	{ SECSTOR_CMD_LIST, TYPES(IN, IN, OUT, V_INOUT), command_list },
	{ SECSTOR_CMD_STAT, TYPES(IN, V_OUT, V_OUT, NONE), command_stat },
	{ SECSTOR_CMD_BATCH, TYPES(IN, OUT, V_OUT, NONE), command_batch },
	{ SECSTOR_CMD_GENERATE, TYPES(IN, V_IN, V_INOUT, NONE),
	  command_generate },
	{ SECSTOR_CMD_GENERATE, TYPES(IN, V_IN, V_INOUT, OUT),
	  command_generate_and_return },
	{ SECSTOR_CMD_CLEAR, TYPES(IN, V_OUT, NONE, NONE), command_clear },
	{ SECSTOR_CMD_WHOAMI, TYPES(V_OUT, V_OUT, V_OUT, NONE),
	  command_whoami },
	{ SECSTOR_CMD_VERIFY, TYPES(IN, OUT, V_INOUT, V_OUT), command_verify },
	{ SECSTOR_CMD_OWNERS, TYPES(IN, OUT, V_OUT, NONE), command_owners },
	{ SECSTOR_CMD_REMOVE_OWNER, TYPES(IN, V_OUT, NONE, NONE),
	  command_remove_owner },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(*commands))

/* The TEE has seen to it that memory is the client's, except for NULL. */
static bool references_are_sound(uint32_t types, const TEE_Param *params)
{
	uint32_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		uint32_t type = TEE_PARAM_TYPE_GET(types, n);

		if ((type == IN || type == OUT) && !params[n].memref.buffer &&
		    params[n].memref.size)
			return false;
	}
	return true;
}

TEE_Result TA_CreateEntryPoint(void)
{
	return mem_begin() ? TEE_SUCCESS : TEE_ERROR_OUT_OF_MEMORY;
}

void TA_DestroyEntryPoint(void)
{
	cache_drop_all();
	mem_end();
}

static void free_session(struct session *session)
{
	mem_wipe(session, sizeof(*session));
	TEE_Free(session);
}

static TEE_Result take_domain(struct session *session, const TEE_Param *param)
{
	struct span domain = { 0 };
	TEE_Result res = copy_in(param, 0, SECSTOR_DOMAIN_MAX,
				 SECSTOR_ERROR_DOMAIN, &domain);

	if (res)
		return res;
	if (name_is_sound(domain, SECSTOR_DOMAIN_MAX)) {
		memcpy(session->domain, domain.data, domain.size);
		session->domain_size = (uint8_t)domain.size;
	} else {
		res = SECSTOR_ERROR_DOMAIN;
	}
	mem_free((void *)domain.data, domain.size);
	return res;
}

/* A wrong id is none. */
static void take_id(struct owner *owner, const TEE_Param *param)
{
	owner->proven = !param->value.b &&
			identity_is_of(owner, param->value.a);
	owner->id = owner->proven ? param->value.a : 0;
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t types,
				    TEE_Param params[TEE_NUM_PARAMS],
				    void **context)
{
	bool with_id = types == TYPES(V_IN, IN, V_IN, NONE);
	struct session *session = NULL;
	TEE_Result res = TEE_SUCCESS;

	if ((!with_id && types != TYPES(V_IN, IN, NONE, NONE)) ||
	    !references_are_sound(types, params))
		return TEE_ERROR_BAD_PARAMETERS;
	if (params[0].value.a != SECSTOR_PROTOCOL_VERSION)
		return SECSTOR_ERROR_PROTOCOL;
	session = TEE_Malloc(sizeof(*session), 0);
	if (!session)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = session_owner(&session->owner);
	if (!res)
		res = take_domain(session, params + 1);
	if (res) {
		free_session(session);
		return res;
	}
	if (with_id)
		take_id(&session->owner, params + 2);
	lookup_doubt(&session->owner);
	*context = session;
	return TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *context)
{
	free_session(context);
}

/* After an error nothing of an output reference is to be looked at. */
static void empty_outputs(uint32_t types, TEE_Param *params)
{
	uint32_t n = 0;

	for (n = 0; n < TEE_NUM_PARAMS; n++)
		if (TEE_PARAM_TYPE_GET(types, n) == OUT)
			params[n].memref.size = 0;
}

/*
 * Runs a command. If it turns out that another storage has taken the place of
 * the one that is in memory, it runs again on that one.
 */
static TEE_Result run(command handler, const struct session *session,
		      TEE_Param *params)
{
	TEE_Param saved[TEE_NUM_PARAMS];
	TEE_Result res = TEE_SUCCESS;

	memcpy(saved, params, sizeof(saved));
	res = handler(session, params);
	if (res != STORE_CHANGED)
		return res;
	memcpy(params, saved, sizeof(saved));
	res = handler(session, params);
	return res == STORE_CHANGED ? TEE_ERROR_STORAGE_NOT_AVAILABLE : res;
}

TEE_Result TA_InvokeCommandEntryPoint(void *context, uint32_t id,
				      uint32_t types,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	TEE_Result res = TEE_ERROR_NOT_SUPPORTED;
	size_t n = 0;

#ifdef CFG_SECSTOR_TEST
	if (id == SECSTOR_CMD_TEST_PANIC)
		TEE_Panic(0);
#endif
	for (n = 0; n < COMMAND_COUNT; n++) {
		if (commands[n].id != id)
			continue;
		res = TEE_ERROR_BAD_PARAMETERS;
		if (commands[n].types == types &&
		    references_are_sound(types, params)) {
			res = run(commands[n].run, context, params);
			break;
		}
	}
	persistent_end();
	owner_list_end();
	lookup_end();
	if (res && res != TEE_ERROR_SHORT_BUFFER)
		empty_outputs(types, params);
	return res;
}
