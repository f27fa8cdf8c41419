/* SPDX-License-Identifier: MIT */
/*
 * The owners that have a store, in one object for all, which has two uses.
 * An owner that is listed has a root; one whose root is gone has lost it and
 * is not a new owner. And reading it proves that objects can be read just
 * now: while the supplicant can't open files, out of descriptors say, each
 * object that is looked at is deleted, so before the last copy of anything is
 * touched, this object, which nobody would miss, is.
 */
#ifndef REGISTRY_H
#define REGISTRY_H

#include "persistent.h"

/* The list is read often, so there is an end to it; the rest go unlisted. */
#ifndef REGISTRY_OWNERS_MAX
#define REGISTRY_OWNERS_MAX 1024
#endif

/*
 * Whether the owner is listed, asked of the storage now.
 *
 * TEE_ERROR_STORAGE_NOT_AVAILABLE  objects can't be read at present
 * SECSTOR_ERROR_FORMAT             written by a newer TA
 */
TEE_Result registry_ask(const struct owner *owner, bool *listed);

/*
 * Lists an owner that has a root, for good. Errors as registry_ask() and
 * persistent_write(), and TEE_ERROR_OVERFLOW if there are too many owners.
 */
TEE_Result registry_add(const struct owner *owner);

/* To be called when an invoke ends: what was proven holds no longer. */
void registry_end(void);

/* Restores the list's primary if it was found lost. Part of a change. */
TEE_Result registry_heal(void);

#endif /* REGISTRY_H */
