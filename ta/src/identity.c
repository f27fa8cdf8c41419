// SPDX-License-Identifier: MIT
#include "identity.h"

#include <string.h>

#define UUID_SIZE 16
#define DIGEST_SIZE 20
/* "uid=" and eight digits at most */
#define NAME_MAX 12

/* The name space for client UUIDs of Linux's TEE subsystem. */
static const uint8_t name_space[UUID_SIZE] = { 0x58, 0xac, 0x9c, 0xa0,
					       0x20, 0x86, 0x46, 0x83,
					       0xa1, 0xb8, 0xec, 0x4b,
					       0xc0, 0x8e, 0x01, 0xb6 };

/* The number in hexadecimal, without zeros in front. */
static size_t write_number(char *text, uint32_t number)
{
	static const char digits[] = "0123456789abcdef";
	size_t size = 1;
	size_t n = 0;

	while (size < 8 && number >> 4 * size)
		size++;
	for (n = 0; n < size; n++)
		text[n] = digits[number >> 4 * (size - 1 - n) & 0xf];
	return size;
}

static TEE_Result sha1(const void *data, size_t size, uint8_t *digest)
{
	TEE_OperationHandle operation = TEE_HANDLE_NULL;
	ta_size_t digest_size = DIGEST_SIZE;
	TEE_Result res = TEE_AllocateOperation(&operation, TEE_ALG_SHA1,
					       TEE_MODE_DIGEST, 0);

	if (res)
		return res;
	res = TEE_DigestDoFinal(operation, data, size, digest, &digest_size);
	TEE_FreeOperation(operation);
	return res;
}

bool identity_is_of(const struct owner *owner, uint32_t id)
{
	uint8_t name[UUID_SIZE + NAME_MAX] = { 0 };
	uint8_t digest[DIGEST_SIZE] = { 0 };
	bool is_user = owner->bytes[0] == TEE_LOGIN_USER;
	size_t size = UUID_SIZE + 4;

	memcpy(name, name_space, UUID_SIZE);
	memcpy(name + UUID_SIZE, is_user ? "uid=" : "gid=", 4);
	size += write_number((char *)name + size, id);
	if (sha1(name, size, digest))
		return false;
	/* Version 5, of the variant of RFC 4122. */
	digest[6] = (digest[6] & 0x0f) | 0x50;
	digest[8] = (digest[8] & 0x3f) | 0x80;
	return !memcmp(digest, owner->bytes + 1, UUID_SIZE);
}

bool identity_is_root(const struct owner *owner)
{
	static const uint8_t root[OWNER_SIZE] = {
		TEE_LOGIN_USER, 0xef, 0x01, 0x80, 0xa3, 0x13, 0xf3, 0x5d, 0x1c,
		0xb7,		0xf5, 0x88, 0x8c, 0x0e, 0x21, 0x05, 0x9a,
	};

	return !memcmp(owner->bytes, root, OWNER_SIZE);
}
