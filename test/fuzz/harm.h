/* SPDX-License-Identifier: MIT */
/* What an attacker who has the keys can make of stored objects. */
#ifndef HARM_H
#define HARM_H

#include "input.h"

/*
 * Changes an object of alice, or one that is no owner's, or both copies of it.
 * Nothing of other owners is looked at.
 */
void harm(const struct unit *unit, struct input *input);

/*
 * A root or a leaf of this number that is mostly well formed, made from units
 * of the input: keys in order, counts that are true (forge.c).
 */
struct bytes forge(const struct unit *unit, struct input *input,
		   uint64_t number);

#endif /* HARM_H */
