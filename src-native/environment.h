// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_ENVIRONMENT_H
#define OPTEE_SECURE_STORAGE_ENVIRONMENT_H

#include <napi.h>

#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "outbox.h"
#include "session.h"

namespace teec {

// What the addon keeps for one Node.js environment (the main thread or one worker thread): its
// sessions, and the way back from their threads. JavaScript thread only.
class Environment {
 public:
  // The instance data of the addon in this environment.
  static Environment* Of(napi_env env);
  // Makes it; returns false if Node.js refused something.
  static bool Install(Napi::Env env);

  // Makes a session. `settle(request, outcome)` is called for each finished request that nobody
  // withdrew or abandoned. Returns an opaque object; the session is closed when that is garbage.
  Napi::Value CreateSession(Napi::Env env, const Napi::Function& settle,
                            std::vector<uint32_t> stop_at);
  // The key of the session behind such an object, or 0 if it is something else.
  static uint32_t KeyOf(napi_env env, napi_value handle);

  // See Session for what these do. A session that has ended is closed, its requests are finished.
  Submitted Submit(uint32_t key, std::unique_ptr<Request> request);
  bool Withdraw(uint32_t key, uint32_t request);
  Abandoned Abandon(uint32_t key, uint32_t request);
  int RunningThread(uint32_t key, uint32_t request);
  uint32_t ParkedThreads() const { return outbox_->parked; }

 private:
  struct Record {
    std::shared_ptr<Session> session;
    Napi::FunctionReference settle;
    std::set<uint32_t> awaited;  // requests for which the process has to stay alive
  };

  explicit Environment(napi_env env) : env_(env) {}
  bool OpenOutbox();
  static void CallJs(napi_env env, napi_value callback, void* context, void* data);
  static void HandleGone(napi_env env, void* data, void* hint);
  static void CleanUp(void* argument);
  void Deliver();
  void Settle(Completion* completion);
  void Await(Record* record, uint32_t request);
  void Forget(Record* record, uint32_t request);
  Record* Find(uint32_t key);

  const napi_env env_;
  const std::shared_ptr<Outbox> outbox_ = std::make_shared<Outbox>();
  napi_threadsafe_function wake_ = nullptr;
  std::unordered_map<uint32_t, Record> sessions_;
  uint32_t last_key_ = 0;
  size_t awaited_ = 0;
};

}  // namespace teec

#endif
