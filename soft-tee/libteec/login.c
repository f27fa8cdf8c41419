// SPDX-License-Identifier: MIT
#include "login.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sha1.h"

/* A login that only clients within the Linux kernel may use. */
#define LOGIN_REE_KERNEL 0x80000000u

/* 58ac9ca0-2086-4683-a1b8-ec4bc08e01b6, of the kernel's TEE subsystem. */
static const uint8_t name_space[16] = { 0x58, 0xac, 0x9c, 0xa0, 0x20, 0x86,
					0x46, 0x83, 0xa1, 0xb8, 0xec, 0x4b,
					0xc0, 0x8e, 0x01, 0xb6 };

#define NAME_MAX_SIZE 32

TEE_UUID login_uuid(const char *name)
{
	uint8_t data[sizeof(name_space) + NAME_MAX_SIZE] = { 0 };
	uint8_t hash[SHA1_SIZE] = { 0 };
	TEE_UUID uuid = { 0 };

	memcpy(data, name_space, sizeof(name_space));
	memcpy(data + sizeof(name_space), name, strlen(name));
	sha1_short(data, sizeof(name_space) + strlen(name), hash);
	hash[6] = (hash[6] & 0x0f) | 0x50;
	hash[8] = (hash[8] & 0x3f) | 0x80;
	uuid.timeLow = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 |
		       (uint32_t)hash[2] << 8 | hash[3];
	uuid.timeMid = (uint16_t)(hash[4] << 8 | hash[5]);
	uuid.timeHiAndVersion = (uint16_t)(hash[6] << 8 | hash[7]);
	memcpy(uuid.clockSeqAndNode, hash + 8, sizeof(uuid.clockSeqAndNode));
	return uuid;
}

/*
 * The kernel takes IDs as they are outside of the process's user namespace.
 * One that is not mapped cannot be a caller's, so it stays what it is.
 */
static uint32_t id_outside(const char *map, uint32_t id)
{
	uint32_t inside = 0;
	uint32_t outside = 0;
	uint32_t count = 0;
	uint32_t found = id;
	FILE *file = fopen(map, "re");

	if (!file)
		return id;
	while (fscanf(file, "%" SCNu32 " %" SCNu32 " %" SCNu32, &inside,
		      &outside, &count) == 3)
		if (id >= inside && id - inside < count)
			found = outside + (id - inside);
	fclose(file);
	return found;
}

static bool is_member(gid_t group)
{
	int count = getgroups(0, NULL);
	gid_t *groups = NULL;
	bool member = getegid() == group;
	int n = 0;

	if (count > 0)
		groups = calloc((size_t)count, sizeof(*groups));
	if (groups)
		count = getgroups(count, groups);
	for (n = 0; groups && n < count; n++)
		member = member || groups[n] == group;
	free(groups);
	return member;
}

static TEEC_Result group_identity(const void *data, TEE_UUID *uuid)
{
	char name[NAME_MAX_SIZE] = { 0 };
	gid_t group = 0;

	if (!data)
		return TEEC_ERROR_BAD_PARAMETERS;
	memcpy(&group, data, sizeof(group));
	if (!is_member(group))
		return TEEC_ERROR_GENERIC;
	snprintf(name, sizeof(name), "gid=%" PRIx32,
		 id_outside("/proc/self/gid_map", group));
	*uuid = login_uuid(name);
	return TEEC_SUCCESS;
}

TEEC_Result login_identity(uint32_t login, const void *data,
			   TEE_Identity *identity)
{
	char name[NAME_MAX_SIZE] = { 0 };

	*identity = (TEE_Identity){ .login = login };
	switch (login) {
	case TEEC_LOGIN_PUBLIC:
		return TEEC_SUCCESS;
	case TEEC_LOGIN_USER:
		snprintf(name, sizeof(name), "uid=%" PRIx32,
			 id_outside("/proc/self/uid_map", geteuid()));
		identity->uuid = login_uuid(name);
		return TEEC_SUCCESS;
	case TEEC_LOGIN_GROUP:
		return group_identity(data, &identity->uuid);
	case LOGIN_REE_KERNEL:
		return TEEC_ERROR_GENERIC;
	default:
		return TEEC_ERROR_BAD_PARAMETERS;
	}
}
