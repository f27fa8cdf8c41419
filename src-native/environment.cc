// SPDX-License-Identifier: MIT
#include "environment.h"

#include <utility>
#include <vector>

#include "results.h"

namespace teec {
namespace {

// How long the end of an environment waits for threads that are busy in the TEE. Closing takes a
// few milliseconds; what takes longer is left to its thread, which closes when it comes back.
constexpr std::chrono::milliseconds kTeardownPatience{250};
// A thread that has reported its end has only to return.
constexpr std::chrono::seconds kReturnPatience{1};

// Marks our objects, for napi_unwrap() does not ask who wrapped them. Random.
constexpr napi_type_tag kSessionTag = {0xdadd91d255dc4999, 0xb89c31f724928512};

// A key instead of a pointer: the object may outlive its session.
void* PointerFrom(uint32_t key) { return reinterpret_cast<void*>(static_cast<uintptr_t>(key)); }
uint32_t KeyFrom(void* pointer) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(pointer));
}

}  // namespace

Environment* Environment::Of(napi_env env) {
  void* data = nullptr;
  napi_get_instance_data(env, &data);
  return static_cast<Environment*>(data);
}

bool Environment::Install(Napi::Env env) {
  std::unique_ptr<Environment> environment(new Environment(env));
  if (!environment->OpenOutbox()) return false;
  // Hooks run last in, first out: ours before the one that deletes the threadsafe function.
  if (napi_add_env_cleanup_hook(env, CleanUp, environment.get()) != napi_ok) return false;
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<Environment*>(data); };
  return napi_set_instance_data(env, environment.release(), destroy, nullptr) == napi_ok;
}

bool Environment::OpenOutbox() {
  const Napi::Env env(env_);
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, Napi::String::New(env, "tee"), 0, 1,
                                      nullptr, nullptr, this, CallJs, &wake_) != napi_ok) {
    return false;
  }
  // Idle sessions do not keep the process alive, see Await().
  napi_unref_threadsafe_function(env_, wake_);
  outbox_->Open(wake_);
  return true;
}

Napi::Value Environment::CreateSession(Napi::Env env, const Napi::Function& settle,
                                       std::vector<uint32_t> stop_at) {
  const uint32_t key = ++last_key_;
  Napi::Object handle = Napi::Object::New(env);
  if (napi_wrap(env, handle, PointerFrom(key), HandleGone, nullptr, nullptr) != napi_ok ||
      napi_type_tag_object(env, handle, &kSessionTag) != napi_ok) {
    return Napi::Value();
  }
  Record record;
  record.session = std::make_shared<Session>(key, std::move(stop_at), outbox_);
  record.settle = Napi::Persistent(settle);
  sessions_.emplace(key, std::move(record));
  return handle;
}

uint32_t Environment::KeyOf(napi_env env, napi_value handle) {
  bool ours = false;
  void* pointer = nullptr;
  if (napi_check_object_type_tag(env, handle, &kSessionTag, &ours) != napi_ok || !ours) return 0;
  return napi_unwrap(env, handle, &pointer) == napi_ok ? KeyFrom(pointer) : 0;
}

void Environment::HandleGone(napi_env env, void* data, void*) {
  Environment* environment = Of(env);
  if (environment == nullptr) return;
  auto request = std::make_unique<Request>();
  request->kind = Request::Kind::kClose;
  Record* record = environment->Find(KeyFrom(data));
  if (record != nullptr) record->session->Submit(std::move(request));
}

Submitted Environment::Submit(uint32_t key, std::unique_ptr<Request> request) {
  Record* record = Find(key);
  if (record == nullptr) return Submitted::kClosed;
  const uint32_t id = request->id;
  const Submitted submitted = record->session->Submit(std::move(request));
  if (submitted == Submitted::kAccepted) Await(record, id);
  return submitted;
}

bool Environment::Withdraw(uint32_t key, uint32_t request) {
  Record* record = Find(key);
  if (record == nullptr || !record->session->Withdraw(request)) return false;
  Forget(record, request);
  return true;
}

Abandoned Environment::Abandon(uint32_t key, uint32_t request) {
  Record* record = Find(key);
  if (record == nullptr) return Abandoned::kFinished;
  const Abandoned abandoned = record->session->Abandon(request);
  if (abandoned != Abandoned::kFinished) Forget(record, request);
  return abandoned;
}

int Environment::RunningThread(uint32_t key, uint32_t request) {
  Record* record = Find(key);
  return record == nullptr ? 0 : record->session->RunningThread(request);
}

void Environment::CallJs(napi_env env, napi_value, void* context, void*) {
  // Without an environment the function is being deleted, and the context may be gone already.
  if (env != nullptr) static_cast<Environment*>(context)->Deliver();
}

void Environment::Deliver() {
  for (Completion& completion : outbox_->Take()) Settle(&completion);
}

void Environment::Settle(Completion* completion) {
  Record* record = Find(completion->session);
  if (record == nullptr) return;
  const Napi::Env env(env_);
  const Napi::HandleScope scope(env);
  const bool awaited = record->awaited.count(completion->request) != 0;
  Forget(record, completion->request);
  napi_value settle = record->settle.Value();
  if (completion->session_ended) {
    record->session->JoinUntil(Session::Clock::now() + kReturnPatience);
    sessions_.erase(completion->session);
  }
  if (!awaited) return;
  // The function is ours and does not throw; while the environment ends nothing can be called.
  napi_value arguments[] = {Napi::Number::New(env, completion->request),
                            ToJavaScript(env, completion->outcome)};
  napi_call_function(env_, env.Undefined(), settle, 2, arguments, nullptr);
}

// Runs before Node.js tears down the environment's handles and references.
void Environment::CleanUp(void* argument) {
  auto* environment = static_cast<Environment*>(argument);
  environment->outbox_->Close();
  for (auto& entry : environment->sessions_) entry.second.session->Stop();
  const auto deadline = Session::Clock::now() + kTeardownPatience;
  for (auto& entry : environment->sessions_) entry.second.session->JoinUntil(deadline);
  environment->sessions_.clear();
}

void Environment::Await(Record* record, uint32_t request) {
  if (!record->awaited.insert(request).second) return;
  if (awaited_++ == 0) napi_ref_threadsafe_function(env_, wake_);
}

void Environment::Forget(Record* record, uint32_t request) {
  if (record->awaited.erase(request) == 0) return;
  if (--awaited_ == 0) napi_unref_threadsafe_function(env_, wake_);
}

Environment::Record* Environment::Find(uint32_t key) {
  const auto found = sessions_.find(key);
  return found == sessions_.end() ? nullptr : &found->second;
}

}  // namespace teec
