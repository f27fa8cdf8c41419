/* SPDX-License-Identifier: MIT */
/*
 * Included before everything when binaries are built to be shipped. The C++
 * library of the sysroot is newer than the oldest glibc that they run on (2.28,
 * as Node.js itself): it would wait for a condition by a function of
 * glibc 2.30. Without it a wait until a time of the steady clock, of which
 * there is one, when an environment ends, goes by the system's clock.
 */
#include <bits/c++config.h>
#undef _GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT
