// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_STANDARD_OUTPUT_H
#define OPTEE_SECURE_STORAGE_STANDARD_OUTPUT_H

namespace teec {

// Makes C code of this process that prints to `stdout` print to `stderr` instead. libteec 3.x and
// 4.x report their errors with fputs(..., stdout). JavaScript's process.stdout is not affected: it
// writes to the descriptor. Returns false where the C library's `stdout` cannot be set.
bool RedirectStdioToStderr();

}  // namespace teec

#endif
