// SPDX-License-Identifier: MIT
/*
 * Message digests, as far as a TA needs them to make a UUID of a short text:
 * SHA-1 in one piece. As in OP-TEE, an operation takes memory of the TA's heap.
 */
#include "core.h"
#include "sha1.h"
#include "tee_internal_api.h"

/* One block, less what the digest puts behind the data. */
#define CHUNK_MAX 55

struct __TEE_OperationHandle {
	uint32_t algorithm;
};

TEE_Result TEE_AllocateOperation(TEE_OperationHandle *operation,
				 uint32_t algorithm, uint32_t mode,
				 uint32_t maxKeySize)
{
	core_require_private(operation, sizeof(*operation));
	*operation = TEE_HANDLE_NULL;
	if (algorithm != TEE_ALG_SHA1 || mode != TEE_MODE_DIGEST || maxKeySize)
		return TEE_ERROR_NOT_SUPPORTED;
	*operation = TEE_Malloc(sizeof(**operation), 0);
	if (!*operation)
		return TEE_ERROR_OUT_OF_MEMORY;
	(*operation)->algorithm = algorithm;
	return TEE_SUCCESS;
}

void TEE_FreeOperation(TEE_OperationHandle operation)
{
	TEE_Free(operation);
}

TEE_Result TEE_DigestDoFinal(TEE_OperationHandle operation, const void *chunk,
			     __tee_size_t chunkLen, void *hash,
			     __tee_size_t *hashLen)
{
	if (operation == TEE_HANDLE_NULL || chunkLen > CHUNK_MAX)
		core_panic();
	core_require_private(chunk, chunkLen);
	core_require_private(hashLen, sizeof(*hashLen));
	core_require_private(hash, *hashLen);
	if (*hashLen < SHA1_SIZE) {
		*hashLen = SHA1_SIZE;
		return TEE_ERROR_SHORT_BUFFER;
	}
	sha1_short(chunk, chunkLen, hash);
	*hashLen = SHA1_SIZE;
	return TEE_SUCCESS;
}
