// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_OUTBOX_H
#define OPTEE_SECURE_STORAGE_OUTBOX_H

#include <node_api.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "operation.h"

namespace teec {

// A finished request on its way to JavaScript.
struct Completion {
  uint32_t session = 0;
  uint32_t request = 0;
  bool session_ended = false;  // the session's thread has no more to do
  Outcome outcome;
};

// Where the sessions' threads leave what they have finished. The threads share its ownership, so
// that one that comes back from the TEE after its environment is gone finds a closed box, and
// neither freed memory nor a threadsafe function that Node.js has deleted.
class Outbox {
 public:
  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  // JavaScript thread, once: `wake` is called whenever there is something to take.
  void Open(napi_threadsafe_function wake);
  // JavaScript thread: whatever is in the box or comes later is wiped.
  void Close();
  // Any thread.
  void Post(Completion completion);
  // JavaScript thread: empties the box.
  std::vector<Completion> Take();

  // How many threads are in a call that nobody waits for any more.
  std::atomic<uint32_t> parked{0};

 private:
  std::mutex mutex_;
  napi_threadsafe_function wake_ = nullptr;
  std::vector<Completion> completions_;
};

}  // namespace teec

#endif
