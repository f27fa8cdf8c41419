/* SPDX-License-Identifier: MIT */
/* Stores in various states, for a target that damages them. */
#ifndef FIXTURES_H
#define FIXTURES_H

#include "client.h"
#include "map_store.h"

struct fixture {
	struct map_store map;
	/* What bob and the crew can read: keys, values and revisions. */
	struct bytes bob;
	struct bytes crew;
};

#define FIXTURES 4

/* Made at the first call, with the device, which is empty then. */
const struct fixture *fixture_get(size_t choice);

/* Every value of somebody else than alice begins with it. */
extern const struct bytes fixture_mark;

#endif /* FIXTURES_H */
