// SPDX-License-Identifier: MIT
#include "outbox.h"

namespace teec {

void Outbox::Open(napi_threadsafe_function wake) {
  const std::lock_guard<std::mutex> lock(mutex_);
  wake_ = wake;
}

void Outbox::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (wake_ != nullptr) napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  wake_ = nullptr;
  completions_.clear();
}

void Outbox::Post(Completion completion) {
  // The lock is held while waking, or Close() could let Node.js delete the function meanwhile.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (wake_ == nullptr) return;
  completions_.push_back(std::move(completion));
  if (completions_.size() == 1) {
    napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
  }
}

std::vector<Completion> Outbox::Take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Completion> taken;
  taken.swap(completions_);
  return taken;
}

}  // namespace teec
