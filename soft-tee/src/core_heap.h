/* SPDX-License-Identifier: MIT */
/*
 * The heap of OP-TEE's core, as far as open objects use it up: for each object
 * that is open, and for the directory of all objects while any is, it keeps
 * one node of a hash tree for each 4 KiB.
 */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct piece;

/* What is kept of one tree. */
struct tree {
	struct piece *nodes;
	size_t count;
};

/* Empties the heap; its size is what soft_tee_boot() was given. */
void core_heap_boot(void);

/* Makes it the tree of an object of this size; false if there is no room. */
bool core_heap_object(struct tree *tree, size_t size);

/* The same of a directory with this many entries. */
bool core_heap_directory(struct tree *tree, size_t entries);

void core_heap_give(struct tree *tree);

#endif /* CORE_HEAP_H */
