// SPDX-License-Identifier: MIT
#include "sealed_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace teec {
namespace {

// From Linux's memfd.h; since Linux 6.3, and there an administrator may demand it.
constexpr unsigned kNoExecSeal = 0x0008;

int MakeFile() {
  constexpr unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int file = memfd_create("optee-secret", flags | kNoExecSeal);
  return file >= 0 || errno != EINVAL ? file : memfd_create("optee-secret", flags);
}

bool WriteAll(int file, const uint8_t* content, size_t size) {
  while (size > 0) {
    const ssize_t written = write(file, content, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content += written;
    size -= static_cast<size_t>(written);
  }
  return true;
}

// A descriptor that cannot write stands for the file: programs take one that can for an invitation.
int OpenForReading(int file) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  return open(path, O_RDONLY | O_CLOEXEC);
}

}  // namespace

int SealedFile(const uint8_t* content, size_t size) {
  const int file = MakeFile();
  if (file < 0) return -errno;
  constexpr int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  int result = -1;
  if (WriteAll(file, content, size) && fchmod(file, S_IRUSR) == 0 &&
      fcntl(file, F_ADD_SEALS, seals) == 0) {
    result = OpenForReading(file);
  }
  if (result < 0) result = -errno;
  close(file);
  return result;
}

}  // namespace teec
