// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_PROGRAM_H
#define OPTEE_SECURE_STORAGE_PROGRAM_H

#include <sys/types.h>

#include <vector>

namespace teec {

// Lists that execve(2) takes, without the null pointer at their ends.
using Strings = std::vector<char*>;

// Makes this process another program (execve(2)), which gets the kept descriptors under their
// numbers and no other from 3 on that is closed on exec, and ignores no signal that Node.js
// ignores. Returns only if that fails: an error number, and then all is as before.
int ReplaceProcess(const char* file, Strings args, Strings environment,
                   const std::vector<int>& kept);

// Takes note of the end of every child that has ended, so that none stays as a zombie, but for one
// that somebody else waits for.
void ReapChildren(pid_t except);

}  // namespace teec

#endif
