// SPDX-License-Identifier: MIT
#include "tee_library.h"

#include <dlfcn.h>

namespace teec {
namespace {

template <typename Function>
bool Find(void* handle, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(handle, name));
  return *function != nullptr;
}

// dlerror() belongs to the thread, so the message is that of the call just made.
void Note(const char* name, std::string* tried) {
  const char* reason = dlerror();
  if (!tried->empty()) *tried += "; ";
  *tried += reason != nullptr ? reason : name;
}

}  // namespace

bool Library::Load(std::string* tried) {
  // Newest first: a board may carry both, and the newer one fits its newer driver.
  return LoadFrom("libteec.so.2", tried) || LoadFrom("libteec.so.1", tried);
}

bool Library::LoadFrom(const char* name, std::string* tried) {
  void* handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr && Find(handle, "TEEC_InitializeContext", &InitializeContext) &&
      Find(handle, "TEEC_FinalizeContext", &FinalizeContext) &&
      Find(handle, "TEEC_AllocateSharedMemory", &AllocateSharedMemory) &&
      Find(handle, "TEEC_ReleaseSharedMemory", &ReleaseSharedMemory) &&
      Find(handle, "TEEC_OpenSession", &OpenSession) &&
      Find(handle, "TEEC_CloseSession", &CloseSession) &&
      Find(handle, "TEEC_InvokeCommand", &InvokeCommand)) {
    return true;
  }
  Note(name, tried);
  return false;
}

}  // namespace teec
