/* SPDX-License-Identifier: MIT */
/* Turns a client's operation into a TA's parameters, and back. */
#ifndef OPERATION_H
#define OPERATION_H

#include "tee_api_types.h"
#include "tee_client_api.h"

/*
 * The parameters of an operation (NULL: none) as the TA sees them. Memory
 * references point to the client's own memory.
 *
 * TEEC_ERROR_BAD_PARAMETERS: an unknown type, or a reference that its shared
 * memory does not cover or whose direction it does not allow.
 */
TEEC_Result operation_to_params(const TEEC_Operation *operation,
				uint32_t *param_types,
				TEE_Param params[TEE_NUM_PARAMS]);

/* Gives the client the outputs: values, and sizes of memory references. */
void operation_from_params(TEEC_Operation *operation,
			   const TEE_Param params[TEE_NUM_PARAMS]);

#endif /* OPERATION_H */
