/* SPDX-License-Identifier: MIT */
/*
 * What a broken libteec could do to its client, for tests that show that a
 * sanitizer sees it. Some are ordered by name in FAKE_FAULT.
 */
#ifndef FAKE_FAULTS_H
#define FAKE_FAULTS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Memory for a block, not clean. With "half-block" it is half as large as asked
 * for, with "no-block" there is none.
 */
void *fault_allocate(size_t size);

/* With "lost-memory" leaves memory behind that nothing refers to. */
void fault_at_close(void);

/* Has an output written to after the call has returned. */
void fault_late_write(uint8_t *output);

/* How often that has happened. */
uint32_t fault_late_writes(void);

#endif
