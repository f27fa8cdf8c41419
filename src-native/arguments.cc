// SPDX-License-Identifier: MIT
#include "arguments.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace teec {
namespace {

// More than there are results after which a session may be of no use.
constexpr uint32_t kMaxResults = 16;

bool IsType(uint32_t type) {
  switch (type) {
    case TEEC_NONE:
    case TEEC_VALUE_INPUT:
    case TEEC_VALUE_OUTPUT:
    case TEEC_VALUE_INOUT:
    case TEEC_MEMREF_TEMP_INPUT:
    case TEEC_MEMREF_TEMP_OUTPUT:
    case TEEC_MEMREF_TEMP_INOUT:
      return true;
    default:
      return false;
  }
}

// Reads the elements of an array one by one, until one is of another form.
template <typename Read>
bool ReadArray(const Napi::Value& value, uint32_t max, Read read) {
  if (!value.IsArray()) return false;
  const Napi::Array array = value.As<Napi::Array>();
  if (array.Length() > max) return false;
  for (uint32_t i = 0; i < array.Length(); i++) {
    const Napi::Value element = array.Get(i);
    if (element.IsEmpty() || !read(element)) return false;  // empty: its getter threw
  }
  return true;
}

bool ReadMemref(const Napi::Object& object, Param* param) {
  uint32_t room = 0;
  if (!ReadUint32(object.Get("size"), &room) || room > kMaxSharedBytes) return false;
  param->room = room;
  const Napi::Value data = object.Get("data");
  if (data.IsEmpty()) return false;  // its getter threw
  if (param->type == TEEC_MEMREF_TEMP_OUTPUT) return data.IsUndefined();
  if (!IsBytes(data)) return false;
  const Napi::Uint8Array bytes = data.As<Napi::Uint8Array>();
  if (bytes.ByteLength() > room) return false;
  param->data.assign(bytes.Data(), bytes.ByteLength());
  return true;
}

bool ReadParam(const Napi::Value& value, Param* param) {
  if (!value.IsObject()) return false;
  const Napi::Object object = value.As<Napi::Object>();
  if (!ReadUint32(object.Get("type"), &param->type) || !IsType(param->type)) return false;
  if (param->is_memref()) return ReadMemref(object, param);
  if (!param->is_value()) return true;
  return ReadUint32(object.Get("a"), &param->value.a) &&
         ReadUint32(object.Get("b"), &param->value.b);
}

}  // namespace

bool IsBytes(const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
}

bool ReadUint32(const Napi::Value& value, uint32_t* number) {
  if (!value.IsNumber()) return false;
  const double real = value.As<Napi::Number>().DoubleValue();
  if (!(real >= 0 && real <= UINT32_MAX) || real != std::floor(real)) return false;
  *number = static_cast<uint32_t>(real);
  return true;
}

bool ReadUuid(const Napi::Value& value, TEEC_UUID* uuid) {
  if (!IsBytes(value)) return false;
  const Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
  if (bytes.ByteLength() != 16) return false;
  const uint8_t* octets = bytes.Data();
  const auto number = [octets](size_t first, size_t count) {
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++) bits = bits << 8 | octets[first + i];
    return bits;
  };
  uuid->timeLow = number(0, 4);
  uuid->timeMid = static_cast<uint16_t>(number(4, 2));
  uuid->timeHiAndVersion = static_cast<uint16_t>(number(6, 2));
  std::memcpy(uuid->clockSeqAndNode, octets + 8, sizeof uuid->clockSeqAndNode);
  return true;
}

bool ReadResults(const Napi::Value& value, std::vector<uint32_t>* results) {
  return ReadArray(value, kMaxResults, [results](const Napi::Value& element) {
    uint32_t result = 0;
    if (!ReadUint32(element, &result)) return false;
    results->push_back(result);
    return true;
  });
}

bool ReadDescriptors(const Napi::Value& value, std::vector<int>* descriptors) {
  return ReadArray(value, UINT32_MAX, [descriptors](const Napi::Value& element) {
    uint32_t descriptor = 0;
    if (!ReadUint32(element, &descriptor) || descriptor > INT32_MAX) return false;
    descriptors->push_back(static_cast<int>(descriptor));
    return true;
  });
}

bool ReadString(const Napi::Value& value, char** string) {
  if (!IsBytes(value)) return false;
  Napi::Uint8Array bytes = value.As<Napi::Uint8Array>();
  const size_t size = bytes.ByteLength();
  if (size == 0 || std::memchr(bytes.Data(), 0, size) != bytes.Data() + size - 1) return false;
  *string = reinterpret_cast<char*>(bytes.Data());
  return true;
}

bool ReadStrings(const Napi::Value& value, std::vector<char*>* strings) {
  return ReadArray(value, UINT32_MAX, [strings](const Napi::Value& element) {
    char* string = nullptr;
    if (!ReadString(element, &string)) return false;
    strings->push_back(string);
    return true;
  });
}

bool ReadParams(const Napi::Value& value, Params* params) {
  if (!value.IsArray()) return false;
  const Napi::Array array = value.As<Napi::Array>();
  if (array.Length() > params->size()) return false;
  size_t shared = 0;
  for (uint32_t i = 0; i < array.Length(); i++) {
    if (!ReadParam(array.Get(i), &(*params)[i])) return false;
    shared += AlignSlice((*params)[i].room);
  }
  return shared <= kMaxSharedBytes;
}

}  // namespace teec
