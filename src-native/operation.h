// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_OPERATION_H
#define OPTEE_SECURE_STORAGE_OPERATION_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "secret_bytes.h"
#include "tee_client_api.h"

namespace teec {

// All memory references of one operation together, each rounded up to kSliceAlignment.
constexpr size_t kMaxSharedBytes = 4 * 1024 * 1024;
// One cache line, so that the two worlds never write to the same one for different parameters.
constexpr size_t kSliceAlignment = 64;

constexpr size_t AlignSlice(size_t size) {
  return (size + kSliceAlignment - 1) & ~(kSliceAlignment - 1);
}

// One parameter on its way into the TEE. Memory references have the type TEEC_MEMREF_TEMP_* here;
// how they are really passed is the connection's business.
struct Param {
  uint32_t type = TEEC_NONE;
  TEEC_Value value = {0, 0};
  SecretBytes data;  // a copy of what an input reference holds
  size_t room = 0;   // bytes of shared memory: the input, and the answer

  bool is_value() const { return type >= TEEC_VALUE_INPUT && type <= TEEC_VALUE_INOUT; }
  bool is_memref() const { return type >= TEEC_MEMREF_TEMP_INPUT; }
  bool is_output() const { return (type & 2u) != 0; }
};

// What came back in one output parameter.
struct ParamResult {
  uint32_t type = TEEC_NONE;  // TEEC_NONE if the parameter was no output
  TEEC_Value value = {0, 0};
  size_t size = 0;   // of a memory reference, as the TEE reported it
  SecretBytes data;  // of `size` bytes, or empty where they cannot be had
};

using Params = std::array<Param, TEEC_CONFIG_PAYLOAD_REF_COUNT>;

// How opening or invoking ended. Plain data: errors are made of it in JavaScript.
struct Outcome {
  uint32_t result = TEEC_SUCCESS;
  uint32_t origin = TEEC_ORIGIN_API;
  std::array<ParamResult, TEEC_CONFIG_PAYLOAD_REF_COUNT> params;
  bool no_context = false;        // TEEC_InitializeContext failed, which says nothing about why
  bool not_begun = false;         // the session has stopped before it
  std::string library_not_found;  // what was tried, if libteec could not be loaded

  static Outcome NotBegun() {
    Outcome outcome;
    outcome.not_begun = true;
    return outcome;
  }

  static Outcome Error(TEEC_Result result) {
    Outcome outcome;
    outcome.result = result;
    return outcome;
  }
};

}  // namespace teec

#endif
