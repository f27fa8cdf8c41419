// SPDX-License-Identifier: MIT
#include <tee_internal_api.h>
#include <user_ta_header.h>
#include <utee_syscalls.h>

#include "facts.h"

/*
 * A declaration that differs from the one in the header is an error. The type
 * of sizes is what memory references have.
 */
typedef __typeof__(((TEE_Param *)0)->memref.size) size;
#if __OPTEE_CORE_API_COMPAT_1_1
typedef int32_t offset;
#else
typedef intmax_t offset;
#endif

TEE_Result TA_CreateEntryPoint(void);
void TA_DestroyEntryPoint(void);
TEE_Result TA_OpenSessionEntryPoint(uint32_t, TEE_Param[4], void **);
void TA_CloseSessionEntryPoint(void *);
TEE_Result TA_InvokeCommandEntryPoint(void *, uint32_t, uint32_t, TEE_Param[4]);
TEE_Result TEE_GetPropertyAsU32(TEE_PropSetHandle, const char *, uint32_t *);
TEE_Result TEE_GetPropertyAsUUID(TEE_PropSetHandle, const char *, TEE_UUID *);
TEE_Result TEE_GetPropertyAsIdentity(TEE_PropSetHandle, const char *,
				     TEE_Identity *);
void TEE_Panic(TEE_Result);
TEE_Result TEE_CheckMemoryAccessRights(uint32_t, void *, size);
void *TEE_Malloc(size, uint32_t);
void *TEE_Realloc(void *, size);
void TEE_Free(void *);
void TEE_MemMove(void *, const void *, size);
int32_t TEE_MemCompare(const void *, const void *, size);
void TEE_MemFill(void *, uint32_t, size);
TEE_Result TEE_OpenPersistentObject(uint32_t, const void *, size, uint32_t,
				    TEE_ObjectHandle *);
TEE_Result TEE_CreatePersistentObject(uint32_t, const void *, size, uint32_t,
				      TEE_ObjectHandle, const void *, size,
				      TEE_ObjectHandle *);
TEE_Result TEE_RenamePersistentObject(TEE_ObjectHandle, const void *, size);
TEE_Result TEE_CloseAndDeletePersistentObject1(TEE_ObjectHandle);
void TEE_CloseObject(TEE_ObjectHandle);
TEE_Result TEE_GetObjectInfo1(TEE_ObjectHandle, TEE_ObjectInfo *);
TEE_Result TEE_ReadObjectData(TEE_ObjectHandle, void *, size, size *);
TEE_Result TEE_WriteObjectData(TEE_ObjectHandle, const void *, size);
TEE_Result TEE_SeekObjectData(TEE_ObjectHandle, offset, TEE_Whence);
TEE_Result _utee_storage_obj_open(unsigned long, const void *, size_t,
				  unsigned long, uint32_t *);
TEE_Result TEE_AllocateOperation(TEE_OperationHandle *, uint32_t, uint32_t,
				 uint32_t);
void TEE_FreeOperation(TEE_OperationHandle);
TEE_Result TEE_DigestDoFinal(TEE_OperationHandle, const void *, size, void *,
			     size *);
void TEE_GenerateRandom(void *, size);
void TEE_GetSystemTime(TEE_Time *);

#define NUMBER(name)                                                           \
	{                                                                      \
#name, (unsigned long long)(name)                              \
	}
#define MEMBER(type, member)                                                   \
	{ "offset of " #type "." #member, __builtin_offsetof(type, member) },  \
	{                                                                      \
		"size of " #type "." #member, sizeof(((type *)0)->member)      \
	}

const struct fact facts[] = {
	NUMBER(TEE_HANDLE_NULL),
	NUMBER(TEE_SUCCESS),
	NUMBER(TEE_ERROR_CORRUPT_OBJECT),
	NUMBER(TEE_ERROR_CORRUPT_OBJECT_2),
	NUMBER(TEE_ERROR_STORAGE_NOT_AVAILABLE),
	NUMBER(TEE_ERROR_STORAGE_NOT_AVAILABLE_2),
	NUMBER(TEE_ERROR_GENERIC),
	NUMBER(TEE_ERROR_ACCESS_DENIED),
	NUMBER(TEE_ERROR_CANCEL),
	NUMBER(TEE_ERROR_ACCESS_CONFLICT),
	NUMBER(TEE_ERROR_EXCESS_DATA),
	NUMBER(TEE_ERROR_BAD_FORMAT),
	NUMBER(TEE_ERROR_BAD_PARAMETERS),
	NUMBER(TEE_ERROR_BAD_STATE),
	NUMBER(TEE_ERROR_ITEM_NOT_FOUND),
	NUMBER(TEE_ERROR_NOT_IMPLEMENTED),
	NUMBER(TEE_ERROR_NOT_SUPPORTED),
	NUMBER(TEE_ERROR_NO_DATA),
	NUMBER(TEE_ERROR_OUT_OF_MEMORY),
	NUMBER(TEE_ERROR_BUSY),
	NUMBER(TEE_ERROR_COMMUNICATION),
	NUMBER(TEE_ERROR_SECURITY),
	NUMBER(TEE_ERROR_SHORT_BUFFER),
	NUMBER(TEE_ERROR_EXTERNAL_CANCEL),
	NUMBER(TEE_ERROR_OVERFLOW),
	NUMBER(TEE_ERROR_TARGET_DEAD),
	NUMBER(TEE_ERROR_STORAGE_NO_SPACE),
	NUMBER(TEE_ERROR_MAC_INVALID),
	NUMBER(TEE_ERROR_SIGNATURE_INVALID),
	NUMBER(TEE_ERROR_TIME_NOT_SET),
	NUMBER(TEE_ERROR_TIME_NEEDS_RESET),
	NUMBER(TEE_NUM_PARAMS),
	NUMBER(TEE_PARAM_TYPE_NONE),
	NUMBER(TEE_PARAM_TYPE_VALUE_INPUT),
	NUMBER(TEE_PARAM_TYPE_VALUE_OUTPUT),
	NUMBER(TEE_PARAM_TYPE_VALUE_INOUT),
	NUMBER(TEE_PARAM_TYPE_MEMREF_INPUT),
	NUMBER(TEE_PARAM_TYPE_MEMREF_OUTPUT),
	NUMBER(TEE_PARAM_TYPE_MEMREF_INOUT),
	NUMBER(TEE_PARAM_TYPES(1, 2, 3, 5)),
	NUMBER(TEE_PARAM_TYPE_GET(0x5321, 0)),
	NUMBER(TEE_PARAM_TYPE_GET(0x5321, 3)),
	NUMBER(TEE_LOGIN_PUBLIC),
	NUMBER(TEE_LOGIN_USER),
	NUMBER(TEE_LOGIN_GROUP),
	NUMBER(TEE_LOGIN_APPLICATION),
	NUMBER(TEE_LOGIN_APPLICATION_USER),
	NUMBER(TEE_LOGIN_APPLICATION_GROUP),
	NUMBER(TEE_LOGIN_TRUSTED_APP),
	NUMBER(TEE_ORIGIN_API),
	NUMBER(TEE_ORIGIN_COMMS),
	NUMBER(TEE_ORIGIN_TEE),
	NUMBER(TEE_ORIGIN_TRUSTED_APP),
	NUMBER(TEE_PROPSET_TEE_IMPLEMENTATION),
	NUMBER(TEE_PROPSET_CURRENT_CLIENT),
	NUMBER(TEE_PROPSET_CURRENT_TA),
	NUMBER(TEE_MEMORY_ACCESS_READ),
	NUMBER(TEE_MEMORY_ACCESS_WRITE),
	NUMBER(TEE_MEMORY_ACCESS_ANY_OWNER),
	NUMBER(TEE_MALLOC_FILL_ZERO),
	NUMBER(TEE_MALLOC_NO_FILL),
	NUMBER(TEE_STORAGE_PRIVATE),
	NUMBER(TEE_DATA_FLAG_ACCESS_READ),
	NUMBER(TEE_DATA_FLAG_ACCESS_WRITE),
	NUMBER(TEE_DATA_FLAG_ACCESS_WRITE_META),
	NUMBER(TEE_DATA_FLAG_SHARE_READ),
	NUMBER(TEE_DATA_FLAG_SHARE_WRITE),
	NUMBER(TEE_DATA_FLAG_OVERWRITE),
	NUMBER(TEE_DATA_MAX_POSITION),
	NUMBER(TEE_OBJECT_ID_MAX_LEN),
	NUMBER(TEE_HANDLE_FLAG_PERSISTENT),
	NUMBER(TEE_HANDLE_FLAG_INITIALIZED),
	NUMBER(TEE_TYPE_DATA),
	NUMBER(TEE_DATA_SEEK_SET),
	NUMBER(TEE_DATA_SEEK_CUR),
	NUMBER(TEE_DATA_SEEK_END),
	NUMBER(TEE_ALG_SHA1),
	NUMBER(TEE_MODE_DIGEST),
	NUMBER(TA_FLAG_SINGLE_INSTANCE),
	NUMBER(TA_FLAG_MULTI_SESSION),
	NUMBER(TA_FLAG_INSTANCE_KEEP_ALIVE),
	NUMBER(sizeof(TEE_Result)),
	NUMBER(sizeof(TEE_UUID)),
	NUMBER(sizeof(TEE_Identity)),
	NUMBER(sizeof(TEE_Param)),
	NUMBER(sizeof(TEE_ObjectInfo)),
	NUMBER(sizeof(TEE_ObjectType)),
	NUMBER(sizeof(TEE_Whence)),
	NUMBER(sizeof(TEE_Time)),
	NUMBER(sizeof(TEE_ObjectHandle)),
	NUMBER(sizeof(TEE_PropSetHandle)),
	MEMBER(TEE_UUID, timeMid),
	MEMBER(TEE_UUID, timeHiAndVersion),
	MEMBER(TEE_UUID, clockSeqAndNode),
	MEMBER(TEE_Identity, login),
	MEMBER(TEE_Identity, uuid),
	MEMBER(TEE_Param, memref.buffer),
	MEMBER(TEE_Param, memref.size),
	MEMBER(TEE_Param, value.a),
	MEMBER(TEE_Param, value.b),
	MEMBER(TEE_ObjectInfo, objectType),
	MEMBER(TEE_ObjectInfo, objectSize),
	MEMBER(TEE_ObjectInfo, maxObjectSize),
	MEMBER(TEE_ObjectInfo, objectUsage),
	MEMBER(TEE_ObjectInfo, dataSize),
	MEMBER(TEE_ObjectInfo, dataPosition),
	MEMBER(TEE_ObjectInfo, handleFlags),
	MEMBER(TEE_Time, seconds),
	MEMBER(TEE_Time, millis),
};
const unsigned long fact_count = sizeof(facts) / sizeof(*facts);
