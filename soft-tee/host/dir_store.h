/* SPDX-License-Identifier: MIT */
/*
 * A blob store in a folder, one plain file for each blob: what is stored
 * outlives the process. For tests on a host; it protects nothing.
 */
#ifndef DIR_STORE_H
#define DIR_STORE_H

#include "blob_store.h"

struct dir_store {
	/* The folder, open; -1 if there is none. */
	int fd;
};

/*
 * Opens a folder, made if it does not exist, and waits until no other process
 * has it open. Returns 0, or an errno.
 */
int dir_open(struct dir_store *dir, const char *path);

/* Lets other processes have the folder. */
void dir_close(struct dir_store *dir);

/* The store as the core sees it. dir must outlive it. */
struct blob_store dir_store(struct dir_store *dir);

#endif /* DIR_STORE_H */
