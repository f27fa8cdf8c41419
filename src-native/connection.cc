// SPDX-License-Identifier: MIT
#include "connection.h"

#include <algorithm>
#include <cstring>

#include "descriptors.h"

namespace teec {
namespace {

constexpr uint32_t kTemporaryToPartial = TEEC_MEMREF_PARTIAL_INPUT - TEEC_MEMREF_TEMP_INPUT;

size_t SharedBytes(const Params& params) {
  size_t total = 0;
  for (const Param& param : params) {
    if (param.is_memref()) total += AlignSlice(param.room);
  }
  return total;
}

bool HasMemref(const Params& params) {
  return std::any_of(params.begin(), params.end(), [](const Param& p) { return p.is_memref(); });
}

const void* LoginData(const Target& target) {
  switch (target.login) {
    case TEEC_LOGIN_GROUP:
    case TEEC_LOGIN_GROUP_APPLICATION:
      return &target.group;
    default:
      return nullptr;
  }
}

// Whether the Trusted Application has written its outputs. When something before it failed, the
// sizes are still those of the request and the memory is not its answer.
bool HasOutputs(const Outcome& outcome) {
  return outcome.result == TEEC_SUCCESS || outcome.origin == TEEC_ORIGIN_TRUSTED_APP;
}

}  // namespace

Outcome Connection::Open(const Target& target, Params* params) {
  Outcome outcome;
  if (!library_.Load(&outcome.library_not_found)) return outcome;
  outcome.library_not_found.clear();

  outcome.result = library_.InitializeContext(nullptr, &context_);
  if (outcome.result != TEEC_SUCCESS) {
    outcome.no_context = true;
    return outcome;
  }
  context_open_ = true;
  SealContextDescriptor(context_.imp.fd);

  TEEC_Operation operation = {};
  if (!Prepare(params, &operation, &outcome)) return outcome;
  outcome.result = library_.OpenSession(&context_, &session_, &target.uuid, target.login,
                                        LoginData(target), &operation, &outcome.origin);
  session_open_ = outcome.result == TEEC_SUCCESS;
  Collect(*params, operation, &outcome);
  return outcome;
}

Outcome Connection::Invoke(uint32_t command, Params* params) {
  if (!session_open_) return Outcome::Error(TEEC_ERROR_BAD_STATE);
  Outcome outcome;
  TEEC_Operation operation = {};
  if (!Prepare(params, &operation, &outcome)) return outcome;
  outcome.result = library_.InvokeCommand(&session_, command, &operation, &outcome.origin);
  Collect(*params, operation, &outcome);
  return outcome;
}

void Connection::Close() {
  if (session_open_) library_.CloseSession(&session_);
  session_open_ = false;
  block_.Release();
  if (context_open_) library_.FinalizeContext(&context_);
  context_open_ = false;
}

// Fills the operation and moves the inputs into shared memory; no other copy of them is left.
bool Connection::Prepare(Params* params, TEEC_Operation* operation, Outcome* outcome) {
  if (HasMemref(*params)) {
    outcome->result = block_.Reserve(SharedBytes(*params));
    if (outcome->result != TEEC_SUCCESS) return false;
  }
  size_t offset = 0;
  for (size_t i = 0; i < params->size(); i++) {
    Param& param = (*params)[i];
    uint32_t type = param.type;
    if (param.is_memref()) {
      type += kTemporaryToPartial;
      TEEC_RegisteredMemoryReference& memref = operation->params[i].memref;
      memref.parent = block_.memory();
      memref.size = param.room;
      // An empty slice behind the last byte would be out of the block's bounds.
      memref.offset = param.room == 0 ? 0 : offset;
      if (param.data.size() != 0) {
        std::memcpy(block_.data() + memref.offset, param.data.data(), param.data.size());
      }
      param.data.clear();
      offset += AlignSlice(param.room);
    } else if (param.is_value()) {
      operation->params[i].value = param.value;
    }
    operation->paramTypes |= type << (4 * i);
  }
  return true;
}

// What an output parameter holds after the call; `slice` is where its memory begins.
ParamResult Connection::Read(const Param& param, const TEEC_Parameter& answer, const uint8_t* slice,
                             const Outcome& outcome) {
  ParamResult read;
  read.type = param.type;
  if (param.is_value()) {
    read.value = answer.value;
    return read;
  }
  const bool too_short = outcome.result == TEEC_ERROR_SHORT_BUFFER;
  if (too_short || HasOutputs(outcome)) read.size = answer.memref.size;
  // A size beyond the room is a wish, with SHORT_BUFFER or (wrongly) without.
  if (!too_short && read.size <= param.room) read.data.assign(slice, read.size);
  return read;
}

// Takes the outputs out of the operation and wipes what it used of the shared memory.
void Connection::Collect(const Params& params, const TEEC_Operation& operation, Outcome* outcome) {
  size_t offset = 0;
  for (size_t i = 0; i < params.size(); i++) {
    const Param& param = params[i];
    if (param.is_output()) {
      outcome->params[i] = Read(param, operation.params[i], block_.data() + offset, *outcome);
    }
    if (param.is_memref()) offset += AlignSlice(param.room);
  }
  if (offset != 0) Wipe(block_.data(), offset);
}

}  // namespace teec
