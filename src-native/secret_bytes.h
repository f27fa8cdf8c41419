// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_SECRET_BYTES_H
#define OPTEE_SECURE_STORAGE_SECRET_BYTES_H

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace teec {

// Overwrites memory in a way that no compiler leaves out.
inline void Wipe(void* data, size_t size) {
  if (size != 0) explicit_bzero(data, size);
}

// Heap memory that is wiped before it is freed. It never grows, for growing would leave a copy.
class SecretBytes {
 public:
  SecretBytes() = default;
  SecretBytes(SecretBytes&& other) noexcept { swap(other); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
      clear();
      swap(other);
    }
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes() { clear(); }

  // Replaces the content by a copy of `size` bytes. Without memory the process ends, as it does
  // for `new` in code without exceptions and for V8 itself.
  void assign(const void* source, size_t size) {
    clear();
    if (size == 0) return;
    data_ = static_cast<uint8_t*>(std::malloc(size));
    if (data_ == nullptr) std::abort();
    size_ = size;
    std::memcpy(data_, source, size);
  }

  void clear() {
    Wipe(data_, size_);
    std::free(data_);
    data_ = nullptr;
    size_ = 0;
  }

  const uint8_t* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  void swap(SecretBytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace teec

#endif
