/* SPDX-License-Identifier: MIT */
/* A call of the TA made from the fuzzer's input. */
#ifndef REQUEST_H
#define REQUEST_H

#include "input.h"
#include "model.h"

struct request {
	uint32_t command;
	struct arg args[TEE_NUM_PARAMS];
};

/* What kinds of unit there are; a kind is counted modulo REQUEST_KINDS. */
#define REQUEST_KINDS 16
/* The one that is no request, but what the target makes of it. */
#define REQUEST_NONE 15

/* The request of a unit. Packed ones take further units from the input. */
struct request request_of(const struct unit *unit, struct input *input,
			  const struct model *model, const struct asker *asker);

/* Gives the request parameters that it should not have. */
void request_harm(struct request *request, const struct unit *unit,
		  struct input *input);

/* A key that a unit's byte stands for; some are none. */
struct bytes key_of(uint8_t choice, struct input *input);

/* A value of one of the sizes at which something changes. */
struct bytes value_of_unit(const struct unit *unit);

/*
 * Asks for more than any limit. The corpus has such units; they are hardly
 * found by chance, for so much memory takes its time.
 */
bool is_huge(const struct unit *unit);

#endif /* REQUEST_H */
