// SPDX-License-Identifier: MIT
#include "descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace teec {
namespace {

struct Link {
  char target[128];

  // What /proc says the descriptor refers to.
  bool Read(int directory, const char* name) {
    const ssize_t length = readlinkat(directory, name, target, sizeof target - 1);
    if (length < 0) return false;
    target[length] = '\0';
    return true;
  }
};

void SetCloseOnExec(int fd) {
  const int flags = fcntl(fd, F_GETFD);
  if (flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

bool SameDevice(int one, int other) {
  struct stat a = {};
  struct stat b = {};
  return fstat(one, &a) == 0 && fstat(other, &b) == 0 && S_ISCHR(a.st_mode) && S_ISCHR(b.st_mode) &&
         a.st_rdev == b.st_rdev;
}

bool IsSharedMemory(const char* target) {
  // The kernel writes anon_inode:tee_shm; some anonymous inodes have their name in brackets.
  return std::strcmp(target, "anon_inode:tee_shm") == 0 ||
         std::strcmp(target, "anon_inode:[tee_shm]") == 0;
}

}  // namespace

void SealContextDescriptor(int fd) {
  SetCloseOnExec(fd);
  char name[32];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  Link link;
  if (!link.Read(AT_FDCWD, name) || std::strncmp(link.target, "/dev/tee", 8) != 0) return;
  // Setting the flag leaves a moment in which another thread may start a process. An open file
  // that had the flag from its first moment takes the place of libteec's; sessions belong to the
  // open file, so nothing can be done with the one that may have got away.
  const int fresh = open(link.target, O_RDWR | O_CLOEXEC);
  if (fresh < 0) return;
  if (SameDevice(fresh, fd)) dup3(fresh, fd, O_CLOEXEC);
  close(fresh);
}

void SealSharedMemoryDescriptors() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return;
  while (const dirent* entry = readdir(directory)) {
    Link link;
    if (link.Read(dirfd(directory), entry->d_name) && IsSharedMemory(link.target)) {
      SetCloseOnExec(std::atoi(entry->d_name));
    }
  }
  closedir(directory);
}

}  // namespace teec
