// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_SESSION_H
#define OPTEE_SECURE_STORAGE_SESSION_H

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "connection.h"
#include "operation.h"
#include "outbox.h"

namespace teec {

// The work of one session, in the order in which it was given. `id` is the caller's and not 0.
struct Request {
  enum class Kind { kOpen, kInvoke, kClose };

  Kind kind = Kind::kInvoke;
  uint32_t id = 0;
  Target target;         // kOpen
  uint32_t command = 0;  // kInvoke
  Params params;

  size_t input_bytes() const;
};

// What became of a request given to a session. The values are those of addon.ts.
enum class Submitted : uint32_t { kAccepted = 0, kClosed = 1, kParked = 2, kFull = 3 };

// What a request was when its caller gave it up. The values are those of addon.ts.
enum class Abandoned : uint32_t { kFinished = 0, kQueued = 1, kRunning = 2 };

// A session with a thread and a queue of its own. libuv's pool is never used: a TEE that does not
// answer would take its few threads, and with them fs and dns of the whole process.
//
// The functions belong to the JavaScript thread, except for Run(). The thread shares ownership:
// when it hangs in the TEE it is left behind and finds everything in place if it ever returns.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Clock = std::chrono::steady_clock;

  // `stop_at` has the results of commands after which nothing more is begun: what is queued then,
  // or submitted later, ends as not begun, in its order. So nothing overtakes a request that is
  // sent again in another session.
  Session(uint32_t key, std::vector<uint32_t> stop_at, std::shared_ptr<Outbox> outbox)
      : key_(key), stop_at_(std::move(stop_at)), outbox_(std::move(outbox)) {}

  // Queues a request. The thread starts with the first one. While it is parked the queue waits, and
  // a close ends as kParked: it is queued too, but nobody shall wait for it.
  Submitted Submit(std::unique_ptr<Request> request);
  // Takes a request out of the queue. Returns false if it is not there. A close stays.
  bool Withdraw(uint32_t id);
  // Gives up waiting for a request: withdraws it if it is queued; if it is running, the thread
  // counts as parked until the call returns, its outcome is then wiped and the queue goes on. A
  // close that is queued is still carried out.
  Abandoned Abandon(uint32_t id);
  // The kernel's id of the thread if it is just carrying out this request, else 0.
  int RunningThread(uint32_t id);
  // Forgets the queue and ends as soon as the running call, if any, has returned.
  void Stop();
  // Waits for the end of the thread, at most until `deadline` and not at all if it is parked. If
  // it has not ended it is left to itself.
  void JoinUntil(Clock::time_point deadline);

 private:
  static void* Start(void* argument);
  bool StartThread();
  void Run();
  using Queue = std::deque<std::unique_ptr<Request>>;
  Queue::iterator FindQueued(uint32_t id);
  bool Erase(Queue::iterator queued);
  std::unique_ptr<Request> Next();
  bool StopsAt(const Request& request, const Outcome& outcome) const;
  std::vector<uint32_t> TakeUnbegun();
  void Finish(const Request& request, Outcome outcome);
  void End(uint32_t close_id);

  const uint32_t key_;
  const std::vector<uint32_t> stop_at_;
  const std::shared_ptr<Outbox> outbox_;

  std::mutex mutex_;
  std::condition_variable changed_;
  Queue queue_;
  size_t queued_bytes_ = 0;
  uint32_t running_ = 0;  // id of the request that the thread carries out
  int thread_id_ = 0;
  bool parked_ = false;    // nobody waits for the running request
  bool halted_ = false;    // a command ended with one of stop_at_
  bool closing_ = false;   // the last request is in the queue or done
  bool stopping_ = false;  // what is queued is not begun any more
  bool ended_ = false;     // the thread is about to return

  pthread_t thread_ = {};
  bool joinable_ = false;
};

}  // namespace teec

#endif
