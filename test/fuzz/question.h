/* SPDX-License-Identifier: MIT */
/* What the model's answers to the various commands have in common. */
#ifndef QUESTION_H
#define QUESTION_H

#include "expect.h"

/* A request in front of the model. */
struct question {
	const struct model *model;
	const struct asker *asker;
	const struct request *request;
	struct expectation *answer;
};

/* The entry of a key in the asker's domain, or NULL. */
const struct entry *question_find(const struct question *q, struct bytes key);

/* TEE_ERROR_SHORT_BUFFER: so much does not fit the output. */
TEE_Result question_room(const struct question *q, uint32_t output,
			 size_t needed);

/* Adds a change that success would make; then whether all fit the quota. */
void question_add(const struct question *q, struct bytes full_key, bool remove,
		  struct bytes value);
TEE_Result question_quota(const struct question *q);

/* Whether what there is meets the expected revision. */
TEE_Result question_condition(const struct entry *entry, uint64_t expected);

/* The packed commands (expect_packed.c). */
TEE_Result question_get_many(const struct question *q);
TEE_Result question_batch(const struct question *q);

#endif /* QUESTION_H */
