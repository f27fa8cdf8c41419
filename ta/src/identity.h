/* SPDX-License-Identifier: MIT */
/* How Linux makes a UUID of a user's or group's number. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "persistent.h"

/*
 * Whether the owner's UUID is that of this uid or gid. It can't be claimed: the
 * UUID is the kernel's word.
 */
bool identity_is_of(const struct owner *owner, uint32_t id);

/* The owner is the user 0. */
bool identity_is_root(const struct owner *owner);

#endif /* IDENTITY_H */
