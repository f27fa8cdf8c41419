// SPDX-License-Identifier: MIT
#include "session.h"

#include "mem.h"
#include "names.h"
#include "node.h"

/* RFC 4122 order, in which the kernel and every tool write a UUID. */
static void uuid_octets(const TEE_UUID *uuid, uint8_t *octets)
{
	octets[0] = uuid->timeLow >> 24;
	octets[1] = (uuid->timeLow >> 16) & 0xff;
	octets[2] = (uuid->timeLow >> 8) & 0xff;
	octets[3] = uuid->timeLow & 0xff;
	octets[4] = uuid->timeMid >> 8;
	octets[5] = uuid->timeMid & 0xff;
	octets[6] = uuid->timeHiAndVersion >> 8;
	octets[7] = uuid->timeHiAndVersion & 0xff;
	memcpy(octets + 8, uuid->clockSeqAndNode, 8);
}

TEE_Result session_owner(struct owner *owner)
{
	static const TEE_UUID own = SECSTOR_TA_UUID;
	static const TEE_UUID nil = { 0 };
	TEE_Identity client = { 0 };
	TEE_Result res = TEE_GetPropertyAsIdentity(
		TEE_PROPSET_CURRENT_CLIENT, "gpd.client.identity", &client);

	if (res)
		return res;
	if (client.login != TEE_LOGIN_USER && client.login != TEE_LOGIN_GROUP)
		return SECSTOR_ERROR_IDENTITY;
	if (!TEE_MemCompare(&client.uuid, &nil, sizeof(nil)) ||
	    !TEE_MemCompare(&client.uuid, &own, sizeof(own)))
		return SECSTOR_ERROR_KERNEL;
	owner->bytes[0] = (uint8_t)client.login;
	uuid_octets(&client.uuid, owner->bytes + 1);
	return TEE_SUCCESS;
}

TEE_Result copy_in(const TEE_Param *param, size_t front, size_t max,
		   TEE_Result too_large, struct span *copy)
{
	size_t size = param->memref.size;
	uint8_t *data = NULL;

	if (size > max)
		return too_large;
	data = mem_alloc(front + size);
	if (!data)
		return TEE_ERROR_OUT_OF_MEMORY;
	if (size)
		TEE_MemMove(data + front, param->memref.buffer, size);
	*copy = (struct span){ data + front, size };
	return TEE_SUCCESS;
}

/* Puts domain and NUL before a copied key; `bad` tells that it is none. */
static TEE_Result finish(const struct session *session, bool bad,
			 struct span *copy)
{
	size_t front = session->domain_size + 1u;
	uint8_t *data = (uint8_t *)copy->data - front;

	copy->data = data;
	copy->size += front;
	if (bad) {
		full_key_free(copy);
		return SECSTOR_ERROR_KEY;
	}
	memcpy(data, session->domain, session->domain_size);
	data[session->domain_size] = 0;
	return TEE_SUCCESS;
}

TEE_Result full_key_of(const struct session *session, const TEE_Param *param,
		       struct span *full_key)
{
	TEE_Result res = copy_in(param, session->domain_size + 1u,
				 SECSTOR_KEY_MAX, SECSTOR_ERROR_KEY, full_key);

	if (res)
		return res;
	return finish(session, !name_is_sound(*full_key, SECSTOR_KEY_MAX),
		      full_key);
}

TEE_Result full_prefix_of(const struct session *session, const TEE_Param *param,
			  struct span *full_prefix)
{
	TEE_Result res = copy_in(param, session->domain_size + 1u,
				 SECSTOR_KEY_MAX, SECSTOR_ERROR_KEY,
				 full_prefix);

	if (res)
		return res;
	return finish(session, !prefix_is_sound(*full_prefix, SECSTOR_KEY_MAX),
		      full_prefix);
}

TEE_Result full_key_at(const struct session *session, uint8_t **to,
		       struct span key, struct span *full_key)
{
	uint8_t *full = *to;
	size_t front = session->domain_size + 1u;

	if (!name_is_sound(key, SECSTOR_KEY_MAX))
		return SECSTOR_ERROR_KEY;
	memmove(full + front, key.data, key.size);
	memcpy(full, session->domain, session->domain_size);
	full[front - 1] = 0;
	*full_key = (struct span){ full, front + key.size };
	*to = full + front + key.size;
	return TEE_SUCCESS;
}

void full_key_free(struct span *full_key)
{
	mem_free((void *)full_key->data, full_key->size);
	*full_key = (struct span){ 0 };
}

TEE_Result check_room(TEE_Param *param, size_t size)
{
	if (size <= param->memref.size)
		return TEE_SUCCESS;
	param->memref.size = size;
	return TEE_ERROR_SHORT_BUFFER;
}

TEE_Result copy_out(TEE_Param *param, const void *data, size_t size)
{
	TEE_Result res = check_room(param, size);

	if (res)
		return res;
	if (size)
		TEE_MemMove(param->memref.buffer, data, size);
	param->memref.size = size;
	return TEE_SUCCESS;
}

uint64_t value_u64(const TEE_Param *param)
{
	return param->value.a | (uint64_t)param->value.b << 32;
}

void set_value_u64(TEE_Param *param, uint64_t number)
{
	param->value.a = number & 0xffffffff;
	param->value.b = number >> 32;
}
