// SPDX-License-Identifier: MIT
/*
 * The software TEE as a WebAssembly module. JavaScript writes what it asks for
 * into a struct request, parameters into memory from allocate(), and calls one
 * of the exports; their names are what the module exports.
 */
#include "host.h"
#include "port.h"
#include "soft_tee.h"

#define EXPORT(name) __attribute__((export_name(#name)))

/* Little endian, as all memory of WebAssembly; src-ts/simulator/module.ts has
 * the same. */
struct request {
	/* [in] for open(): who the client is. */
	TEE_Identity client;
	/* [in] for invoke(), [out] of open(). */
	uint32_t session;
	/* [in] for invoke(). */
	uint32_t command;
	/* [in] TEE_PARAM_TYPES, [inout] the parameters. */
	uint32_t param_types;
	TEE_Param params[TEE_NUM_PARAMS];
	/* [out] a TEE_ORIGIN_*. */
	uint32_t origin;
};

_Static_assert(sizeof(struct request) == 68, "the layout is in module.ts too");

static struct request request;

static TEE_Result stat_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, size_t *size)
{
	(void)context;
	(void)ta;
	return host_stat_blob(id->bytes, id->size, size);
}

static TEE_Result read_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, void *data, size_t size)
{
	(void)context;
	(void)ta;
	return host_read_blob(id->bytes, id->size, data, size);
}

static TEE_Result write_blob(void *context, const TEE_UUID *ta,
			     const struct blob_id *id, const void *data,
			     size_t size, size_t changed)
{
	(void)context;
	(void)ta;
	(void)changed;
	return host_write_blob(id->bytes, id->size, data, size);
}

static TEE_Result remove_blob(void *context, const TEE_UUID *ta,
			      const struct blob_id *id)
{
	(void)context;
	(void)ta;
	return host_remove_blob(id->bytes, id->size);
}

/* To be called once, first. The TA must rename no object. */
EXPORT(boot) void boot(void)
{
	static const struct blob_store store = { .stat = stat_blob,
						 .read = read_blob,
						 .write = write_blob,
						 .remove = remove_blob };
	const struct soft_tee_config config = { .store = &store };

	soft_tee_boot(&config);
}

EXPORT(request) struct request *the_request(void)
{
	return &request;
}

EXPORT(taUuid) const TEE_UUID *ta_uuid_of_module(void)
{
	return soft_tee_ta_uuid();
}

/* 0 when there is no memory. */
EXPORT(allocate) void *allocate(size_t size)
{
	return port_alloc(size);
}

EXPORT(free) void release(void *memory)
{
	port_free(memory);
}

EXPORT(open) TEE_Result open_session(void)
{
	return soft_tee_open_session(&request.client, request.param_types,
				     request.params, &request.session,
				     &request.origin);
}

EXPORT(invoke) TEE_Result invoke(void)
{
	return soft_tee_invoke(request.session, request.command,
			       request.param_types, request.params,
			       &request.origin);
}

EXPORT(close) void close_session(uint32_t session)
{
	soft_tee_close_session(session);
}
