/* SPDX-License-Identifier: MIT */
/* What the kernel's TEE driver does: attest who the calling process is. */
#ifndef LOGIN_H
#define LOGIN_H

#include "tee_api_types.h"
#include "tee_client_api.h"

/*
 * The identity of the calling process for a login type (TEEC_LOGIN_*), with
 * data for those that take some: a gid_t for TEEC_LOGIN_GROUP.
 *
 * Errors are those of Linux 6.12 as libteec maps them:
 * TEEC_ERROR_BAD_PARAMETERS  a login type that cannot be used
 * TEEC_ERROR_GENERIC         not a member of the group, or a login that is the
 *                            kernel's own
 */
TEEC_Result login_identity(uint32_t login, const void *data,
			   TEE_Identity *identity);

/*
 * The UUID of a name in the kernel's name space, such as "uid=3e8": a
 * name-based UUID with SHA-1 (RFC 9562, section 5.5). At most 32 bytes.
 */
TEE_UUID login_uuid(const char *name);

#endif /* LOGIN_H */
