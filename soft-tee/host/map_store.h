/* SPDX-License-Identifier: MIT */
/*
 * A blob store in memory, for tests: one map that outlives the TEE's power,
 * and that a test can look into and damage.
 */
#ifndef MAP_STORE_H
#define MAP_STORE_H

#include "blob_store.h"

/* What a damaged blob does. */
enum map_damage {
	MAP_SOUND,
	/* Verification fails when the object is opened. */
	MAP_CORRUPT_AT_OPEN,
	/* It opens, and verification fails when it is read. */
	MAP_CORRUPT_AT_READ,
};

struct map_blob {
	struct map_blob *next;
	TEE_UUID ta;
	struct blob_id id;
	enum map_damage damage;
	size_t size;
	uint8_t *data;
};

struct map_store {
	/* In ascending order of the IDs. */
	struct map_blob *blobs;
	size_t count;
	/* The most that there were at once: entries stay when blobs go. */
	size_t entries;
	/* How many bytes the blobs may have together; 0: no limit. */
	size_t capacity;
};

/* The store as the core sees it. map must outlive it. */
struct blob_store map_store(struct map_store *map);

/* How many blobs there are. */
size_t map_count(const struct map_store *map);

/* How many bytes the blobs have together. */
size_t map_size(const struct map_store *map);

/* The blob at an index in the order of the IDs, or NULL. */
struct map_blob *map_at(const struct map_store *map, size_t index);

/* Removes the blob at an index, as somebody who deletes the file. */
void map_remove_at(struct map_store *map, size_t index);

/* Gives a blob other contents, as an attacker with the keys. */
void map_replace(struct map_blob *blob, const void *data, size_t size);

/* An equal map of its own. */
struct map_store map_copy(const struct map_store *map);

/* Whether two maps hold the same blobs with the same contents. */
int map_equal(const struct map_store *a, const struct map_store *b);

/* Removes everything. */
void map_clear(struct map_store *map);

#endif /* MAP_STORE_H */
