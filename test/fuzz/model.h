/* SPDX-License-Identifier: MIT */
/*
 * What the TA must answer, from a plain list of every owner's keys. It knows
 * secstor_ta.h and nothing of how the TA does it.
 */
#ifndef MODEL_H
#define MODEL_H

#include "client.h"

enum owner { ALICE, BOB, CREW, ROOT, OWNERS };

extern const TEE_Identity *const owner_identities[OWNERS];

/* An owner's login and UUID, as commands name it. */
struct bytes owner_octets(enum owner owner);

struct entry {
	enum owner owner;
	struct bytes key; /* domain NUL key */
	struct bytes value;
	bool value_unknown; /* until it is read */
	uint64_t revision;  /* 0: unknown until it is read */
};

/* More than the quota of all owners (CMakeLists.txt). */
#define ENTRIES_MAX 320

struct model {
	struct entry entries[ENTRIES_MAX]; /* by owner and key, ascending */
	size_t count;
	uint64_t highest[OWNERS]; /* revision seen so far */
};

/* Who asks: the model's idea of a session. */
struct asker {
	enum owner owner;
	struct bytes domain;
};

/* A copy that later changes leave alone. */
void model_copy(struct model *to, const struct model *from);

struct bytes model_full_key(const struct asker *asker, struct bytes key);

/* The entry of a full key, or NULL. */
const struct entry *model_find(const struct model *model, enum owner owner,
			       struct bytes full_key);

/* The first entry with the prefix and above the key; NULL: there is none. */
const struct entry *model_next(const struct model *model, enum owner owner,
			       struct bytes prefix, struct bytes key,
			       bool inclusive);

void model_put(struct model *model, const struct entry *entry);
void model_remove(struct model *model, enum owner owner, struct bytes full_key);

/* An owner's keys, and bytes of keys without their domains and of values. */
size_t model_keys(const struct model *model, enum owner owner);
size_t model_bytes(const struct model *model, enum owner owner);
size_t model_charge(struct bytes full_key, size_t value_size);

/* <0, 0 or >0, as the TA's order of keys. */
int bytes_compare(struct bytes a, struct bytes b);
bool bytes_start_with(struct bytes whole, struct bytes prefix);

#endif /* MODEL_H */
