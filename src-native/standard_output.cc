// SPDX-License-Identifier: MIT
#include "standard_output.h"

#include <cstdio>

namespace teec {

bool RedirectStdioToStderr() {
#ifdef __GLIBC__
  // The GNU C Library documents its standard streams as variables that may be assigned. (Elsewhere
  // they are constants.) What is in the old stream's buffer is still written when the process ends.
  stdout = stderr;
  return true;
#else
  return false;
#endif
}

}  // namespace teec
