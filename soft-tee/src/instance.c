// SPDX-License-Identifier: MIT
/* The life of a TA instance and of its sessions. */
#include <string.h>

#include "core.h"
#include "core_heap.h"
#include "port.h"
#include "tee_internal_api.h"
#include "user_ta_header.h"

#define SERVED_FLAGS                                                           \
	(TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION |                     \
	 TA_FLAG_INSTANCE_KEEP_ALIVE)

struct session {
	struct session *next;
	uint32_t number;
	/* The instance it belongs to; dead if that is not the present one. */
	uint32_t instance;
	TEE_Identity client;
	/* Its place in the TA's heap while the instance lives. */
	struct piece *piece;
	/* The TA's own. */
	void *context;
};

/* A call into the TA, under way or to be made. */
struct call {
	TEE_Result (*enter)(struct call *call);
	struct session *session;
	uint32_t command;
	uint32_t param_types;
	TEE_Param *params;
	TEE_Result result;
};

static struct {
	struct soft_tee_config config;
	struct session *sessions;
	uint32_t last_session;
	/* Counts instances; the present one is loaded or yet to be. */
	uint32_t instance;
	bool loaded;
	const struct call *current;
} tee;

const struct soft_tee_config *core_config(void)
{
	return &tee.config;
}

const TEE_Identity *core_client(void)
{
	if (!tee.current || !tee.current->session)
		return NULL;
	return &tee.current->session->client;
}

void core_violation(const char *what)
{
	if (tee.config.violation)
		tee.config.violation(tee.config.context, what);
}

const TEE_UUID *soft_tee_ta_uuid(void)
{
	return &ta_uuid;
}

static bool is_memref(uint32_t type)
{
	return type == TEE_PARAM_TYPE_MEMREF_INPUT ||
	       type == TEE_PARAM_TYPE_MEMREF_OUTPUT ||
	       type == TEE_PARAM_TYPE_MEMREF_INOUT;
}

bool core_is_client_memory(const void *buffer, size_t size)
{
	uintptr_t start = (uintptr_t)buffer;
	size_t n = 0;

	if (!tee.current || !size)
		return false;
	for (n = 0; n < TEE_NUM_PARAMS; n++) {
		const TEE_Param *param = tee.current->params + n;
		uintptr_t theirs = 0;

		if (!is_memref(TEE_PARAM_TYPE_GET(tee.current->param_types, n)))
			continue;
		theirs = (uintptr_t)param->memref.buffer;
		if (start < theirs + param->memref.size &&
		    theirs < start + size)
			return true;
	}
	return false;
}

void core_require_private(const void *buffer, size_t size)
{
	if (core_is_client_memory(buffer, size))
		core_panic();
}

/* What remains of an instance is taken back, and the next one is another. */
static void reclaim(void)
{
	handles_reset();
	heap_reset();
	tee.loaded = false;
	tee.instance++;
}

void core_panic(void)
{
	reclaim();
	port_abandon();
}

void soft_tee_power_cut(void)
{
	core_panic();
}

void TEE_Panic(TEE_Result panicCode)
{
	(void)panicCode;
	core_panic();
}

static void run_entry(void *arg)
{
	struct call *call = arg;

	call->result = call->enter(call);
}

/* Calls an entry point with the parameters in memory of the TA. */
static TEE_Result enter(struct call *call)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_Param *theirs = call->params;
	struct call seen = *call;

	memcpy(params, theirs, sizeof(params));
	call->params = params;
	/* The TA may change its params; what is shared stays what it was. */
	seen.params = theirs;
	tee.current = &seen;
	if (!port_run(run_entry, call))
		call->result = TEE_ERROR_TARGET_DEAD;
	tee.current = NULL;
	if (tee.loaded) {
		memcpy(theirs, params, sizeof(params));
		if (handles_reset())
			core_violation("an object handle outlived a call");
	}
	return call->result;
}

static TEE_Result enter_create(struct call *call)
{
	(void)call;
	return TA_CreateEntryPoint();
}

/* The part of OP-TEE's TA library: a session takes room in the heap. */
static TEE_Result enter_open(struct call *call)
{
	struct session *session = call->session;
	TEE_Result res = TEE_SUCCESS;

	session->piece = heap_take_session();
	if (!session->piece)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = TA_OpenSessionEntryPoint(call->param_types, call->params,
				       &session->context);
	if (res)
		heap_give_session(session->piece);
	return res;
}

static TEE_Result enter_invoke(struct call *call)
{
	return TA_InvokeCommandEntryPoint(call->session->context, call->command,
					  call->param_types, call->params);
}

static TEE_Result enter_close(struct call *call)
{
	TA_CloseSessionEntryPoint(call->session->context);
	heap_give_session(call->session->piece);
	return TEE_SUCCESS;
}

static TEE_Result enter_destroy(struct call *call)
{
	(void)call;
	TA_DestroyEntryPoint();
	return TEE_SUCCESS;
}

/* For the entry points that have no parameters. */
static TEE_Result enter_plain(TEE_Result (*entry)(struct call *call),
			      struct session *session)
{
	TEE_Param none[TEE_NUM_PARAMS] = { 0 };
	struct call call = { .enter = entry,
			     .session = session,
			     .params = none };

	return enter(&call);
}

static TEE_Result load(struct session *session)
{
	TEE_Result res = TEE_SUCCESS;

	if (tee.loaded)
		return TEE_SUCCESS;
	port_load_ta();
	tee.loaded = true;
	res = enter_plain(enter_create, session);
	if (res && tee.loaded)
		reclaim();
	return res;
}

static void unload(void)
{
	enter_plain(enter_destroy, NULL);
	if (!tee.loaded)
		return;
	if (heap_reset())
		core_violation("memory is still allocated after the end");
	reclaim();
}

static bool is_alive(const struct session *session)
{
	return tee.loaded && session->instance == tee.instance;
}

static struct session **find(uint32_t number)
{
	struct session **at = &tee.sessions;

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static void forget(struct session *session)
{
	*find(session->number) = session->next;
	port_free(session);
}

static struct session *new_session(const TEE_Identity *client)
{
	struct session *session = port_alloc(sizeof(*session));

	if (!session)
		return NULL;
	*session = (struct session){ .next = tee.sessions, .client = *client };
	do {
		session->number = ++tee.last_session;
	} while (!session->number || *find(session->number));
	tee.sessions = session;
	return session;
}

static bool has_live_session(void)
{
	const struct session *session = NULL;

	for (session = tee.sessions; session; session = session->next)
		if (is_alive(session))
			return true;
	return false;
}

/* A TA that is not kept alive ends with its last session. */
static void unload_if_idle(void)
{
	if (tee.loaded && !(ta_flags & TA_FLAG_INSTANCE_KEEP_ALIVE) &&
	    !has_live_session())
		unload();
}

TEE_Result soft_tee_open_session(const TEE_Identity *client,
				 uint32_t param_types,
				 TEE_Param params[TEE_NUM_PARAMS],
				 uint32_t *number, uint32_t *origin)
{
	struct call call = { .enter = enter_open,
			     .param_types = param_types,
			     .params = params };
	TEE_Result res = TEE_SUCCESS;

	*number = 0;
	*origin = TEE_ORIGIN_TEE;
	/* Other kinds of TA would need an instance for each session. */
	if ((ta_flags & ~TA_FLAG_INSTANCE_KEEP_ALIVE) !=
	    (SERVED_FLAGS & ~TA_FLAG_INSTANCE_KEEP_ALIVE))
		return TEE_ERROR_NOT_SUPPORTED;
	call.session = new_session(client);
	if (!call.session)
		return TEE_ERROR_OUT_OF_MEMORY;

	res = load(call.session);
	if (!res) {
		call.session->instance = tee.instance;
		res = enter(&call);
		if (tee.loaded)
			*origin = TEE_ORIGIN_TRUSTED_APP;
	}
	if (!res) {
		*number = call.session->number;
	} else {
		forget(call.session);
		unload_if_idle();
	}
	return res;
}

TEE_Result soft_tee_invoke(uint32_t number, uint32_t command,
			   uint32_t param_types,
			   TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin)
{
	struct call call = { .enter = enter_invoke,
			     .session = *find(number),
			     .command = command,
			     .param_types = param_types,
			     .params = params };
	TEE_Result res = TEE_SUCCESS;

	*origin = TEE_ORIGIN_TEE;
	if (!call.session)
		return TEE_ERROR_BAD_PARAMETERS;
	if (!is_alive(call.session))
		return TEE_ERROR_TARGET_DEAD;
	res = enter(&call);
	if (tee.loaded)
		*origin = TEE_ORIGIN_TRUSTED_APP;
	return res;
}

void soft_tee_close_session(uint32_t number)
{
	struct session *session = *find(number);

	if (!session)
		return;
	if (is_alive(session))
		enter_plain(enter_close, session);
	forget(session);
	unload_if_idle();
}

void soft_tee_unload(void)
{
	while (tee.sessions)
		soft_tee_close_session(tee.sessions->number);
	if (tee.loaded)
		unload();
}

void soft_tee_boot(const struct soft_tee_config *config)
{
	while (tee.sessions)
		forget(tee.sessions);
	reclaim();
	heap_boot();
	tee.config = *config;
	core_heap_boot();
}
