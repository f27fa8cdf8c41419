/* SPDX-License-Identifier: MIT */
/*
 * The subset of the GlobalPlatform TEE Internal Core API (specification
 * 1.3.1) that the software TEE core offers to a Trusted Application. What is
 * not declared here is not offered, on purpose or because no TA of this
 * project needs it. TEE_TruncateObjectData is left out on purpose: on OP-TEE
 * it is not safe against a power cut.
 *
 * Where the specification leaves a choice, the core does what OP-TEE does;
 * above all, a result that is not listed for a function panics the TA.
 */
#ifndef TEE_INTERNAL_API_H
#define TEE_INTERNAL_API_H

#include "tee_api_defines.h"
#include "tee_api_types.h"

/*
 * The TA interface (section 4.3): what a Trusted Application defines.
 */
TEE_Result TA_CreateEntryPoint(void);
void TA_DestroyEntryPoint(void);
TEE_Result TA_OpenSessionEntryPoint(uint32_t paramTypes,
				    TEE_Param params[TEE_NUM_PARAMS],
				    void **sessionContext);
void TA_CloseSessionEntryPoint(void *sessionContext);
TEE_Result TA_InvokeCommandEntryPoint(void *sessionContext, uint32_t commandID,
				      uint32_t paramTypes,
				      TEE_Param params[TEE_NUM_PARAMS]);

/*
 * Properties (section 4.4): of the client "gpd.client.identity", of the TA
 * "gpd.ta.appID", of the TEE
 * "gpd.tee.trustedStorage.antiRollback.protectionLevel".
 *
 * TEE_ERROR_ITEM_NOT_FOUND  no such property
 * TEE_ERROR_BAD_FORMAT      it has another type
 */
TEE_Result TEE_GetPropertyAsU32(TEE_PropSetHandle propsetOrEnumerator,
				const char *name, uint32_t *value);
TEE_Result TEE_GetPropertyAsUUID(TEE_PropSetHandle propsetOrEnumerator,
				 const char *name, TEE_UUID *value);
TEE_Result TEE_GetPropertyAsIdentity(TEE_PropSetHandle propsetOrEnumerator,
				     const char *name, TEE_Identity *value);

/* Ends the instance at once (section 4.8.1). Does not return. */
void TEE_Panic(TEE_Result panicCode);

/*
 * Memory (section 4.11)
 *
 * TEE_CheckMemoryAccessRights: TEE_ERROR_ACCESS_DENIED if the buffer overlaps
 * memory of the client and TEE_MEMORY_ACCESS_ANY_OWNER is not among the flags.
 * TEE_Malloc: NULL if the heap (TA_DATA_SIZE) has no room.
 */
TEE_Result TEE_CheckMemoryAccessRights(uint32_t accessFlags, void *buffer,
				       __tee_size_t size);
void *TEE_Malloc(__tee_size_t size, uint32_t hint);
void *TEE_Realloc(void *buffer, __tee_size_t newSize);
void TEE_Free(void *buffer);
void TEE_MemMove(void *dest, const void *src, __tee_size_t size);
int32_t TEE_MemCompare(const void *buffer1, const void *buffer2,
		       __tee_size_t size);
void TEE_MemFill(void *buff, uint32_t x, __tee_size_t size);

/*
 * Persistent objects (sections 5.5 to 5.9)
 *
 * Object IDs are at most TEE_OBJECT_ID_MAX_LEN bytes and in memory of the TA;
 * anything else panics. An object found corrupt is deleted and the handle
 * closed before TEE_ERROR_CORRUPT_OBJECT is returned. After any other error a
 * handle can only be closed.
 */
TEE_Result TEE_OpenPersistentObject(uint32_t storageID, const void *objectID,
				    __tee_size_t objectIDLen, uint32_t flags,
				    TEE_ObjectHandle *object);
TEE_Result TEE_CreatePersistentObject(uint32_t storageID, const void *objectID,
				      __tee_size_t objectIDLen, uint32_t flags,
				      TEE_ObjectHandle attributes,
				      const void *initialData,
				      __tee_size_t initialDataLen,
				      TEE_ObjectHandle *object);
TEE_Result TEE_RenamePersistentObject(TEE_ObjectHandle object,
				      const void *newObjectID,
				      __tee_size_t newObjectIDLen);
TEE_Result TEE_CloseAndDeletePersistentObject1(TEE_ObjectHandle object);
void TEE_CloseObject(TEE_ObjectHandle object);
TEE_Result TEE_GetObjectInfo1(TEE_ObjectHandle object,
			      TEE_ObjectInfo *objectInfo);
TEE_Result TEE_ReadObjectData(TEE_ObjectHandle object, void *buffer,
			      __tee_size_t size, __tee_size_t *count);
TEE_Result TEE_WriteObjectData(TEE_ObjectHandle object, const void *buffer,
			       __tee_size_t size);
TEE_Result TEE_SeekObjectData(TEE_ObjectHandle object, __tee_offset_t offset,
			      TEE_Whence whence);

/*
 * Message digests (sections 6.2 and 6.3): TEE_ALG_SHA1 of at most 55 bytes, in
 * one piece.
 */
TEE_Result TEE_AllocateOperation(TEE_OperationHandle *operation,
				 uint32_t algorithm, uint32_t mode,
				 uint32_t maxKeySize);
void TEE_FreeOperation(TEE_OperationHandle operation);
TEE_Result TEE_DigestDoFinal(TEE_OperationHandle operation, const void *chunk,
			     __tee_size_t chunkLen, void *hash,
			     __tee_size_t *hashLen);

/* Random bytes into memory of the TA (section 6.9.1); panics if it cannot. */
void TEE_GenerateRandom(void *randomBuffer, __tee_size_t randomBufferLen);

/* Time since some fixed moment (section 7.2.1). */
void TEE_GetSystemTime(TEE_Time *time);

/* Time of the normal world since 1970 (section 7.2.5); it can be set back. */
void TEE_GetREETime(TEE_Time *time);

#endif /* TEE_INTERNAL_API_H */
