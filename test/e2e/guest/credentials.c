// SPDX-License-Identifier: MIT
/*
 * seteuid(2) and setgroups(2) for Node.js. Its own functions refuse to work in
 * Debian's build, which cannot rule out that libuv uses io_uring (see
 * CVE-2024-22017).
 */
#include <errno.h>
#include <grp.h>
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GROUPS_MAX 16

static napi_value failed(napi_env env)
{
	napi_throw_error(env, NULL, strerror(errno));
	return NULL;
}

/* seteuid(uid) */
static napi_value set_euid(napi_env env, napi_callback_info info)
{
	napi_value uid = NULL;
	uint32_t number = 0;
	size_t count = 1;

	if (napi_get_cb_info(env, info, &count, &uid, NULL, NULL) ||
	    napi_get_value_uint32(env, uid, &number))
		return NULL;
	return seteuid(number) ? failed(env) : NULL;
}

/* setgroups(gid, ...) */
static napi_value set_groups(napi_env env, napi_callback_info info)
{
	napi_value values[GROUPS_MAX] = { 0 };
	gid_t groups[GROUPS_MAX] = { 0 };
	size_t count = GROUPS_MAX;
	size_t n = 0;

	if (napi_get_cb_info(env, info, &count, values, NULL, NULL))
		return NULL;
	for (n = 0; n < count; n++)
		if (napi_get_value_uint32(env, values[n], &groups[n]))
			return NULL;
	return setgroups(count, groups) ? failed(env) : NULL;
}

static napi_value init(napi_env env, napi_value exports)
{
	const napi_property_descriptor functions[] = {
		{ .utf8name = "seteuid", .method = set_euid },
		{ .utf8name = "setgroups", .method = set_groups },
	};

	napi_define_properties(env, exports,
			       sizeof(functions) / sizeof(*functions),
			       functions);
	return exports;
}

NAPI_MODULE(credentials, init)
