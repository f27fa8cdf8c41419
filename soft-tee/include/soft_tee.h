/* SPDX-License-Identifier: MIT */
/*
 * A software TEE with one Trusted Application linked to it: what a host
 * (a client library, a test, a simulator) calls.
 *
 * The core is serial, as a single-instance TA is: a host with several threads
 * lets only one of them in at a time. It protects nothing; it is there to run
 * the code of a TA where there is no TEE.
 */
#ifndef SOFT_TEE_H
#define SOFT_TEE_H

#include "blob_store.h"
#include "tee_api_types.h"

/* Which OP-TEE the core behaves like. */
enum soft_tee_age {
	/* 3.20 and later. */
	SOFT_TEE_PRESENT,
	/*
	 * 3.16 to 3.19: an object whose hash is wrong opens with
	 * TEE_ERROR_SECURITY and stays; TEE_OpenPersistentObject panics at it.
	 */
	SOFT_TEE_OLD,
};

/* What is particular to the machine that the TEE is in. All but store may be
 * left zero. */
struct soft_tee_config {
	/* Trusted storage; must outlive the core's use of it. */
	const struct blob_store *store;
	/* "gpd.tee.trustedStorage.antiRollback.protectionLevel" */
	uint32_t anti_rollback;
	enum soft_tee_age age;
	/*
	 * Bytes of the core's own heap (CFG_CORE_HEAP_SIZE), which objects that
	 * are open and their directory use up; 0: no limit.
	 */
	size_t core_heap;
	/*
	 * Called for each thing that OP-TEE would let pass but a good TA does
	 * not do, such as leaving a handle open or memory allocated.
	 */
	void (*violation)(void *context, const char *what);
	void *context;
};

/*
 * Powers the TEE on. No TA instance is there yet. Whatever was there before is
 * gone as after a power cut: no entry point of the TA is called.
 */
void soft_tee_boot(const struct soft_tee_config *config);

/*
 * Opens a session for a client of the given identity, loading the TA if there
 * is no instance of it. The parameters are as the TA shall see them: memory
 * references point to the client's own memory. On success session is set to a
 * number that is never 0. origin is set to a TEE_ORIGIN_*.
 *
 * Besides what the TA returns, from TEE_ORIGIN_TEE: TEE_ERROR_TARGET_DEAD (the
 * TA panicked), TEE_ERROR_OUT_OF_MEMORY.
 */
TEE_Result soft_tee_open_session(const TEE_Identity *client,
				 uint32_t param_types,
				 TEE_Param params[TEE_NUM_PARAMS],
				 uint32_t *session, uint32_t *origin);

/*
 * Invokes a command. Besides what the TA returns, from TEE_ORIGIN_TEE:
 * TEE_ERROR_TARGET_DEAD (the TA panicked, now or before) and
 * TEE_ERROR_BAD_PARAMETERS (no such session).
 */
TEE_Result soft_tee_invoke(uint32_t session, uint32_t command,
			   uint32_t param_types,
			   TEE_Param params[TEE_NUM_PARAMS], uint32_t *origin);

/* Closes a session, dead or alive. An unknown number is ignored. */
void soft_tee_close_session(uint32_t session);

/*
 * Ends the TA in good order, as a TEE that shuts down: sessions are closed,
 * TA_DestroyEntryPoint is called, memory still allocated is reported as a
 * violation. The storage remains.
 */
void soft_tee_unload(void);

/*
 * Ends the TA as a power cut does, from within a call of the blob store. The
 * call into the TEE that led there answers TEE_ERROR_TARGET_DEAD.
 */
_Noreturn void soft_tee_power_cut(void);

/* The UUID of the TA, from its user_ta_header_defines.h. */
const TEE_UUID *soft_tee_ta_uuid(void);

/*
 * The heap of the TA, for tests.
 */

/*
 * How many allocations were asked for since boot, by the TA, or on its behalf
 * for a session that it opens.
 */
uint64_t soft_tee_allocations(void);

/*
 * Makes the allocation number nth from now on fail (1: the next one; 0: none),
 * and with all_later every one after it as well.
 */
void soft_tee_fail_allocation(uint64_t nth, bool all_later);

/*
 * Bytes that the TA has allocated at present, those of the allocator and of
 * sessions not counted; and the most that it was since boot.
 */
size_t soft_tee_heap_used(void);
size_t soft_tee_heap_peak(void);

/* Bytes that are free, and the most that one allocation could have. */
size_t soft_tee_heap_free(void);
size_t soft_tee_heap_largest(void);

/*
 * The most bytes of the core's heap that objects and their directory had at
 * once since boot; 0 if it has no limit.
 */
size_t soft_tee_core_heap_peak(void);

/*
 * Watches for a secret: freeing a block that holds these bytes is a violation.
 * size 0 ends it. The bytes are not copied.
 */
void soft_tee_watch(const void *secret, size_t size);

/* Whether the bytes watched for are in a block allocated at present. */
bool soft_tee_secret_in_heap(void);

#endif /* SOFT_TEE_H */
