/* SPDX-License-Identifier: MIT */
/*
 * The TEE Internal Core API as this TA uses it, whatever its age. Up to
 * OP-TEE 3.20 (and with CFG_TA_OPTEE_CORE_API_COMPAT_1_1) its sizes are
 * uint32_t, after that size_t. The type that memory references carry tells.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <tee_internal_api.h>

typedef __typeof__(((TEE_Param *)0)->memref.size) ta_size_t;

#endif /* COMPAT_H */
