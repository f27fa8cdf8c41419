// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_TEE_LIBRARY_H
#define OPTEE_SECURE_STORAGE_TEE_LIBRARY_H

#include <string>

#include "tee_client_api.h"

namespace teec {

// libteec, looked up when it is needed. A binary that were linked to one of its two sonames would
// not load where there is only the other, nor where there is none.
struct Library {
  decltype(&TEEC_InitializeContext) InitializeContext = nullptr;
  decltype(&TEEC_FinalizeContext) FinalizeContext = nullptr;
  decltype(&TEEC_AllocateSharedMemory) AllocateSharedMemory = nullptr;
  decltype(&TEEC_ReleaseSharedMemory) ReleaseSharedMemory = nullptr;
  decltype(&TEEC_OpenSession) OpenSession = nullptr;
  decltype(&TEEC_CloseSession) CloseSession = nullptr;
  decltype(&TEEC_InvokeCommand) InvokeCommand = nullptr;

  // Loads libteec.so.2, else libteec.so.1, and never unloads it: a thread may be inside of it for
  // ever. Any thread may call this. On failure returns false and says in `tried` what was tried.
  bool Load(std::string* tried);

 private:
  bool LoadFrom(const char* name, std::string* tried);
};

}  // namespace teec

#endif
