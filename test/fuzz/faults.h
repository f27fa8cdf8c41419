/* SPDX-License-Identifier: MIT */
/* What can go wrong in the storage or the heap while a request is made. */
#ifndef FAULTS_H
#define FAULTS_H

#include "device.h"

struct trouble {
	const char *name;
	struct fault fault;
	/* Beside it, every write fails without a reason. */
	bool mute;
	/* It is not the storage that fails, but an allocation. */
	bool memory;
	/* The TA does not survive it. */
	bool kills;
	/* A request that fails has changed nothing. */
	bool clean;
};

/* The first one is a power cut after a change of the storage. */
extern const struct trouble troubles[];
extern const size_t trouble_count;

/* Orders the trouble at the nth call; then whether it came, and its end. */
void trouble_begin(const struct trouble *trouble, uint64_t nth);
bool trouble_end(const struct trouble *trouble);

#endif /* FAULTS_H */
