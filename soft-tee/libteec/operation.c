// SPDX-License-Identifier: MIT
#include "operation.h"

#include <stdbool.h>

#include "tee_api_defines.h"

/* The memory reference types of a TA differ by this from the partial ones. */
#define PARTIAL_TO_MEMREF                                                      \
	(TEEC_MEMREF_PARTIAL_INPUT - TEE_PARAM_TYPE_MEMREF_INPUT)

static uint32_t type_at(const TEEC_Operation *operation, size_t n)
{
	return operation->paramTypes >> (4 * n) & 0xf;
}

static bool is_partial(uint32_t type)
{
	return type == TEEC_MEMREF_PARTIAL_INPUT ||
	       type == TEEC_MEMREF_PARTIAL_OUTPUT ||
	       type == TEEC_MEMREF_PARTIAL_INOUT;
}

/* The type that a whole block has by the directions it was made for. */
static uint32_t type_of_whole(uint32_t flags)
{
	switch (flags) {
	case TEEC_MEM_INPUT:
		return TEE_PARAM_TYPE_MEMREF_INPUT;
	case TEEC_MEM_OUTPUT:
		return TEE_PARAM_TYPE_MEMREF_OUTPUT;
	default:
		return TEE_PARAM_TYPE_MEMREF_INOUT;
	}
}

static uint32_t directions(uint32_t partial_type)
{
	switch (partial_type) {
	case TEEC_MEMREF_PARTIAL_INPUT:
		return TEEC_MEM_INPUT;
	case TEEC_MEMREF_PARTIAL_OUTPUT:
		return TEEC_MEM_OUTPUT;
	default:
		return TEEC_MEM_INPUT | TEEC_MEM_OUTPUT;
	}
}

static TEEC_Result whole(const TEEC_RegisteredMemoryReference *memref,
			 uint32_t *type, TEE_Param *param)
{
	if (!memref->parent)
		return TEEC_ERROR_BAD_PARAMETERS;
	*type = type_of_whole(memref->parent->flags);
	param->memref.buffer = memref->parent->buffer;
	param->memref.size = memref->parent->size;
	return TEEC_SUCCESS;
}

static TEEC_Result partial(const TEEC_RegisteredMemoryReference *memref,
			   uint32_t *type, TEE_Param *param)
{
	const TEEC_SharedMemory *parent = memref->parent;
	uint32_t needed = directions(*type);

	if (!parent || (parent->flags & needed) != needed ||
	    memref->offset > parent->size ||
	    memref->size > parent->size - memref->offset)
		return TEEC_ERROR_BAD_PARAMETERS;
	*type -= PARTIAL_TO_MEMREF;
	param->memref.buffer = (uint8_t *)parent->buffer + memref->offset;
	param->memref.size = memref->size;
	return TEEC_SUCCESS;
}

static TEEC_Result to_param(const TEEC_Parameter *from, uint32_t *type,
			    TEE_Param *to)
{
	switch (*type) {
	case TEEC_NONE:
	case TEEC_VALUE_OUTPUT:
		return TEEC_SUCCESS;
	case TEEC_VALUE_INPUT:
	case TEEC_VALUE_INOUT:
		to->value.a = from->value.a;
		to->value.b = from->value.b;
		return TEEC_SUCCESS;
	case TEEC_MEMREF_TEMP_INPUT:
	case TEEC_MEMREF_TEMP_OUTPUT:
	case TEEC_MEMREF_TEMP_INOUT:
		to->memref.buffer = from->tmpref.buffer;
		to->memref.size = from->tmpref.size;
		return TEEC_SUCCESS;
	case TEEC_MEMREF_WHOLE:
		return whole(&from->memref, type, to);
	default:
		return is_partial(*type) ? partial(&from->memref, type, to)
					 : TEEC_ERROR_BAD_PARAMETERS;
	}
}

TEEC_Result operation_to_params(const TEEC_Operation *operation,
				uint32_t *param_types,
				TEE_Param params[TEE_NUM_PARAMS])
{
	size_t n = 0;

	*param_types = 0;
	for (n = 0; operation && n < TEE_NUM_PARAMS; n++) {
		uint32_t type = type_at(operation, n);
		TEEC_Result res =
			to_param(operation->params + n, &type, params + n);

		if (res)
			return res;
		*param_types |= type << (4 * n);
	}
	return TEEC_SUCCESS;
}

void operation_from_params(TEEC_Operation *operation,
			   const TEE_Param params[TEE_NUM_PARAMS])
{
	size_t n = 0;

	for (n = 0; operation && n < TEE_NUM_PARAMS; n++) {
		TEEC_Parameter *to = operation->params + n;

		switch (type_at(operation, n)) {
		case TEEC_VALUE_OUTPUT:
		case TEEC_VALUE_INOUT:
			to->value.a = params[n].value.a;
			to->value.b = params[n].value.b;
			break;
		case TEEC_MEMREF_TEMP_OUTPUT:
		case TEEC_MEMREF_TEMP_INOUT:
			to->tmpref.size = params[n].memref.size;
			break;
		case TEEC_MEMREF_WHOLE:
		case TEEC_MEMREF_PARTIAL_OUTPUT:
		case TEEC_MEMREF_PARTIAL_INOUT:
			to->memref.size = params[n].memref.size;
			break;
		default:
			break;
		}
	}
}
