// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_CONNECTION_H
#define OPTEE_SECURE_STORAGE_CONNECTION_H

#include "operation.h"
#include "shared_block.h"
#include "tee_client_api.h"
#include "tee_library.h"

namespace teec {

// To whom a session is opened, and as whom.
struct Target {
  TEEC_UUID uuid = {};
  uint32_t login = TEEC_LOGIN_PUBLIC;
  uint32_t group = 0;  // for the logins that name a group
};

// A context with one session in it: libteec's calls in their order. Everything here blocks, for
// ever if the TEE does, and belongs to the session's own thread.
class Connection {
 public:
  Connection() = default;
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Outcome Open(const Target& target, Params* params);
  Outcome Invoke(uint32_t command, Params* params);
  // Closes session and context, if they are open.
  void Close();

 private:
  bool Prepare(Params* params, TEEC_Operation* operation, Outcome* outcome);
  static ParamResult Read(const Param& param, const TEEC_Parameter& answer, const uint8_t* slice,
                          const Outcome& outcome);
  void Collect(const Params& params, const TEEC_Operation& operation, Outcome* outcome);

  Library library_;
  TEEC_Context context_ = {};
  TEEC_Session session_ = {};
  SharedBlock block_{library_, &context_};
  bool context_open_ = false;
  bool session_open_ = false;
};

}  // namespace teec

#endif
