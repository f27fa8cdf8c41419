// SPDX-License-Identifier: MIT
/*
 * What an answer from the TA costs at least: times a command that the TA
 * refuses at once, called from C. Prints the median in nanoseconds.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "secstor_ta.h"
#include "tee_client_api.h"

#define COUNT 400
#define WARM_UP 50
#define NO_COMMAND 0xfffffffeu
/* TEE_ERROR_NOT_SUPPORTED of the TEE Internal Core API. */
#define REFUSED 0xffff000au

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int main(void)
{
	static int64_t times[COUNT];
	const TEEC_UUID uuid = SECSTOR_TA_UUID;
	TEEC_Operation operation;
	TEEC_Context context;
	TEEC_Session session;
	uint32_t origin = 0;
	int n = 0;
	void *library = dlopen("libteec.so.2", RTLD_NOW);
	__typeof__(&TEEC_InitializeContext) initialize =
		library ? dlsym(library, "TEEC_InitializeContext") : NULL;
	__typeof__(&TEEC_OpenSession) open =
		library ? dlsym(library, "TEEC_OpenSession") : NULL;
	__typeof__(&TEEC_InvokeCommand) invoke =
		library ? dlsym(library, "TEEC_InvokeCommand") : NULL;

	if (!initialize || !open || !invoke || initialize(NULL, &context))
		return 1;
	memset(&operation, 0, sizeof(operation));
	operation.paramTypes = TEEC_PARAM_TYPES(
		TEEC_VALUE_INPUT, TEEC_MEMREF_TEMP_INPUT, TEEC_NONE, TEEC_NONE);
	operation.params[0].value.a = SECSTOR_PROTOCOL_VERSION;
	operation.params[1].tmpref.buffer = "default";
	operation.params[1].tmpref.size = 7;
	if (open(&context, &session, &uuid, TEEC_LOGIN_USER, NULL, &operation,
		 &origin))
		return 1;
	for (n = -WARM_UP; n < COUNT; n++) {
		int64_t start = now();

		memset(&operation, 0, sizeof(operation));
		if (invoke(&session, NO_COMMAND, &operation, &origin) !=
		    REFUSED)
			return 1;
		if (n >= 0)
			times[n] = now() - start;
	}
	qsort(times, COUNT, sizeof(*times), compare);
	printf("%lld\n", (long long)times[COUNT / 2]);
	return 0;
}
