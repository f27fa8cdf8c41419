// SPDX-License-Identifier: MIT
#include "program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace teec {
namespace {

// Flags that some descriptors do not have while there is one of these.
class Cleared {
 public:
  Cleared(const std::vector<int>& descriptors, int get, int set, int flag) : set_(set) {
    for (const int descriptor : descriptors) {
      const int flags = fcntl(descriptor, get);
      if (flags < 0 || (flags & flag) == 0) continue;
      fcntl(descriptor, set, flags & ~flag);
      changed_.emplace_back(descriptor, flags);
    }
  }
  Cleared(const Cleared&) = delete;
  ~Cleared() {
    for (const auto& [descriptor, flags] : changed_) fcntl(descriptor, set_, flags);
  }

 private:
  int set_;
  std::vector<std::pair<int, int>> changed_;
};

// Signals that are ignored stay so in another program, and these are Node.js's choice: at its start
// it undoes what it was given. Handlers end by themselves.
class DefaultSignals {
 public:
  DefaultSignals() {
    for (int signal = 1; signal < NSIG; signal++) {
      struct sigaction action = {};
      if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_IGN) continue;
      ignored_.push_back(signal);
      Set(signal, SIG_DFL);
    }
  }
  DefaultSignals(const DefaultSignals&) = delete;
  ~DefaultSignals() {
    for (const int signal : ignored_) Set(signal, SIG_IGN);
  }

 private:
  static void Set(int signal, void (*handler)(int)) {
    struct sigaction action = {};
    action.sa_handler = handler;
    sigaction(signal, &action, nullptr);
  }
  std::vector<int> ignored_;
};

}  // namespace

int ReplaceProcess(const char* file, Strings args, Strings environment,
                   const std::vector<int>& kept) {
  args.push_back(nullptr);
  environment.push_back(nullptr);
  // Node.js has every descriptor closed that it finds at its start, and pipes do not block to which
  // it writes.
  const Cleared closing(kept, F_GETFD, F_SETFD, FD_CLOEXEC);
  const Cleared waiting({0, 1, 2}, F_GETFL, F_SETFL, O_NONBLOCK);
  const DefaultSignals signals;
  // With a path, it differs from execve() in one thing, which env(1) and shells do as well: a
  // script without a first line that names its interpreter is run by the shell.
  execvpe(file, args.data(), environment.data());
  return errno;
}

void ReapChildren(pid_t except) {
  for (;;) {
    siginfo_t info = {};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_pid == 0 || info.si_pid == except) return;
    waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG);
  }
}

}  // namespace teec
