// SPDX-License-Identifier: MIT
#include "shared_block.h"

#include "descriptors.h"
#include "dumps.h"
#include "secret_bytes.h"

namespace teec {
namespace {

constexpr size_t kFirstSize = 64 * 1024;

}  // namespace

TEEC_Result SharedBlock::Reserve(size_t size) {
  if (allocated_ && size <= memory_.size) return TEEC_SUCCESS;
  size_t rounded = kFirstSize;
  while (rounded < size) rounded *= 2;

  // The old block goes first: on kernels with a fixed pool the two may not fit together.
  Release();
  memory_.size = rounded;
  memory_.flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT;
  const TEEC_Result result = library_.AllocateSharedMemory(context_, &memory_);
  SealSharedMemoryDescriptors();
  if (result != TEEC_SUCCESS) return result;
  allocated_ = true;
  LeaveOutOfDumps(memory_.buffer, memory_.size);
  // The library may hand out recycled heap memory, which is none of the TEE's business.
  Wipe(memory_.buffer, memory_.size);
  return TEEC_SUCCESS;
}

void SharedBlock::Release() {
  if (allocated_) {
    Wipe(memory_.buffer, memory_.size);
    // The library may use the memory for something else.
    PutBackIntoDumps(memory_.buffer, memory_.size);
    library_.ReleaseSharedMemory(&memory_);
  }
  allocated_ = false;
  memory_ = {};
}

}  // namespace teec
