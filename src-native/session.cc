// SPDX-License-Identifier: MIT
#include "session.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace teec {
namespace {

// Enough for any sane caller; what is beyond is a caller that does not wait for its answers.
constexpr size_t kMaxQueuedRequests = 1024;
constexpr size_t kMaxQueuedBytes = 64 * 1024 * 1024;

}  // namespace

size_t Request::input_bytes() const {
  size_t bytes = 0;
  for (const Param& param : params) bytes += param.data.size();
  return bytes;
}

Submitted Session::Submit(std::unique_ptr<Request> request) {
  const bool last = request->kind == Request::Kind::kClose;
  std::unique_lock<std::mutex> lock(mutex_);
  if (closing_ || stopping_ || (halted_ && !last)) return Submitted::kClosed;
  if (!last) {
    const size_t bytes = request->input_bytes();
    if (queue_.size() >= kMaxQueuedRequests || bytes > kMaxQueuedBytes - queued_bytes_) {
      return Submitted::kFull;
    }
    queued_bytes_ += bytes;
  }
  closing_ = last;
  const uint32_t id = request->id;
  if (!joinable_ && (last || !StartThread())) {
    // There is nothing to close, or no thread to be had.
    if (!last) queued_bytes_ -= request->input_bytes();
    lock.unlock();
    outbox_->Post({key_, id, last, last ? Outcome() : Outcome::Error(TEEC_ERROR_OUT_OF_MEMORY)});
    return Submitted::kAccepted;
  }
  queue_.push_back(std::move(request));
  changed_.notify_all();
  return last && parked_ ? Submitted::kParked : Submitted::kAccepted;
}

bool Session::Withdraw(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return Erase(FindQueued(id));
}

Abandoned Session::Abandon(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_ == id) {
    if (!parked_) outbox_->parked++;
    parked_ = true;
    return Abandoned::kRunning;
  }
  const auto queued = FindQueued(id);
  if (queued == queue_.end()) return Abandoned::kFinished;
  Erase(queued);
  return Abandoned::kQueued;
}

Session::Queue::iterator Session::FindQueued(uint32_t id) {
  return std::find_if(queue_.begin(), queue_.end(),
                      [id](const auto& request) { return request->id == id; });
}

bool Session::Erase(Queue::iterator queued) {
  // A close has to be done even if nobody waits for it.
  if (queued == queue_.end() || (*queued)->kind == Request::Kind::kClose) return false;
  queued_bytes_ -= (*queued)->input_bytes();
  queue_.erase(queued);
  return true;
}

int Session::RunningThread(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return running_ == id ? thread_id_ : 0;
}

void Session::Stop() {
  const std::lock_guard<std::mutex> lock(mutex_);
  stopping_ = true;
  queue_.clear();
  queued_bytes_ = 0;
  changed_.notify_all();
}

void Session::JoinUntil(Clock::time_point deadline) {
  if (!joinable_) return;
  joinable_ = false;
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return ended_ || parked_; });
  const bool ended = ended_;
  lock.unlock();
  if (ended) {
    pthread_join(thread_, nullptr);
  } else {
    pthread_detach(thread_);
  }
}

bool Session::StartThread() {
  auto self = std::make_unique<std::shared_ptr<Session>>(shared_from_this());
  // The process's signals are for Node.js to handle, and would interrupt waits of the TEE driver.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  joinable_ = pthread_create(&thread_, nullptr, &Session::Start, self.get()) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!joinable_) return false;
  self.release();
  pthread_setname_np(thread_, "tee-session");
  return true;
}

void* Session::Start(void* argument) {
  const std::unique_ptr<std::shared_ptr<Session>> self(
      static_cast<std::shared_ptr<Session>*>(argument));
  (*self)->Run();
  return nullptr;
}

void Session::Run() {
  uint32_t close_id = 0;
  {
    Connection connection;
    while (const std::unique_ptr<Request> request = Next()) {
      if (request->kind == Request::Kind::kClose) {
        close_id = request->id;
        break;
      }
      Finish(*request, request->kind == Request::Kind::kOpen
                           ? connection.Open(request->target, &request->params)
                           : connection.Invoke(request->command, &request->params));
    }
  }
  End(close_id);
}

// The next request, or none when the thread shall end.
std::unique_ptr<Request> Session::Next() {
  std::unique_lock<std::mutex> lock(mutex_);
  thread_id_ = static_cast<int>(syscall(SYS_gettid));
  changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (stopping_) return nullptr;
  std::unique_ptr<Request> request = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= request->input_bytes();
  running_ = request->id;
  return request;
}

bool Session::StopsAt(const Request& request, const Outcome& outcome) const {
  return request.kind == Request::Kind::kInvoke &&
         std::find(stop_at_.begin(), stop_at_.end(), outcome.result) != stop_at_.end();
}

// Empties the queue but for a close; returns the ids of what was in it.
std::vector<uint32_t> Session::TakeUnbegun() {
  std::vector<uint32_t> ids;
  Queue kept;
  for (std::unique_ptr<Request>& request : queue_) {
    if (request->kind == Request::Kind::kClose) {
      kept.push_back(std::move(request));
    } else {
      ids.push_back(request->id);
    }
  }
  queue_ = std::move(kept);
  queued_bytes_ = 0;
  return ids;
}

void Session::Finish(const Request& request, Outcome outcome) {
  std::vector<uint32_t> unbegun;
  std::unique_lock<std::mutex> lock(mutex_);
  const bool wanted = !parked_;
  if (parked_) outbox_->parked--;
  parked_ = false;
  running_ = 0;
  if (StopsAt(request, outcome)) {
    halted_ = true;
    unbegun = TakeUnbegun();
  }
  lock.unlock();
  if (wanted) outbox_->Post({key_, request.id, false, std::move(outcome)});
  for (const uint32_t id : unbegun) outbox_->Post({key_, id, false, Outcome::NotBegun()});
}

void Session::End(uint32_t close_id) {
  // Posted before `ended_` is set: who waits for that may join at once.
  outbox_->Post({key_, close_id, true, Outcome()});
  const std::lock_guard<std::mutex> lock(mutex_);
  if (parked_) outbox_->parked--;
  parked_ = false;
  running_ = 0;
  ended_ = true;
  changed_.notify_all();
}

}  // namespace teec
