// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_ARGUMENTS_H
#define OPTEE_SECURE_STORAGE_ARGUMENTS_H

#include <napi.h>

#include <vector>

#include "connection.h"
#include "operation.h"

namespace teec {

// Readers of what JavaScript passes. The TypeScript layer makes these values and checks what users
// give; a value of another form is a mistake of the caller, for which they return false.

// Whether it is a Uint8Array.
bool IsBytes(const Napi::Value& value);
// An unsigned 32-bit number.
bool ReadUint32(const Napi::Value& value, uint32_t* number);
// 16 octets of a UUID in the order of RFC 9562.
bool ReadUuid(const Napi::Value& value, TEEC_UUID* uuid);
// Up to four of { type, a, b, data, size }, see NativeParam in addon.ts. Bytes are copied.
bool ReadParams(const Napi::Value& value, Params* params);
// An array of a few TEEC_Results.
bool ReadResults(const Napi::Value& value, std::vector<uint32_t>* results);
// An array of descriptors.
bool ReadDescriptors(const Napi::Value& value, std::vector<int>* descriptors);
// Text that ends with a zero byte, and has no other; it stays JavaScript's.
bool ReadString(const Napi::Value& value, char** string);
// An array of such texts.
bool ReadStrings(const Napi::Value& value, std::vector<char*>* strings);

}  // namespace teec

#endif
