// SPDX-License-Identifier: MIT
#include "probe_client.h"

#include "check.h"
#include "device.h"

TEE_Result (*probe_run)(uint32_t types, TEE_Param *params);
TEE_Result probe_create_result;
struct probe_calls probe_calls;

struct client open_probe(void)
{
	struct client client = { 0 };

	CHECK_EQ(open_with(&client, &alice, none(), none(), none(), none()),
		 TEE_SUCCESS);
	return client;
}

TEE_Result run(struct client *client,
	       TEE_Result (*function)(uint32_t types, TEE_Param *params))
{
	probe_run = function;
	return invoke(client, 0, none(), none(), none(), none());
}

TEE_Result run_with_memory(struct client *client,
			   TEE_Result (*function)(uint32_t types,
						  TEE_Param *params))
{
	probe_run = function;
	return invoke(client, 0, inout(text("shared"), 256), none(), none(),
		      none());
}

static TEE_Result do_nothing(uint32_t types, TEE_Param *params)
{
	(void)types;
	(void)params;
	return TEE_SUCCESS;
}

void check_panics(TEE_Result (*function)(uint32_t types, TEE_Param *params))
{
	struct client client = open_probe();

	CHECK_EQ(run_with_memory(&client, function), TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(client.origin, TEE_ORIGIN_TEE);
	close_client(&client);
	client = open_probe();
	CHECK_EQ(run(&client, do_nothing), TEE_SUCCESS);
}
