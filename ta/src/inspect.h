/* SPDX-License-Identifier: MIT */
/* Looks at what is stored, both copies of it, before it is needed. */
#ifndef INSPECT_H
#define INSPECT_H

#include "draft.h"
#include "twins.h"

/*
 * Whether the change of this root looks around: at what the list of owners says
 * now, and at a twin. It costs as much as the rest, so one change in four does.
 */
bool inspect_is_due(const struct node *root);

/*
 * Part of such a change: looks at one twin, another one each time, and makes
 * it again if it is lost.
 */
TEE_Result inspect_one(const struct draft *draft);

/*
 * Looks at some of the owner's objects, from a place on that a call before
 * has given; an empty one is the start. *next, of SECSTOR_CURSOR_MAX bytes,
 * gets the place to go on, with *next_size 0 at the end.
 *
 * TEE_ERROR_CORRUPT_OBJECT: the root is lost.
 */
TEE_Result inspect_some(const struct owner *owner, struct span from,
			bool repair, struct inspection *inspection,
			uint8_t *next, size_t *next_size);

#endif /* INSPECT_H */
