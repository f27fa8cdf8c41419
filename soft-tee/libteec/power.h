/* SPDX-License-Identifier: MIT */
/*
 * Switches the software TEE on for the first context and off after the last.
 * All of it is called with the library's lock held.
 */
#ifndef POWER_H
#define POWER_H

/*
 * Counts a context. Returns 0 or an errno.
 *
 * With SOFT_TEE_STORAGE set in the environment, trusted storage is in the
 * folder it names, and it waits until no other process has a context; without
 * it, storage is in memory and lasts as long as the process.
 */
int power_on(void);

void power_off(void);

#endif /* POWER_H */
