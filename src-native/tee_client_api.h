/* SPDX-License-Identifier: MIT */
/*
 * The part of the GlobalPlatform TEE Client API Specification v1.0 that this
 * addon uses, for a library that is looked up at run time.
 *
 * The specification leaves room in its structures for the implementation and
 * does not say how much. The layout here is the one of OP-TEE's libteec.so.2
 * (4.2.0 and later). That of libteec.so.1 differs behind the public fields
 * only, and its TEEC_SharedMemory is 8 bytes smaller, so memory laid out
 * like this serves both, provided that nobody but the library touches
 * `imp`. The one exception is TEEC_Context's first int, which is the
 * descriptor of the TEE device in both (see descriptors.h).
 *
 * test/native/header.test.ts compares this file with libteec.so.2's own header;
 * test/native/support/fake_libteec.c knows the layout of libteec.so.1.
 */
#ifndef OPTEE_SECURE_STORAGE_TEE_CLIENT_API_H
#define OPTEE_SECURE_STORAGE_TEE_CLIENT_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Parameters of one operation. */
#define TEEC_CONFIG_PAYLOAD_REF_COUNT 4

/* Types of a parameter: four bits each in TEEC_Operation.paramTypes. */
#define TEEC_NONE 0x0u
#define TEEC_VALUE_INPUT 0x1u
#define TEEC_VALUE_OUTPUT 0x2u
#define TEEC_VALUE_INOUT 0x3u
#define TEEC_MEMREF_TEMP_INPUT 0x5u
#define TEEC_MEMREF_TEMP_OUTPUT 0x6u
#define TEEC_MEMREF_TEMP_INOUT 0x7u
#define TEEC_MEMREF_WHOLE 0xcu
#define TEEC_MEMREF_PARTIAL_INPUT 0xdu
#define TEEC_MEMREF_PARTIAL_OUTPUT 0xeu
#define TEEC_MEMREF_PARTIAL_INOUT 0xfu

#define TEEC_PARAM_TYPES(p0, p1, p2, p3) ((p0) | ((p1) << 4) | ((p2) << 8) | ((p3) << 12))

/* Directions of a shared memory block. */
#define TEEC_MEM_INPUT 0x1u
#define TEEC_MEM_OUTPUT 0x2u

/* Who answered. */
#define TEEC_ORIGIN_API 0x1u
#define TEEC_ORIGIN_COMMS 0x2u
#define TEEC_ORIGIN_TEE 0x3u
#define TEEC_ORIGIN_TRUSTED_APP 0x4u

/* How the client identifies itself. */
#define TEEC_LOGIN_PUBLIC 0x0u
#define TEEC_LOGIN_USER 0x1u
#define TEEC_LOGIN_GROUP 0x2u
#define TEEC_LOGIN_APPLICATION 0x4u
#define TEEC_LOGIN_USER_APPLICATION 0x5u
#define TEEC_LOGIN_GROUP_APPLICATION 0x6u

/* Results that this addon gives or looks at; all others just pass through. */
#define TEEC_SUCCESS 0x00000000u
#define TEEC_ERROR_GENERIC 0xffff0000u
#define TEEC_ERROR_BAD_PARAMETERS 0xffff0006u
#define TEEC_ERROR_BAD_STATE 0xffff0007u
#define TEEC_ERROR_ITEM_NOT_FOUND 0xffff0008u
#define TEEC_ERROR_OUT_OF_MEMORY 0xffff000cu
#define TEEC_ERROR_SHORT_BUFFER 0xffff0010u

typedef uint32_t TEEC_Result;

typedef struct {
  struct {
    int fd;
    bool reg_mem;
    bool memref_null;
  } imp;
} TEEC_Context;

/* A UUID in parts; the numbers are in the byte order of the machine. */
typedef struct {
  uint32_t timeLow;
  uint16_t timeMid;
  uint16_t timeHiAndVersion;
  uint8_t clockSeqAndNode[8];
} TEEC_UUID;

typedef struct {
  void* buffer;
  size_t size;
  uint32_t flags;
  struct {
    int id;
    size_t alloced_size;
    void* shadow_buffer;
    int registered_fd;
    uint32_t flags;
  } imp;
} TEEC_SharedMemory;

typedef struct {
  void* buffer;
  size_t size;
} TEEC_TempMemoryReference;

/* A slice of a shared memory block; `size` comes back as the TEE set it. */
typedef struct {
  TEEC_SharedMemory* parent;
  size_t size;
  size_t offset;
} TEEC_RegisteredMemoryReference;

typedef struct {
  uint32_t a;
  uint32_t b;
} TEEC_Value;

typedef union {
  TEEC_TempMemoryReference tmpref;
  TEEC_RegisteredMemoryReference memref;
  TEEC_Value value;
} TEEC_Parameter;

typedef struct {
  struct {
    TEEC_Context* ctx;
    uint32_t session_id;
  } imp;
} TEEC_Session;

typedef struct {
  uint32_t started;
  uint32_t paramTypes;
  TEEC_Parameter params[TEEC_CONFIG_PAYLOAD_REF_COUNT];
  struct {
    TEEC_Session* session;
  } imp;
} TEEC_Operation;

/* Section 4.5 of the specification; the library is looked up at run time. */
TEEC_Result TEEC_InitializeContext(const char* name, TEEC_Context* context);
void TEEC_FinalizeContext(TEEC_Context* context);
TEEC_Result TEEC_AllocateSharedMemory(TEEC_Context* context, TEEC_SharedMemory* sharedMem);
void TEEC_ReleaseSharedMemory(TEEC_SharedMemory* sharedMem);
TEEC_Result TEEC_OpenSession(TEEC_Context* context, TEEC_Session* session,
                             const TEEC_UUID* destination, uint32_t connectionMethod,
                             const void* connectionData, TEEC_Operation* operation,
                             uint32_t* returnOrigin);
void TEEC_CloseSession(TEEC_Session* session);
TEEC_Result TEEC_InvokeCommand(TEEC_Session* session, uint32_t commandID, TEEC_Operation* operation,
                               uint32_t* returnOrigin);

#ifdef __cplusplus
}
#endif

#endif
