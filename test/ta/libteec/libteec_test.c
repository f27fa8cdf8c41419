// SPDX-License-Identifier: MIT
/* The software TEE's libteec, as a client sees it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <secstor_ta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "login.h"
#include "tee_api_defines.h"
#include "tee_client_api_rest.h"

static const TEEC_UUID secstor = SECSTOR_TA_UUID;

void case_begin(void)
{
	unsetenv("SOFT_TEE_STORAGE");
}

void case_end(void)
{
}

struct client {
	TEEC_Context context;
	TEEC_Session session;
	uint32_t origin;
};

static TEEC_Operation domain(const char *name)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_VALUE_INPUT,
					     TEEC_MEMREF_TEMP_INPUT, TEEC_NONE,
					     TEEC_NONE) };

	operation.params[0].value.a = SECSTOR_PROTOCOL_VERSION;
	operation.params[1].tmpref.buffer = (void *)name;
	operation.params[1].tmpref.size = strlen(name);
	return operation;
}

static TEEC_Result log_in(struct client *client, uint32_t login,
			  const void *data)
{
	TEEC_Operation operation = domain("default");

	return TEEC_OpenSession(&client->context, &client->session, &secstor,
				login, data, &operation, &client->origin);
}

static void connect_client(struct client *client)
{
	CHECK_EQ(TEEC_InitializeContext(NULL, &client->context), TEEC_SUCCESS);
	CHECK_EQ(log_in(client, TEEC_LOGIN_USER, NULL), TEEC_SUCCESS);
	CHECK_EQ(client->origin, TEEC_ORIGIN_TRUSTED_APP);
}

static void disconnect(struct client *client)
{
	TEEC_CloseSession(&client->session);
	TEEC_FinalizeContext(&client->context);
}

static void set_tmpref(TEEC_Parameter *param, const void *data, size_t size)
{
	param->tmpref.buffer = (void *)data;
	param->tmpref.size = size;
}

static TEEC_Result put(struct client *client, const char *key,
		       const char *value)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_TEMP_INPUT,
					     TEEC_MEMREF_TEMP_INPUT,
					     TEEC_VALUE_INOUT, TEEC_NONE) };

	set_tmpref(operation.params, key, strlen(key));
	set_tmpref(operation.params + 1, value, strlen(value));
	operation.params[2].value.a = UINT32_MAX;
	operation.params[2].value.b = UINT32_MAX;
	return TEEC_InvokeCommand(&client->session, SECSTOR_CMD_PUT, &operation,
				  &client->origin);
}

static TEEC_Result get(struct client *client, const char *key, char *value,
		       size_t size, size_t *answer)
{
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_TEMP_INPUT,
					     TEEC_MEMREF_TEMP_OUTPUT,
					     TEEC_VALUE_OUTPUT, TEEC_NONE) };
	TEEC_Result res = TEEC_SUCCESS;

	set_tmpref(operation.params, key, strlen(key));
	set_tmpref(operation.params + 1, value, size);
	res = TEEC_InvokeCommand(&client->session, SECSTOR_CMD_GET, &operation,
				 &client->origin);
	*answer = operation.params[1].tmpref.size;
	return res;
}

static void check_value(struct client *client, const char *key,
			const char *value)
{
	char buffer[64] = { 0 };
	size_t size = 0;

	CHECK_EQ(get(client, key, buffer, sizeof(buffer), &size), TEEC_SUCCESS);
	CHECK_EQ(size, strlen(value));
	CHECK(!memcmp(buffer, value, size));
}

static void check_absent(struct client *client, const char *key)
{
	char buffer[64] = { 0 };
	size_t size = 0;

	CHECK_EQ(get(client, key, buffer, sizeof(buffer), &size),
		 TEEC_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(client->origin, TEEC_ORIGIN_TRUSTED_APP);
}

CASE(a_value_comes_back)
{
	struct client client = { 0 };
	char small[3] = { 0 };
	size_t size = 0;

	connect_client(&client);
	CHECK_EQ(put(&client, "k", "value"), TEEC_SUCCESS);
	check_value(&client, "k", "value");
	CHECK_EQ(get(&client, "k", small, sizeof(small), &size),
		 TEEC_ERROR_SHORT_BUFFER);
	CHECK_EQ(size, 5);
	disconnect(&client);
	/* In the memory of the process it outlives the context. */
	connect_client(&client);
	check_value(&client, "k", "value");
	disconnect(&client);
}

static void check_uuid(const char *name, const char *expected)
{
	TEE_UUID uuid = login_uuid(name);
	const uint8_t *tail = uuid.clockSeqAndNode;
	char text[40] = { 0 };

	snprintf(text, sizeof(text),
		 "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 uuid.timeLow, uuid.timeMid, uuid.timeHiAndVersion, tail[0],
		 tail[1], tail[2], tail[3], tail[4], tail[5], tail[6], tail[7]);
	CHECK(!strcmp(text, expected));
}

/* As Linux 6.12 attests them. */
CASE(identities_are_those_of_the_kernel)
{
	check_uuid("uid=0", "ef0180a3-13f3-5d1c-b7f5-888c0e21059a");
	check_uuid("uid=3e8", "fc34275c-d8dd-5ba7-968b-504718363b87");
	check_uuid("uid=186a0", "333f7e2a-c0d2-54be-9c9e-e0fd5b4e207a");
	check_uuid("gid=3e8", "0ece43ed-001d-51bd-bab7-480c8954c3cf");
}

/* A group that the process is not in. */
static gid_t strange_group(void)
{
	gid_t groups[1024] = { 0 };
	int count = getgroups(1024, groups);
	gid_t group = 4242;
	int n = 0;

	CHECK(count >= 0);
	for (n = 0; n < count; n++)
		if (groups[n] == group || getegid() == group) {
			group++;
			n = -1;
		}
	return group;
}

CASE(logins_are_granted_as_the_kernel_grants_them)
{
	struct client client = { 0 };
	gid_t own = getegid();
	gid_t strange = strange_group();

	CHECK_EQ(TEEC_InitializeContext(NULL, &client.context), TEEC_SUCCESS);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_USER, NULL), TEEC_SUCCESS);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_GROUP, &own), TEEC_SUCCESS);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_GROUP, &strange),
		 TEEC_ERROR_GENERIC);
	CHECK_EQ(client.origin, TEEC_ORIGIN_COMMS);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_APPLICATION, NULL),
		 TEEC_ERROR_BAD_PARAMETERS);
	CHECK_EQ(client.origin, TEEC_ORIGIN_COMMS);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_USER_APPLICATION, NULL),
		 TEEC_ERROR_BAD_PARAMETERS);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_GROUP_APPLICATION, &own),
		 TEEC_ERROR_BAD_PARAMETERS);
	CHECK_EQ(log_in(&client, 0x80000000, NULL), TEEC_ERROR_GENERIC);
	CHECK_EQ(client.origin, TEEC_ORIGIN_COMMS);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_PUBLIC, NULL),
		 SECSTOR_ERROR_IDENTITY);
	CHECK_EQ(client.origin, TEEC_ORIGIN_TRUSTED_APP);
	TEEC_FinalizeContext(&client.context);
}

CASE(user_and_group_have_stores_of_their_own)
{
	struct client user = { 0 };
	struct client group = { 0 };
	gid_t own = getegid();

	connect_client(&user);
	CHECK_EQ(put(&user, "k", "user's"), TEEC_SUCCESS);
	CHECK_EQ(TEEC_InitializeContext(NULL, &group.context), TEEC_SUCCESS);
	CHECK_EQ(log_in(&group, TEEC_LOGIN_GROUP, &own), TEEC_SUCCESS);
	check_absent(&group, "k");
	CHECK_EQ(put(&group, "k", "group's"), TEEC_SUCCESS);
	check_value(&user, "k", "user's");
	disconnect(&user);
	disconnect(&group);
}

CASE(another_ta_is_not_there)
{
	struct client client = { 0 };
	TEEC_UUID other = secstor;

	other.clockSeqAndNode[7] ^= 1;
	CHECK_EQ(TEEC_InitializeContext(NULL, &client.context), TEEC_SUCCESS);
	CHECK_EQ(TEEC_OpenSession(&client.context, &client.session, &other,
				  TEEC_LOGIN_USER, NULL, NULL, &client.origin),
		 TEEC_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(client.origin, TEEC_ORIGIN_TEE);
	TEEC_FinalizeContext(&client.context);
}

CASE(a_dead_ta_comes_back_with_a_new_session)
{
	struct client client = { 0 };

	connect_client(&client);
	CHECK_EQ(put(&client, "k", "value"), TEEC_SUCCESS);
	CHECK_EQ(TEEC_InvokeCommand(&client.session, SECSTOR_CMD_TEST_PANIC,
				    NULL, &client.origin),
		 TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(client.origin, TEEC_ORIGIN_TEE);
	CHECK_EQ(put(&client, "k", "other"), TEE_ERROR_TARGET_DEAD);
	TEEC_CloseSession(&client.session);
	CHECK_EQ(log_in(&client, TEEC_LOGIN_USER, NULL), TEEC_SUCCESS);
	check_value(&client, "k", "value");
	disconnect(&client);
}

CASE(sessions_end_with_their_context)
{
	struct client client = { 0 };
	struct client other = { 0 };
	TEEC_Session old = { 0 };

	connect_client(&other);
	connect_client(&client);
	old = client.session;
	TEEC_FinalizeContext(&client.context);
	client.session = old;
	CHECK_EQ(put(&client, "k", "v"), TEEC_ERROR_BAD_PARAMETERS);
	CHECK_EQ(put(&other, "k", "v"), TEEC_SUCCESS);
	disconnect(&other);
}

/* One block for key and value, as the addon does it. */
CASE(parts_of_shared_memory_are_references)
{
	struct client client = { 0 };
	TEEC_SharedMemory memory = {
		.size = 64,
		.flags = TEEC_MEM_INPUT | TEEC_MEM_OUTPUT,
	};
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_PARTIAL_INPUT,
					     TEEC_MEMREF_PARTIAL_OUTPUT,
					     TEEC_VALUE_OUTPUT, TEEC_NONE) };

	connect_client(&client);
	CHECK_EQ(put(&client, "k", "value"), TEEC_SUCCESS);
	CHECK_EQ(TEEC_AllocateSharedMemory(&client.context, &memory),
		 TEEC_SUCCESS);
	((char *)memory.buffer)[10] = 'k';
	operation.params[0].memref.parent = &memory;
	operation.params[0].memref.offset = 10;
	operation.params[0].memref.size = 1;
	operation.params[1].memref.parent = &memory;
	operation.params[1].memref.offset = 32;
	operation.params[1].memref.size = 32;
	CHECK_EQ(TEEC_InvokeCommand(&client.session, SECSTOR_CMD_GET,
				    &operation, &client.origin),
		 TEEC_SUCCESS);
	CHECK_EQ(operation.params[1].memref.size, 5);
	CHECK(!memcmp((char *)memory.buffer + 32, "value\0", 6));

	operation.params[1].memref.size = 33;
	CHECK_EQ(TEEC_InvokeCommand(&client.session, SECSTOR_CMD_GET,
				    &operation, &client.origin),
		 TEEC_ERROR_BAD_PARAMETERS);
	CHECK_EQ(client.origin, TEEC_ORIGIN_API);
	operation.params[1].memref.offset = 65;
	operation.params[1].memref.size = 0;
	CHECK_EQ(TEEC_InvokeCommand(&client.session, SECSTOR_CMD_GET,
				    &operation, &client.origin),
		 TEEC_ERROR_BAD_PARAMETERS);
	TEEC_ReleaseSharedMemory(&memory);
	CHECK(!memory.buffer);
	disconnect(&client);
}

CASE(shared_memory_has_directions)
{
	struct client client = { 0 };
	char key[] = "k";
	char value[16] = { 0 };
	TEEC_SharedMemory input = { .buffer = key,
				    .size = 1,
				    .flags = TEEC_MEM_INPUT };
	TEEC_SharedMemory output = { .buffer = value,
				     .size = sizeof(value),
				     .flags = TEEC_MEM_OUTPUT };
	TEEC_SharedMemory none = { .buffer = value, .size = 1 };
	TEEC_Operation operation = { .paramTypes = TEEC_PARAM_TYPES(
					     TEEC_MEMREF_WHOLE,
					     TEEC_MEMREF_WHOLE,
					     TEEC_VALUE_OUTPUT, TEEC_NONE) };

	connect_client(&client);
	CHECK_EQ(put(&client, "k", "value"), TEEC_SUCCESS);
	CHECK_EQ(TEEC_RegisterSharedMemory(&client.context, &none),
		 TEEC_ERROR_BAD_PARAMETERS);
	CHECK_EQ(TEEC_RegisterSharedMemory(&client.context, &input),
		 TEEC_SUCCESS);
	CHECK_EQ(TEEC_RegisterSharedMemory(&client.context, &output),
		 TEEC_SUCCESS);
	operation.params[0].memref.parent = &input;
	operation.params[1].memref.parent = &output;
	CHECK_EQ(TEEC_InvokeCommand(&client.session, SECSTOR_CMD_GET,
				    &operation, &client.origin),
		 TEEC_SUCCESS);
	CHECK_EQ(operation.params[1].memref.size, 5);
	CHECK(!memcmp(value, "value", 5));

	operation.paramTypes = TEEC_PARAM_TYPES(TEEC_MEMREF_WHOLE,
						TEEC_MEMREF_PARTIAL_INOUT,
						TEEC_VALUE_OUTPUT, TEEC_NONE);
	operation.params[1].memref.size = 16;
	CHECK_EQ(TEEC_InvokeCommand(&client.session, SECSTOR_CMD_GET,
				    &operation, &client.origin),
		 TEEC_ERROR_BAD_PARAMETERS);
	CHECK_EQ(client.origin, TEEC_ORIGIN_API);
	/* What the client registered is the client's. */
	TEEC_ReleaseSharedMemory(&input);
	TEEC_ReleaseSharedMemory(&output);
	CHECK(output.buffer == value);
	disconnect(&client);
}

CASE(an_unknown_type_of_parameter_is_refused)
{
	struct client client = { 0 };
	TEEC_Operation operation = { .paramTypes = 4 };

	connect_client(&client);
	CHECK_EQ(TEEC_InvokeCommand(&client.session, SECSTOR_CMD_INFO,
				    &operation, NULL),
		 TEEC_ERROR_BAD_PARAMETERS);
	TEEC_RequestCancellation(&operation);
	disconnect(&client);
}

/* Unless the client sees to it, a child inherits it, as with libteec. */
CASE(a_context_has_a_descriptor_that_is_inherited)
{
	struct client client = { 0 };

	connect_client(&client);
	CHECK_EQ(fcntl(client.context.imp.fd, F_GETFD), 0);
	disconnect(&client);
	CHECK(fcntl(client.context.imp.fd, F_GETFD) == -1 && errno == EBADF);
}

#define THREADS 6

static void *use_from_thread(void *arg)
{
	const char *name = arg;
	struct client client = { 0 };
	char value[32] = { 0 };
	size_t n = 0;

	for (n = 0; n < 40; n++) {
		if (n % 10 == 0)
			connect_client(&client);
		snprintf(value, sizeof(value), "%s-%zu", name, n);
		CHECK_EQ(put(&client, name, value), TEEC_SUCCESS);
		check_value(&client, name, value);
		if (n % 10 == 9)
			disconnect(&client);
	}
	return NULL;
}

CASE(threads_do_not_disturb_each_other)
{
	static const char *const names[THREADS] = {
		"a", "b", "c", "d", "e", "f"
	};
	pthread_t threads[THREADS] = { 0 };
	size_t n = 0;

	for (n = 0; n < THREADS; n++)
		CHECK(!pthread_create(threads + n, NULL, use_from_thread,
				      (void *)names[n]));
	for (n = 0; n < THREADS; n++)
		CHECK(!pthread_join(threads[n], NULL));
}

static char folder[] = "/tmp/soft-tee-XXXXXX";

static void use_folder(void)
{
	CHECK(mkdtemp(folder));
	CHECK(!setenv("SOFT_TEE_STORAGE", folder, 1));
}

static void remove_folder(void)
{
	char command[64] = { 0 };

	snprintf(command, sizeof(command), "rm -r %s", folder);
	CHECK(!system(command));
}

/*
 * Runs it in another process, which must succeed; with a pipe, not before
 * there is something in it.
 */
static pid_t fork_to(void (*run)(struct client *client), const int *start)
{
	pid_t child = fork();

	CHECK(child >= 0);
	if (!child) {
		struct client client = { 0 };
		char byte = 0;

		CHECK(!start || read(start[0], &byte, 1) == 1);
		connect_client(&client);
		run(&client);
		disconnect(&client);
		exit(0);
	}
	return child;
}

static void wait_for(pid_t child)
{
	int status = 0;

	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status));
}

static void put_first(struct client *client)
{
	CHECK_EQ(put(client, "k", "first"), TEEC_SUCCESS);
}

static void see_first_put_second(struct client *client)
{
	check_value(client, "k", "first");
	CHECK_EQ(put(client, "k", "second"), TEEC_SUCCESS);
}

CASE(storage_in_a_folder_outlives_the_process)
{
	struct client client = { 0 };

	use_folder();
	wait_for(fork_to(put_first, NULL));
	wait_for(fork_to(see_first_put_second, NULL));
	connect_client(&client);
	check_value(&client, "k", "second");
	disconnect(&client);
	remove_folder();
}

/* By the kernel's list of locks, in which those that wait have an arrow. */
static int waits_for_a_lock(pid_t process)
{
	FILE *locks = fopen("/proc/locks", "r");
	char line[256] = "";
	int waits = 0;
	int pid = 0;

	CHECK(locks);
	while (fgets(line, sizeof(line), locks))
		waits |= sscanf(line, "%*d: -> %*s %*s %*s %d", &pid) == 1 &&
			 pid == process;
	fclose(locks);
	return waits;
}

/* The TA's cache would be wrong if another process wrote. */
CASE(one_process_at_a_time_has_the_folder)
{
	struct client client = { 0 };
	int start[2] = { 0 };
	pid_t child = 0;

	use_folder();
	CHECK(!pipe(start));
	/* Before this process has the folder, or the child would have it too. */
	child = fork_to(see_first_put_second, start);
	connect_client(&client);
	CHECK(write(start[1], "", 1) == 1);
	while (!waits_for_a_lock(child))
		CHECK_EQ(waitpid(child, NULL, WNOHANG), 0);
	CHECK_EQ(put(&client, "k", "first"), TEEC_SUCCESS);
	disconnect(&client);
	wait_for(child);
	connect_client(&client);
	check_value(&client, "k", "second");
	disconnect(&client);
	remove_folder();
}

CASE(a_folder_that_cannot_be_made_is_no_context)
{
	struct client client = { 0 };

	CHECK(!setenv("SOFT_TEE_STORAGE", "/proc/none/of/this", 1));
	CHECK_EQ(TEEC_InitializeContext(NULL, &client.context),
		 TEEC_ERROR_ITEM_NOT_FOUND);
}
