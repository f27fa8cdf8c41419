// SPDX-License-Identifier: MIT
#include "dumps.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>

namespace teec {
namespace {

void AdvisePages(void* data, size_t size, int advice) {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + page - 1) & ~(page - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + size) & ~(page - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, advice);
}

}  // namespace

bool ForbidDumps() { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0; }

void LeaveOutOfDumps(void* data, size_t size) { AdvisePages(data, size, MADV_DONTDUMP); }

void PutBackIntoDumps(void* data, size_t size) { AdvisePages(data, size, MADV_DODUMP); }

}  // namespace teec
