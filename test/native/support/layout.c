/* SPDX-License-Identifier: MIT */
/*
 * Prints what a tee_client_api.h says, for a comparison of two of them.
 */
#include <stddef.h>
#include <stdio.h>

#include <tee_client_api.h>

#define NUMBER(name) printf("%s %#lx\n", #name, (unsigned long)(name))
#define SIZE(type) printf("sizeof %s %zu\n", #type, sizeof(type))
#define FIELD(type, field)                                                     \
	printf("%s.%s %zu %zu\n", #type, #field, offsetof(type, field),        \
	       sizeof(((type *)NULL)->field))

static void constants(void)
{
	NUMBER(TEEC_CONFIG_PAYLOAD_REF_COUNT);
	NUMBER(TEEC_NONE);
	NUMBER(TEEC_VALUE_INPUT);
	NUMBER(TEEC_VALUE_OUTPUT);
	NUMBER(TEEC_VALUE_INOUT);
	NUMBER(TEEC_MEMREF_TEMP_INPUT);
	NUMBER(TEEC_MEMREF_TEMP_OUTPUT);
	NUMBER(TEEC_MEMREF_TEMP_INOUT);
	NUMBER(TEEC_MEMREF_WHOLE);
	NUMBER(TEEC_MEMREF_PARTIAL_INPUT);
	NUMBER(TEEC_MEMREF_PARTIAL_OUTPUT);
	NUMBER(TEEC_MEMREF_PARTIAL_INOUT);
	NUMBER(TEEC_PARAM_TYPES(1, 2, 3, 0xf));
	NUMBER(TEEC_MEM_INPUT);
	NUMBER(TEEC_MEM_OUTPUT);
	NUMBER(TEEC_ORIGIN_API);
	NUMBER(TEEC_ORIGIN_COMMS);
	NUMBER(TEEC_ORIGIN_TEE);
	NUMBER(TEEC_ORIGIN_TRUSTED_APP);
	NUMBER(TEEC_LOGIN_PUBLIC);
	NUMBER(TEEC_LOGIN_USER);
	NUMBER(TEEC_LOGIN_GROUP);
	NUMBER(TEEC_LOGIN_APPLICATION);
	NUMBER(TEEC_LOGIN_USER_APPLICATION);
	NUMBER(TEEC_LOGIN_GROUP_APPLICATION);
	NUMBER(TEEC_SUCCESS);
	NUMBER(TEEC_ERROR_GENERIC);
	NUMBER(TEEC_ERROR_BAD_PARAMETERS);
	NUMBER(TEEC_ERROR_BAD_STATE);
	NUMBER(TEEC_ERROR_ITEM_NOT_FOUND);
	NUMBER(TEEC_ERROR_OUT_OF_MEMORY);
	NUMBER(TEEC_ERROR_SHORT_BUFFER);
}

static void public_fields(void)
{
	SIZE(TEEC_Result);
	SIZE(TEEC_UUID);
	FIELD(TEEC_UUID, timeLow);
	FIELD(TEEC_UUID, timeMid);
	FIELD(TEEC_UUID, timeHiAndVersion);
	FIELD(TEEC_UUID, clockSeqAndNode);
	FIELD(TEEC_SharedMemory, buffer);
	FIELD(TEEC_SharedMemory, size);
	FIELD(TEEC_SharedMemory, flags);
	SIZE(TEEC_TempMemoryReference);
	FIELD(TEEC_TempMemoryReference, buffer);
	FIELD(TEEC_TempMemoryReference, size);
	SIZE(TEEC_RegisteredMemoryReference);
	FIELD(TEEC_RegisteredMemoryReference, parent);
	FIELD(TEEC_RegisteredMemoryReference, size);
	FIELD(TEEC_RegisteredMemoryReference, offset);
	SIZE(TEEC_Value);
	FIELD(TEEC_Value, a);
	FIELD(TEEC_Value, b);
	SIZE(TEEC_Parameter);
	FIELD(TEEC_Parameter, tmpref);
	FIELD(TEEC_Parameter, memref);
	FIELD(TEEC_Parameter, value);
	SIZE(TEEC_Session);
	SIZE(TEEC_Context);
	SIZE(TEEC_Operation);
	FIELD(TEEC_Operation, started);
	FIELD(TEEC_Operation, paramTypes);
	FIELD(TEEC_Operation, params);
}

static void own_fields(void)
{
	SIZE(TEEC_SharedMemory);
	FIELD(TEEC_Context, imp.fd);
	FIELD(TEEC_SharedMemory, imp.registered_fd);
	FIELD(TEEC_Session, imp.session_id);
	FIELD(TEEC_Operation, imp.session);
}

/* The types of the functions are compared by the compiler. */
static void functions(void)
{
	TEEC_Result (*initialize)(const char *, TEEC_Context *) =
		TEEC_InitializeContext;
	void (*finalize)(TEEC_Context *) = TEEC_FinalizeContext;
	TEEC_Result (*allocate)(TEEC_Context *, TEEC_SharedMemory *) =
		TEEC_AllocateSharedMemory;
	void (*release)(TEEC_SharedMemory *) = TEEC_ReleaseSharedMemory;
	TEEC_Result (*open)(TEEC_Context *, TEEC_Session *, const TEEC_UUID *,
			    uint32_t, const void *, TEEC_Operation *,
			    uint32_t *) = TEEC_OpenSession;
	void (*close)(TEEC_Session *) = TEEC_CloseSession;
	TEEC_Result (*invoke)(TEEC_Session *, uint32_t, TEEC_Operation *,
			      uint32_t *) = TEEC_InvokeCommand;

	printf("%zu\n", sizeof(initialize) + sizeof(finalize) +
				sizeof(allocate) + sizeof(release) +
				sizeof(open) + sizeof(close) + sizeof(invoke));
}

int main(void)
{
	constants();
	public_fields();
	own_fields();
	functions();
	return 0;
}
