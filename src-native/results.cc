// SPDX-License-Identifier: MIT
#include "results.h"

namespace teec {
namespace {

Napi::Value ToJavaScript(Napi::Env env, ParamResult& param) {
  if (param.type == TEEC_NONE) return env.Undefined();
  Napi::Object object = Napi::Object::New(env);
  if (param.type == TEEC_VALUE_OUTPUT || param.type == TEEC_VALUE_INOUT) {
    object.Set("a", Napi::Number::New(env, param.value.a));
    object.Set("b", Napi::Number::New(env, param.value.b));
    return object;
  }
  object.Set("size", Napi::Number::New(env, static_cast<double>(param.size)));
  object.Set("data", Napi::Buffer<uint8_t>::Copy(env, param.data.data(), param.data.size()));
  param.data.clear();
  return object;
}

}  // namespace

Napi::Value ToJavaScript(Napi::Env env, Outcome& outcome) {
  Napi::Object object = Napi::Object::New(env);
  if (!outcome.library_not_found.empty()) {
    object.Set("libraryNotFound", outcome.library_not_found);
    return object;
  }
  if (outcome.not_begun) {
    object.Set("notBegun", Napi::Boolean::New(env, true));
    return object;
  }
  Napi::Array params = Napi::Array::New(env, outcome.params.size());
  for (uint32_t i = 0; i < outcome.params.size(); i++) {
    params.Set(i, ToJavaScript(env, outcome.params[i]));
  }
  object.Set("result", Napi::Number::New(env, outcome.result));
  object.Set("origin", Napi::Number::New(env, outcome.origin));
  object.Set("noContext", Napi::Boolean::New(env, outcome.no_context));
  object.Set("params", params);
  return object;
}

}  // namespace teec
