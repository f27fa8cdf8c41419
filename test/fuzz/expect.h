/* SPDX-License-Identifier: MIT */
/* What the model says of a request: its result, and what it changes. */
#ifndef EXPECT_H
#define EXPECT_H

#include "request.h"

struct change {
	enum owner owner;
	struct bytes key; /* full key */
	bool remove;
	struct bytes value;
	bool value_unknown;
};

/* As many as one request may have: a clear takes all keys of the quota. */
#define CHANGES_MAX 80

struct expectation {
	TEE_Result result;
	/* Of an output that is too short: which, and what it would take. */
	uint32_t output;
	size_t needed;
	/* Of an error in a packed request: the part that it is about. */
	bool is_parsed;
	uint32_t index;
	/* There is a number of objects beyond which it may be refused. */
	bool may_exceed_quota;
	/* It may find no place among the owners. */
	bool may_lack_place;
	/* Of an owner without keys nobody knows whether it is listed. */
	bool may_be_absent;
	struct change changes[CHANGES_MAX];
	size_t change_count;
};

void expect(const struct model *model, const struct asker *asker,
	    const struct request *request, struct expectation *expectation);

/* What opening a session as the asker shall say. */
TEE_Result expect_open(const TEE_Identity *who, struct bytes domain);

/* 1 to max bytes of well-formed UTF-8 without control characters. */
bool is_name(struct bytes text, size_t max);

#endif /* EXPECT_H */
