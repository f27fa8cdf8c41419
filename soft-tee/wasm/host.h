/* SPDX-License-Identifier: MIT */
/*
 * What the module imports from JavaScript, as functions of the module "host".
 * Sizes and addresses are 32-bit; results are TEE_Results. A blob is named by
 * its object ID only: the module holds one TA.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST(name) __attribute__((import_module("host"), import_name(#name)))

/*
 * Never returns: it throws, out of the export that was called. The instance of
 * the module is of no use after that.
 */
_Noreturn HOST(abandon) void host_abandon(void);

HOST(random) void host_random(void *data, size_t size);

/* Milliseconds: since some fixed moment, and since 1970. */
HOST(time) double host_time(void);
HOST(wallTime) double host_wall_time(void);

/* Those functions of blob_store.h that the TA in ta/ leads to. */
HOST(statBlob)
uint32_t host_stat_blob(const void *id, size_t id_size, size_t *size);
HOST(readBlob)
uint32_t host_read_blob(const void *id, size_t id_size, void *data,
			size_t size);
HOST(writeBlob)
uint32_t host_write_blob(const void *id, size_t id_size, const void *data,
			 size_t size);
HOST(removeBlob) uint32_t host_remove_blob(const void *id, size_t id_size);

#endif /* HOST_H */
