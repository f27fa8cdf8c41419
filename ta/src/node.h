/* SPDX-License-Identifier: MIT */
/*
 * The stored form of a root or a leaf (docs/storage-format.md): decoding
 * takes the bytes as hostile; encoding makes them from sorted entries. No TEE
 * storage function is called here.
 */
#ifndef NODE_H
#define NODE_H

#include <secstor_ta.h>

#include "bytes.h"
#include "compat.h"

/* A full key is "domain NUL key", so a domain's keys are neighbours. */
#define FULL_KEY_MAX (SECSTOR_DOMAIN_MAX + 1 + SECSTOR_KEY_MAX)

#define NODE_HEADER_SIZE 72
#define INDEX_HEADER_SIZE 20
#define RECORD_HEADER_SIZE 16
#define GARBAGE_SIZE 8

enum node_kind { NODE_ROOT = 1, NODE_LEAF = 2 };

/* What is known of the keys from one separator up to the next. */
enum index_kind {
	INDEX_LEAF = 1,	 /* they are in a leaf object */
	INDEX_EMPTY = 2, /* there are none */
	INDEX_LOST = 3,	 /* they were lost and the owner has not said so far
			  * that they may be forgotten */
};

struct index_entry {
	struct span separator; /* not above the first key of the range */
	uint64_t number;       /* of the leaf */
	uint64_t sequence;     /* the leaf has this one, or a later one */
	enum index_kind kind;
};

enum record_kind {
	RECORD_INLINE = 1,  /* the value follows the key */
	RECORD_OBJECT = 2,  /* the value is an object of its own */
	RECORD_DELETED = 3, /* hides what a leaf may have under this key */
};

struct record {
	struct span key; /* full key */
	uint64_t revision;
	uint32_t value_size;
	enum record_kind kind;
	const uint8_t *value; /* RECORD_INLINE */
	uint64_t number;      /* RECORD_OBJECT */
};

/* The numbers at the front of a node; a leaf has zeros for most. */
struct node_header {
	enum node_kind kind;
	uint64_t number; /* of the object, 0 for a root */
	/* Commits of this root so far; of a leaf, those with the one that it
	 * was written for. */
	uint64_t sequence;
	uint64_t next_number; /* never given to an object before */
	uint64_t revision;    /* the highest given to any key */
	uint64_t bytes;	      /* of all keys and values of the owner */
	uint32_t keys;	      /* of the owner */
	uint32_t objects;     /* values that are objects of their own */
	uint32_t index_count;
	uint32_t record_count;
	uint32_t garbage_count; /* objects that are let go and not yet removed */
	uint64_t mark; /* random, another one each time a node is written:
			* tells those apart whose numbers are the same */
};

struct node {
	struct node_header head;
	uint8_t *image; /* heap */
	size_t size;
	uint32_t *offsets; /* heap: of the index entries, then the records */
};

/*
 * Decodes an image and checks all of it. On success the node owns the image.
 *
 * SECSTOR_ERROR_FORMAT      written by a newer TA
 * TEE_ERROR_CORRUPT_OBJECT  not a node of this kind and number
 * TEE_ERROR_OUT_OF_MEMORY
 */
TEE_Result node_decode(uint8_t *image, size_t size, enum node_kind kind,
		       uint64_t number, struct node *node);

/*
 * Reads the header alone and checks it. NODE_HEADER_SIZE bytes suffice. Errors
 * as node_decode().
 */
TEE_Result node_read_header(const uint8_t *image, size_t size,
			    enum node_kind kind, uint64_t number,
			    struct node_header *head);

/*
 * Whether the image begins with this header. NODE_HEADER_SIZE bytes of it
 * suffice.
 */
bool node_has_header(const uint8_t *image, const struct node_header *head);

/*
 * Encodes sorted entries; counts are taken from the header. The node owns the
 * memory it gets. TEE_ERROR_OUT_OF_MEMORY is the only error.
 */
TEE_Result node_encode(const struct node_header *head, const uint64_t *garbage,
		       const struct index_entry *index,
		       const struct record *records, struct node *node);

/* How many bytes the entries take in a node. */
size_t node_index_size(const struct index_entry *index, uint32_t count);
size_t node_record_size(const struct record *record);
size_t node_records_size(const struct record *records, uint32_t count);

uint64_t node_garbage(const struct node *node, uint32_t n);
struct index_entry node_index(const struct node *node, uint32_t n);
struct record node_record(const struct node *node, uint32_t n);

/* Where the n-th range of an index ends; empty: nowhere. */
struct span node_range_end(const struct node *node, uint32_t n);

/* The index entry whose range holds the key; there must be an index. */
uint32_t node_find_range(const struct node *node, struct span key);

/* The first record with a key not below the given one; *exact if equal. */
uint32_t node_find(const struct node *node, struct span key, bool *exact);

/* What a key counts for in the quota: the key without its domain, and value. */
uint64_t key_charge(struct span full_key, uint64_t value_size);

/* Stored totals are trusted no more than to make no number wrap. */
static inline uint64_t total_less(uint64_t total, uint64_t part)
{
	return total > part ? total - part : 0;
}

void node_free(struct node *node);

#endif /* NODE_H */
