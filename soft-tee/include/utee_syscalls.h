/* SPDX-License-Identifier: MIT */
/*
 * Calls of OP-TEE's core that a TA may make without the TA library, which
 * panics at results that the specification does not list.
 */
#ifndef UTEE_SYSCALLS_H
#define UTEE_SYSCALLS_H

#include "tee_api_types.h"

/*
 * What TEE_OpenPersistentObject asks for, with every result the core gives.
 * obj, in memory of the TA, becomes the handle's number.
 */
TEE_Result _utee_storage_obj_open(unsigned long storage_id,
				  const void *object_id, size_t object_id_len,
				  unsigned long flags, uint32_t *obj);

#endif /* UTEE_SYSCALLS_H */
