// SPDX-License-Identifier: MIT
/* The properties that a TA can ask for. */
#include <string.h>

#include "core.h"
#include "tee_internal_api.h"

enum type { TYPE_U32, TYPE_UUID, TYPE_IDENTITY };

struct property {
	TEE_PropSetHandle set;
	const char *name;
	enum type type;
	/* NULL: there is no such thing at present. */
	const void *(*value)(void);
};

static const void *client_identity(void)
{
	return core_client();
}

static const void *app_id(void)
{
	return &ta_uuid;
}

static const void *anti_rollback(void)
{
	return &core_config()->anti_rollback;
}

static TEE_Result get(TEE_PropSetHandle set, const char *name, enum type type,
		      void *value, size_t size)
{
	const struct property properties[] = {
		{ TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity",
		  TYPE_IDENTITY, client_identity },
		{ TEE_PROPSET_CURRENT_TA, "gpd.ta.appID", TYPE_UUID, app_id },
		{ TEE_PROPSET_TEE_IMPLEMENTATION,
		  "gpd.tee.trustedStorage.antiRollback.protectionLevel",
		  TYPE_U32, anti_rollback },
	};
	const struct property *end =
		properties + sizeof(properties) / sizeof(properties[0]);
	const struct property *property = NULL;

	core_require_private(value, size);
	for (property = properties; property < end; property++) {
		if (property->set != set || strcmp(property->name, name))
			continue;
		if (property->type != type)
			return TEE_ERROR_BAD_FORMAT;
		if (!property->value())
			return TEE_ERROR_ITEM_NOT_FOUND;
		memcpy(value, property->value(), size);
		return TEE_SUCCESS;
	}
	return TEE_ERROR_ITEM_NOT_FOUND;
}

TEE_Result TEE_GetPropertyAsU32(TEE_PropSetHandle propsetOrEnumerator,
				const char *name, uint32_t *value)
{
	return get(propsetOrEnumerator, name, TYPE_U32, value, sizeof(*value));
}

TEE_Result TEE_GetPropertyAsUUID(TEE_PropSetHandle propsetOrEnumerator,
				 const char *name, TEE_UUID *value)
{
	return get(propsetOrEnumerator, name, TYPE_UUID, value, sizeof(*value));
}

TEE_Result TEE_GetPropertyAsIdentity(TEE_PropSetHandle propsetOrEnumerator,
				     const char *name, TEE_Identity *value)
{
	return get(propsetOrEnumerator, name, TYPE_IDENTITY, value,
		   sizeof(*value));
}
