// SPDX-License-Identifier: MIT
#include "probe.h"

int probe_initialised = 42;
int probe_zero;

TEE_Result TA_CreateEntryPoint(void)
{
	probe_calls.create++;
	return probe_create_result;
}

void TA_DestroyEntryPoint(void)
{
	probe_calls.destroy++;
}

TEE_Result TA_OpenSessionEntryPoint(uint32_t paramTypes,
				    TEE_Param params[TEE_NUM_PARAMS],
				    void **sessionContext)
{
	(void)params;
	*sessionContext = &probe_zero;
	probe_calls.open++;
	return paramTypes ? TEE_ERROR_BAD_PARAMETERS : TEE_SUCCESS;
}

void TA_CloseSessionEntryPoint(void *sessionContext)
{
	if (sessionContext == &probe_zero)
		probe_calls.close++;
}

TEE_Result TA_InvokeCommandEntryPoint(void *sessionContext, uint32_t commandID,
				      uint32_t paramTypes,
				      TEE_Param params[TEE_NUM_PARAMS])
{
	(void)sessionContext;
	(void)commandID;
	return probe_run(paramTypes, params);
}
