/* SPDX-License-Identifier: MIT */
#ifndef SHARED_FILE_H
#define SHARED_FILE_H

#include <stddef.h>

/*
 * Maps a file, made when absent, that others read and write while we run. A
 * supplicant that is started again finds what it held. NULL where that fails.
 */
void *map_shared_file(const char *path, size_t size);

#endif /* SHARED_FILE_H */
