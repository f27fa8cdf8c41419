// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_SHARED_BLOCK_H
#define OPTEE_SECURE_STORAGE_SHARED_BLOCK_H

#include "tee_client_api.h"
#include "tee_library.h"

namespace teec {

// The one block of shared memory that all operations of a session use in turn. Registering memory
// for each operation would cost four more switches to the secure world and back per reference.
class SharedBlock {
 public:
  SharedBlock(const Library& library, TEEC_Context* context)
      : library_(library), context_(context) {}
  ~SharedBlock() { Release(); }
  SharedBlock(const SharedBlock&) = delete;
  SharedBlock& operator=(const SharedBlock&) = delete;

  // Makes room for `size` bytes; what was in the block is lost. The block starts at 64 KiB and
  // doubles. Returns what the library returned; the block may then be gone.
  TEEC_Result Reserve(size_t size);
  // Wipes and gives back the block, if there is one.
  void Release();

  TEEC_SharedMemory* memory() { return &memory_; }
  uint8_t* data() { return static_cast<uint8_t*>(memory_.buffer); }
  size_t size() const { return allocated_ ? memory_.size : 0; }

 private:
  const Library& library_;
  TEEC_Context* const context_;
  TEEC_SharedMemory memory_ = {};
  bool allocated_ = false;
};

}  // namespace teec

#endif
