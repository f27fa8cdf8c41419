// SPDX-License-Identifier: MIT
#include "dumps.h"

#include <sys/prctl.h>

namespace teec {

bool ForbidDumps() { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0; }

}  // namespace teec
