// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_DUMPS_H
#define OPTEE_SECURE_STORAGE_DUMPS_H

#include <cstddef>

namespace teec {

// From now on the kernel writes no core dump of this process, and no other process of its user may
// trace it or read its memory (prctl(2), PR_SET_DUMPABLE). A program that it starts is not
// affected. Returns false if the kernel refuses.
bool ForbidDumps();

// Leaves memory out of core dumps, or puts it back in: the whole pages within it (madvise(2)).
// Kernels that can't are no worse off than without.
void LeaveOutOfDumps(void* data, size_t size);
void PutBackIntoDumps(void* data, size_t size);

}  // namespace teec

#endif
