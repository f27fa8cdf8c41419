/* SPDX-License-Identifier: MIT */
/*
 * Types of the GlobalPlatform TEE Internal Core API Specification 1.3.1, as
 * far as tee_internal_api.h declares functions for them.
 */
#ifndef TEE_API_TYPES_H
#define TEE_API_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tee_api_defines.h"

/* The type of sizes, and of offsets in a data stream, by API version. */
#if __OPTEE_CORE_API_COMPAT_1_1
typedef uint32_t __tee_size_t;
typedef int32_t __tee_offset_t;
#else
typedef size_t __tee_size_t;
typedef intmax_t __tee_offset_t;
#endif

typedef uint32_t TEE_Result;

typedef struct {
	uint32_t timeLow;
	uint16_t timeMid;
	uint16_t timeHiAndVersion;
	uint8_t clockSeqAndNode[8];
} TEE_UUID;

/* Who the client is: how it logged in, and the UUID that goes with it. */
typedef struct {
	uint32_t login;
	TEE_UUID uuid;
} TEE_Identity;

/* One of the four parameters of an operation; its type tells which member. */
typedef union {
	struct {
		void *buffer;
		__tee_size_t size;
	} memref;
	struct {
		uint32_t a;
		uint32_t b;
	} value;
} TEE_Param;

typedef struct {
	uint32_t objectType;
	uint32_t objectSize;
	uint32_t maxObjectSize;
	uint32_t objectUsage;
	__tee_size_t dataSize;
	__tee_size_t dataPosition;
	uint32_t handleFlags;
} TEE_ObjectInfo;

typedef uint32_t TEE_ObjectType;
typedef uint32_t TEE_Whence;

typedef struct {
	uint32_t seconds;
	uint32_t millis;
} TEE_Time;

typedef struct __TEE_PropSetHandle *TEE_PropSetHandle;
typedef struct __TEE_ObjectHandle *TEE_ObjectHandle;
typedef struct __TEE_OperationHandle *TEE_OperationHandle;

#endif /* TEE_API_TYPES_H */
