// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_RESULTS_H
#define OPTEE_SECURE_STORAGE_RESULTS_H

#include <napi.h>

#include "operation.h"

namespace teec {

// The plain object that addon.ts calls NativeOutcome. Memory becomes Buffers of their own, neither
// pooled nor external (which Electron forbids), and is wiped here.
Napi::Value ToJavaScript(Napi::Env env, Outcome& outcome);

}  // namespace teec

#endif
