/* SPDX-License-Identifier: MIT */
/*
 * A client of the TA: its commands as functions, by secstor_ta.h. Every memory
 * reference is a block of exactly its size, so that a sanitizer sees an access
 * beyond it; and every call checks that inputs are left alone, that nothing is
 * written behind an answer and nothing at all with an error.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <secstor_ta.h>
#include <stdbool.h>

#include "tee_api_types.h"

/* Bytes; those that a function returns are kept, see keep(). */
struct bytes {
	const uint8_t *data;
	size_t size;
};

/* Bytes of a text without its NUL; of size times one byte. */
struct bytes text(const char *string);
struct bytes repeat(uint8_t byte, size_t size);
/* Bytes that look random, the same for the same seed. */
struct bytes noise(uint64_t seed, size_t size);
struct bytes join(struct bytes a, struct bytes b);
bool bytes_equal(struct bytes a, struct bytes b);

/* Memory that lasts until the case ends, or until keep_release(). */
void *keep(size_t size);

/* A moment, and giving up all that was kept since; NULL: since ever. */
const void *keep_mark(void);
void keep_release(const void *mark);

#define ANY SECSTOR_REVISION_ANY
#define ABSENT SECSTOR_REVISION_ABSENT
/* Room in an output that is more than any answer of a case needs. */
#define ROOM (64 * 1024)

/* She is the user 1000; of the others no id is known. */
#define ALICE_UID 1000u
extern const TEE_Identity alice;
extern const TEE_Identity bob;
/* A group with the same UUID as alice. */
extern const TEE_Identity crew;

struct client {
	uint32_t session;
	/* Of the last call. */
	TEE_Result result;
	uint32_t origin;
	TEE_Param params[TEE_NUM_PARAMS];
	/* What an output reference holds, as far as it is an answer. */
	struct bytes out[TEE_NUM_PARAMS];
};

/* One parameter of a call. */
struct arg {
	uint32_t type;
	struct bytes in;
	size_t room;
	uint32_t a;
	uint32_t b;
	/* A reference that has a size, but points nowhere. */
	bool no_memory;
};

struct arg none(void);
struct arg in(struct bytes data);
struct arg out(size_t room);
struct arg inout(struct bytes data, size_t room);
struct arg value_in(uint32_t a, uint32_t b);
struct arg value_out(void);
struct arg value_inout(uint32_t a, uint32_t b);
struct arg revision_inout(uint64_t revision);

/* If set, called before and after each call into the TEE. */
extern void (*client_observer)(uint32_t types, const TEE_Param *params,
			       bool before);

/* Any command with any parameters. */
TEE_Result invoke(struct client *client, uint32_t command, struct arg p0,
		  struct arg p1, struct arg p2, struct arg p3);

/* The user with this number, as Linux makes a UUID of it. */
TEE_Identity user_identity(uint32_t uid);

/* A session that says which user it is of. */
TEE_Result open_user(struct client *client, uint32_t uid, struct bytes domain);

/* A session of alice in the domain "default"; it must open. */
struct client open_default(void);
TEE_Result open_as(struct client *client, const TEE_Identity *who,
		   struct bytes domain);
TEE_Result open_with(struct client *client, const TEE_Identity *who,
		     struct arg p0, struct arg p1, struct arg p2,
		     struct arg p3);
void close_client(struct client *client);

/* The 64-bit number in a value parameter of the last call. */
uint64_t number(const struct client *client, size_t param);

TEE_Result get(struct client *client, struct bytes key, size_t room);
TEE_Result put(struct client *client, struct bytes key, struct bytes value,
	       uint64_t expected);
TEE_Result put_swap(struct client *client, struct bytes key, struct bytes value,
		    uint64_t expected, size_t room);
TEE_Result del(struct client *client, struct bytes key, uint64_t expected);
TEE_Result stat_key(struct client *client, struct bytes key);
TEE_Result list(struct client *client, struct bytes prefix, struct bytes after,
		uint32_t wanted, size_t room);
TEE_Result clear(struct client *client, struct bytes prefix);
TEE_Result generate(struct client *client, struct bytes key, uint32_t size,
		    uint64_t expected);
TEE_Result get_many(struct client *client, struct bytes request, size_t room);
TEE_Result batch(struct client *client, struct bytes request, size_t room);

/* The value of a key that must exist; of one that must not. */
struct bytes value_of(struct client *client, struct bytes key);
bool is_absent(struct client *client, struct bytes key);

/* Parts of packed requests, to be joined. */
struct bytes asked(struct bytes key);
struct bytes batch_put(struct bytes key, struct bytes value, uint64_t expected);
struct bytes batch_delete(struct bytes key, uint64_t expected);

/* The fields of the answer to INFO. */
uint32_t info_u32(struct client *client, size_t offset);
uint64_t info_u64(struct client *client, size_t offset);

uint32_t read_u16(const uint8_t *at);
uint32_t read_u32(const uint8_t *at);
uint64_t read_u64(const uint8_t *at);

#endif /* CLIENT_H */
