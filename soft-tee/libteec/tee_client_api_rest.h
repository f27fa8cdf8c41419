/* SPDX-License-Identifier: MIT */
/*
 * The functions of the TEE Client API that the addon has no use for, and so
 * are not in its tee_client_api.h.
 */
#ifndef TEE_CLIENT_API_REST_H
#define TEE_CLIENT_API_REST_H

#include "tee_client_api.h"

TEEC_Result TEEC_RegisterSharedMemory(TEEC_Context *context,
				      TEEC_SharedMemory *sharedMem);
void TEEC_RequestCancellation(TEEC_Operation *operation);

#endif /* TEE_CLIENT_API_REST_H */
