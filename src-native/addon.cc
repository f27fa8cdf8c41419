// SPDX-License-Identifier: MIT
// The addon's functions, as addon.ts declares them.
#include <napi.h>

#include <memory>
#include <utility>
#include <vector>

#include "arguments.h"
#include "dumps.h"
#include "environment.h"
#include "program.h"
#include "sealed_file.h"
#include "standard_output.h"

namespace teec {
namespace {

Napi::Value Misuse(Napi::Env env, const char* message) {
  // A getter of an argument may have thrown: that goes on, and a second error would end the
  // process.
  if (!env.IsExceptionPending()) {
    Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  }
  return Napi::Value();
}

// The first two arguments of most functions: the session's object and the id of a request.
struct Subject {
  uint32_t session = 0;
  uint32_t request = 0;

  bool Read(const Napi::CallbackInfo& info) {
    if (!info[0].IsObject() || !ReadUint32(info[1], &request) || request == 0) return false;
    session = Environment::KeyOf(info.Env(), info[0]);
    return session != 0;
  }
};

Napi::Value Submit(const Napi::CallbackInfo& info, uint32_t session,
                   std::unique_ptr<Request> request) {
  const Submitted submitted = Environment::Of(info.Env())->Submit(session, std::move(request));
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(submitted));
}

// createSession(settle, stopAt) -> session
Napi::Value CreateSession(const Napi::CallbackInfo& info) {
  std::vector<uint32_t> stop_at;
  if (!info[0].IsFunction() || !ReadResults(info[1], &stop_at)) {
    return Misuse(info.Env(), "createSession(settle, stopAt)");
  }
  return Environment::Of(info.Env())
      ->CreateSession(info.Env(), info[0].As<Napi::Function>(), std::move(stop_at));
}

// open(session, request, uuid, login, group, params) -> Submitted
Napi::Value Open(const Napi::CallbackInfo& info) {
  Subject subject;
  auto request = std::make_unique<Request>();
  Target& target = request->target;
  if (!subject.Read(info) || !ReadUuid(info[2], &target.uuid) ||
      !ReadUint32(info[3], &target.login) || !ReadUint32(info[4], &target.group) ||
      !ReadParams(info[5], &request->params)) {
    return Misuse(info.Env(), "open(session, request, uuid, login, group, params)");
  }
  request->kind = Request::Kind::kOpen;
  request->id = subject.request;
  return Submit(info, subject.session, std::move(request));
}

// invoke(session, request, command, params) -> Submitted
Napi::Value Invoke(const Napi::CallbackInfo& info) {
  Subject subject;
  auto request = std::make_unique<Request>();
  if (!subject.Read(info) || !ReadUint32(info[2], &request->command) ||
      !ReadParams(info[3], &request->params)) {
    return Misuse(info.Env(), "invoke(session, request, command, params)");
  }
  request->kind = Request::Kind::kInvoke;
  request->id = subject.request;
  return Submit(info, subject.session, std::move(request));
}

// close(session, request) -> Submitted
Napi::Value Close(const Napi::CallbackInfo& info) {
  Subject subject;
  if (!subject.Read(info)) return Misuse(info.Env(), "close(session, request)");
  auto request = std::make_unique<Request>();
  request->kind = Request::Kind::kClose;
  request->id = subject.request;
  return Submit(info, subject.session, std::move(request));
}

// withdraw(session, request) -> boolean
Napi::Value Withdraw(const Napi::CallbackInfo& info) {
  Subject subject;
  if (!subject.Read(info)) return Misuse(info.Env(), "withdraw(session, request)");
  return Napi::Boolean::New(
      info.Env(), Environment::Of(info.Env())->Withdraw(subject.session, subject.request));
}

// abandon(session, request) -> Abandoned
Napi::Value Abandon(const Napi::CallbackInfo& info) {
  Subject subject;
  if (!subject.Read(info)) return Misuse(info.Env(), "abandon(session, request)");
  const Abandoned abandoned =
      Environment::Of(info.Env())->Abandon(subject.session, subject.request);
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(abandoned));
}

// runningThread(session, request) -> number
Napi::Value RunningThread(const Napi::CallbackInfo& info) {
  Subject subject;
  if (!subject.Read(info)) return Misuse(info.Env(), "runningThread(session, request)");
  return Napi::Number::New(
      info.Env(), Environment::Of(info.Env())->RunningThread(subject.session, subject.request));
}

// parkedThreads() -> number
Napi::Value ParkedThreads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Environment::Of(info.Env())->ParkedThreads());
}

// redirectStdioToStderr() -> boolean
Napi::Value RedirectStdio(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), RedirectStdioToStderr());
}

// forbidDumps() -> boolean
Napi::Value ForbidProcessDumps(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), ForbidDumps());
}

// sealedFile(content) -> number
Napi::Value MakeSealedFile(const Napi::CallbackInfo& info) {
  if (!IsBytes(info[0])) return Misuse(info.Env(), "sealedFile(content)");
  const Napi::Uint8Array content = info[0].As<Napi::Uint8Array>();
  return Napi::Number::New(info.Env(), SealedFile(content.Data(), content.ByteLength()));
}

// replaceProcess(file, args, environment, kept) -> number
Napi::Value BecomeProgram(const Napi::CallbackInfo& info) {
  char* file = nullptr;
  std::vector<char*> args;
  std::vector<char*> environment;
  std::vector<int> kept;
  if (!ReadString(info[0], &file) || !ReadStrings(info[1], &args) ||
      !ReadStrings(info[2], &environment) || !ReadDescriptors(info[3], &kept)) {
    return Misuse(info.Env(), "replaceProcess(file, args, environment, kept)");
  }
  return Napi::Number::New(info.Env(), ReplaceProcess(file, args, environment, kept));
}

// reapChildren(except)
Napi::Value ReapEndedChildren(const Napi::CallbackInfo& info) {
  uint32_t except = 0;
  if (!ReadUint32(info[0], &except)) return Misuse(info.Env(), "reapChildren(except)");
  ReapChildren(static_cast<pid_t>(except));
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  if (!Environment::Install(env)) {
    Napi::Error::New(env, "Node.js refused to set the addon up").ThrowAsJavaScriptException();
    return exports;
  }
  exports.Set("createSession", Napi::Function::New<CreateSession>(env, "createSession"));
  exports.Set("open", Napi::Function::New<Open>(env, "open"));
  exports.Set("invoke", Napi::Function::New<Invoke>(env, "invoke"));
  exports.Set("close", Napi::Function::New<Close>(env, "close"));
  exports.Set("withdraw", Napi::Function::New<Withdraw>(env, "withdraw"));
  exports.Set("abandon", Napi::Function::New<Abandon>(env, "abandon"));
  exports.Set("runningThread", Napi::Function::New<RunningThread>(env, "runningThread"));
  exports.Set("parkedThreads", Napi::Function::New<ParkedThreads>(env, "parkedThreads"));
  exports.Set("redirectStdioToStderr", Napi::Function::New<RedirectStdio>(env, "redirectStdio"));
  exports.Set("forbidDumps", Napi::Function::New<ForbidProcessDumps>(env, "forbidDumps"));
  exports.Set("sealedFile", Napi::Function::New<MakeSealedFile>(env, "sealedFile"));
  exports.Set("replaceProcess", Napi::Function::New<BecomeProgram>(env, "replaceProcess"));
  exports.Set("reapChildren", Napi::Function::New<ReapEndedChildren>(env, "reapChildren"));
  exports.Set("maxSharedBytes", Napi::Number::New(env, static_cast<double>(kMaxSharedBytes)));
  exports.Set("sliceAlignment", Napi::Number::New(env, static_cast<double>(kSliceAlignment)));
  return exports;
}

}  // namespace
}  // namespace teec

// The macro wants a name without a namespace.
static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) {
  return teec::Init(env, exports);
}

NODE_API_MODULE(optee_secure_storage, InitAddon)
