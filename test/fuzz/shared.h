/* SPDX-License-Identifier: MIT */
/*
 * Memory that a client changes while the TA works with it. For the time of a
 * call all of it is poisoned, so that the address sanitizer reports whoever
 * looks at it, but for TEE_MemMove (the linker's --wrap), through which the TA
 * copies each input in and each answer out. An input is another one as soon as
 * it was read.
 */
#ifndef SHARED_H
#define SHARED_H

/*
 * From now on, for all calls of test/ta/client.h, in which an input is read
 * so often at most: a command begins again where the storage was replaced.
 */
void shared_begin(unsigned int reads);

#endif /* SHARED_H */
