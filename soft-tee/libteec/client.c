// SPDX-License-Identifier: MIT
/*
 * The GlobalPlatform TEE Client API 1.0 over the software TEE, in the place of
 * OP-TEE's libteec and the Linux driver beneath it.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "login.h"
#include "operation.h"
#include "power.h"
#include "soft_tee.h"
#include "tee_api_defines.h"
#include "tee_client_api_rest.h"

#define EXPORT __attribute__((visibility("default")))

/* One session, so that it ends with its context. */
struct entry {
	struct entry *next;
	const TEEC_Context *context;
	uint32_t session;
};

/* The core takes one caller at a time, as a single-instance TA does. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;

EXPORT TEEC_Result TEEC_InitializeContext(const char *name,
					  TEEC_Context *context)
{
	int error = 0;

	(void)name;
	if (!context)
		return TEEC_ERROR_BAD_PARAMETERS;
	/*
	 * A descriptor stands for that of the TEE device. Like libteec's it is
	 * inherited by child processes, unless the client sees to it.
	 */
	context->imp.fd = open("/dev/null", O_RDWR);
	if (context->imp.fd < 0)
		return TEEC_ERROR_ITEM_NOT_FOUND;
	context->imp.reg_mem = true;
	context->imp.memref_null = true;

	pthread_mutex_lock(&lock);
	error = power_on();
	pthread_mutex_unlock(&lock);
	if (error) {
		close(context->imp.fd);
		return TEEC_ERROR_ITEM_NOT_FOUND;
	}
	return TEEC_SUCCESS;
}

static void close_sessions(const TEEC_Context *context)
{
	struct entry **at = &entries;

	while (*at) {
		struct entry *entry = *at;

		if (entry->context != context) {
			at = &entry->next;
			continue;
		}
		*at = entry->next;
		soft_tee_close_session(entry->session);
		free(entry);
	}
}

EXPORT void TEEC_FinalizeContext(TEEC_Context *context)
{
	if (!context)
		return;
	pthread_mutex_lock(&lock);
	close_sessions(context);
	power_off();
	pthread_mutex_unlock(&lock);
	close(context->imp.fd);
}

static TEEC_Result open_locked(TEEC_Context *context, TEEC_Session *session,
			       const TEE_Identity *identity,
			       uint32_t param_types, TEE_Param *params,
			       uint32_t *origin)
{
	struct entry *entry = malloc(sizeof(*entry));
	TEEC_Result res = TEEC_ERROR_OUT_OF_MEMORY;

	*origin = TEEC_ORIGIN_COMMS;
	if (!entry)
		return res;
	*entry = (struct entry){ .next = entries, .context = context };
	res = soft_tee_open_session(identity, param_types, params,
				    &entry->session, origin);
	if (res) {
		free(entry);
		return res;
	}
	session->imp.ctx = context;
	session->imp.session_id = entry->session;
	entries = entry;
	return TEEC_SUCCESS;
}

static int is_served(const TEEC_UUID *uuid)
{
	const TEE_UUID *ta = soft_tee_ta_uuid();
	size_t n = 0;

	for (n = 0; n < sizeof(ta->clockSeqAndNode); n++)
		if (uuid->clockSeqAndNode[n] != ta->clockSeqAndNode[n])
			return 0;
	return uuid->timeLow == ta->timeLow && uuid->timeMid == ta->timeMid &&
	       uuid->timeHiAndVersion == ta->timeHiAndVersion;
}

/* The specification lets the client leave the origin out. */
static uint32_t *origin_or(uint32_t *origin, uint32_t *instead)
{
	return origin ? origin : instead;
}

EXPORT TEEC_Result TEEC_OpenSession(TEEC_Context *context,
				    TEEC_Session *session,
				    const TEEC_UUID *destination,
				    uint32_t connectionMethod,
				    const void *connectionData,
				    TEEC_Operation *operation,
				    uint32_t *returnOrigin)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	TEE_Identity identity = { 0 };
	uint32_t unused = 0;
	uint32_t *origin = origin_or(returnOrigin, &unused);
	uint32_t types = 0;
	TEEC_Result res = TEEC_SUCCESS;

	*origin = TEEC_ORIGIN_API;
	if (!context || !session || !destination)
		return TEEC_ERROR_BAD_PARAMETERS;
	res = operation_to_params(operation, &types, params);
	if (res)
		return res;
	*origin = TEEC_ORIGIN_COMMS;
	res = login_identity(connectionMethod, connectionData, &identity);
	if (res)
		return res;
	*origin = TEEC_ORIGIN_TEE;
	if (!is_served(destination))
		return TEEC_ERROR_ITEM_NOT_FOUND;

	pthread_mutex_lock(&lock);
	res = open_locked(context, session, &identity, types, params, origin);
	pthread_mutex_unlock(&lock);
	operation_from_params(operation, params);
	return res;
}

static void close_locked(uint32_t session)
{
	struct entry **at = &entries;

	while (*at && (*at)->session != session)
		at = &(*at)->next;
	if (*at) {
		struct entry *entry = *at;

		*at = entry->next;
		free(entry);
		soft_tee_close_session(session);
	}
}

EXPORT void TEEC_CloseSession(TEEC_Session *session)
{
	if (!session)
		return;
	pthread_mutex_lock(&lock);
	close_locked(session->imp.session_id);
	pthread_mutex_unlock(&lock);
}

EXPORT TEEC_Result TEEC_InvokeCommand(TEEC_Session *session, uint32_t commandID,
				      TEEC_Operation *operation,
				      uint32_t *returnOrigin)
{
	TEE_Param params[TEE_NUM_PARAMS] = { 0 };
	uint32_t unused = 0;
	uint32_t *origin = origin_or(returnOrigin, &unused);
	uint32_t types = 0;
	TEEC_Result res = TEEC_SUCCESS;

	*origin = TEEC_ORIGIN_API;
	if (!session)
		return TEEC_ERROR_BAD_PARAMETERS;
	res = operation_to_params(operation, &types, params);
	if (res)
		return res;

	pthread_mutex_lock(&lock);
	res = soft_tee_invoke(session->imp.session_id, commandID, types, params,
			      origin);
	pthread_mutex_unlock(&lock);
	operation_from_params(operation, params);
	return res;
}

EXPORT void TEEC_RequestCancellation(TEEC_Operation *operation)
{
	/* OP-TEE offers it to the TA, and none of ours looks at it. */
	(void)operation;
}
