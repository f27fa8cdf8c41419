// SPDX-License-Identifier: MIT
/*
 * Compiled once for each TA, as OP-TEE's file of the same name: what the TA
 * says of itself in user_ta_header_defines.h.
 */
#include "user_ta_header.h"

#include "core.h"
#include "user_ta_header_defines.h"

const TEE_UUID ta_uuid = TA_UUID;
const uint32_t ta_flags = TA_FLAGS;
const size_t ta_heap_size = TA_DATA_SIZE;
const size_t ta_stack_size = TA_STACK_SIZE;
