/* SPDX-License-Identifier: MIT */
/*
 * What a set of headers says of the TEE Internal Core API, as a table. It is
 * compiled once with the software TEE's headers and once with those of
 * OP-TEE's development kit; tools/ta/api.mjs compares what they print.
 */
#ifndef FACTS_H
#define FACTS_H

struct fact {
	const char *name;
	unsigned long long value;
};

extern const struct fact facts[];
extern const unsigned long fact_count;

#endif /* FACTS_H */
