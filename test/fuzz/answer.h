/* SPDX-License-Identifier: MIT */
/* What the TA answered, against what the model knows. */
#ifndef ANSWER_H
#define ANSWER_H

#include "world.h"

/* After success, with the model as it was before the request. */
void answer_check(struct model *model, const struct slot *slot,
		  const struct request *request,
		  const struct expectation *expectation);

void answer_check_error(const struct client *client,
			const struct request *request,
			const struct expectation *expectation);

/* The revision that a change's n-th key got. */
uint64_t answer_revision(const struct client *client,
			 const struct request *request, size_t n);

/* Whether this is the entry's value, which is learned if it is unknown. */
bool answer_is_value(const struct entry *entry, struct bytes value);

#endif /* ANSWER_H */
