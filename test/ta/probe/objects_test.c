// SPDX-License-Identifier: MIT
/* Persistent objects as OP-TEE has them, above all where it bites. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "device.h"
#include "probe_client.h"
#include "utee_syscalls.h"

#define PROBE(name)                                                            \
	static TEE_Result name(uint32_t types __attribute__((unused)),         \
			       TEE_Param *params __attribute__((unused)))

#define READ TEE_DATA_FLAG_ACCESS_READ
#define WRITE TEE_DATA_FLAG_ACCESS_WRITE
#define META TEE_DATA_FLAG_ACCESS_WRITE_META
#define SHARE_READ TEE_DATA_FLAG_SHARE_READ
#define SHARE_WRITE TEE_DATA_FLAG_SHARE_WRITE
#define OVERWRITE TEE_DATA_FLAG_OVERWRITE

static TEE_Result open_id(const char *id, uint32_t flags,
			  TEE_ObjectHandle *handle)
{
	return TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, id, strlen(id),
					flags, handle);
}

static TEE_Result create(const char *id, uint32_t flags, const char *data,
			 TEE_ObjectHandle *handle)
{
	return TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, id, strlen(id),
					  flags, TEE_HANDLE_NULL, data,
					  strlen(data), handle);
}

static void make(const char *id, const char *data)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	CHECK_EQ(create(id, OVERWRITE, data, &handle), TEE_SUCCESS);
	TEE_CloseObject(handle);
}

static bool holds(const char *id, const char *data)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	char buffer[64] = { 0 };
	__tee_size_t count = 0;

	if (open_id(id, READ, &handle))
		return false;
	CHECK_EQ(TEE_ReadObjectData(handle, buffer, sizeof(buffer), &count),
		 TEE_SUCCESS);
	TEE_CloseObject(handle);
	return count == strlen(data) && !memcmp(buffer, data, count);
}

static void check_runs(TEE_Result (*function)(uint32_t types,
					      TEE_Param *params))
{
	struct client client = open_probe();

	CHECK_EQ(run_with_memory(&client, function), TEE_SUCCESS);
}

PROBE(create_and_open)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	CHECK_EQ(open_id("a", READ, &handle), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(handle == TEE_HANDLE_NULL);
	CHECK_EQ(create("a", READ, "one", &handle), TEE_SUCCESS);
	CHECK(handle != TEE_HANDLE_NULL);
	TEE_CloseObject(handle);
	CHECK_EQ(create("a", READ, "two", &handle), TEE_ERROR_ACCESS_CONFLICT);
	CHECK(handle == TEE_HANDLE_NULL);
	CHECK(holds("a", "one"));
	CHECK_EQ(create("a", READ | OVERWRITE, "two", &handle), TEE_SUCCESS);
	TEE_CloseObject(handle);
	CHECK(holds("a", "two"));
	make("empty", "");
	CHECK(holds("empty", ""));
	CHECK_EQ(TEE_OpenPersistentObject(77, "a", 1, READ, &handle),
		 TEE_ERROR_ITEM_NOT_FOUND);
	TEE_CloseObject(TEE_HANDLE_NULL);
	return TEE_SUCCESS;
}

CASE(objects_are_created_replaced_and_opened)
{
	check_runs(create_and_open);
	CHECK_EQ(map_count(&device.map), 2);
}

PROBE(use_stream)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_ObjectInfo info = { 0 };
	char buffer[16] = { 0 };
	__tee_size_t count = 0;

	CHECK_EQ(create("a", READ | WRITE | OVERWRITE, "0123456789", &handle),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_ReadObjectData(handle, buffer, 4, &count), TEE_SUCCESS);
	CHECK(count == 4 && !memcmp(buffer, "0123", 4));
	CHECK_EQ(TEE_GetObjectInfo1(handle, &info), TEE_SUCCESS);
	CHECK_EQ(info.objectType, TEE_TYPE_DATA);
	CHECK_EQ(info.dataSize, 10);
	CHECK_EQ(info.dataPosition, 4);
	CHECK_EQ(info.handleFlags, TEE_HANDLE_FLAG_PERSISTENT |
					   TEE_HANDLE_FLAG_INITIALIZED | READ |
					   WRITE | OVERWRITE);
	CHECK_EQ(TEE_SeekObjectData(handle, -2, TEE_DATA_SEEK_END),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_ReadObjectData(handle, buffer, 16, &count), TEE_SUCCESS);
	CHECK(count == 2 && !memcmp(buffer, "89", 2));
	CHECK_EQ(TEE_ReadObjectData(handle, buffer, 16, &count), TEE_SUCCESS);
	CHECK_EQ(count, 0);
	CHECK_EQ(TEE_SeekObjectData(handle, -100, TEE_DATA_SEEK_CUR),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_WriteObjectData(handle, "xy", 2), TEE_SUCCESS);
	CHECK_EQ(TEE_SeekObjectData(handle, 12, TEE_DATA_SEEK_SET),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_WriteObjectData(handle, "z", 1), TEE_SUCCESS);
	CHECK_EQ(TEE_SeekObjectData(handle, 0x7fffffff, TEE_DATA_SEEK_SET),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_SeekObjectData(handle, 0x7fffffff, TEE_DATA_SEEK_CUR),
		 TEE_SUCCESS);
	CHECK_EQ(TEE_SeekObjectData(handle, 0x7fffffff, TEE_DATA_SEEK_CUR),
		 TEE_ERROR_OVERFLOW);
	TEE_CloseObject(handle);
	CHECK_EQ(open_id("a", READ, &handle), TEE_SUCCESS);
	CHECK_EQ(TEE_ReadObjectData(handle, buffer, 16, &count), TEE_SUCCESS);
	CHECK(count == 13 && !memcmp(buffer, "xy23456789\0\0z", 13));
	TEE_CloseObject(handle);
	return TEE_SUCCESS;
}

CASE(data_is_read_and_written_at_a_position)
{
	check_runs(use_stream);
}

PROBE(delete_and_rename)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	make("b", "two");
	CHECK_EQ(open_id("a", META, &handle), TEE_SUCCESS);
	CHECK_EQ(TEE_RenamePersistentObject(handle, "b", 1),
		 TEE_ERROR_ACCESS_CONFLICT);
	CHECK_EQ(TEE_RenamePersistentObject(handle, "c", 1), TEE_SUCCESS);
	TEE_CloseObject(handle);
	CHECK(holds("c", "one"));
	CHECK(holds("b", "two"));
	CHECK_EQ(open_id("a", READ, &handle), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(open_id("c", META, &handle), TEE_SUCCESS);
	CHECK_EQ(TEE_CloseAndDeletePersistentObject1(handle), TEE_SUCCESS);
	CHECK_EQ(open_id("c", READ, &handle), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(TEE_CloseAndDeletePersistentObject1(TEE_HANDLE_NULL),
		 TEE_SUCCESS);
	return TEE_SUCCESS;
}

CASE(objects_are_deleted_and_renamed_but_never_over_another)
{
	check_runs(delete_and_rename);
	CHECK_EQ(map_count(&device.map), 1);
}

/* Opens "a" twice; whether the second one is allowed. */
static bool coexist(uint32_t first, uint32_t second)
{
	TEE_ObjectHandle a = TEE_HANDLE_NULL;
	TEE_ObjectHandle b = TEE_HANDLE_NULL;
	TEE_Result res = TEE_SUCCESS;

	CHECK_EQ(open_id("a", first, &a), TEE_SUCCESS);
	res = open_id("a", second, &b);
	CHECK(!res || res == TEE_ERROR_ACCESS_CONFLICT);
	TEE_CloseObject(a);
	TEE_CloseObject(b);
	return !res;
}

PROBE(share)
{
	TEE_ObjectHandle a = TEE_HANDLE_NULL;
	TEE_ObjectHandle b = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK(coexist(READ | SHARE_READ, READ | SHARE_READ));
	CHECK(coexist(READ | SHARE_READ | SHARE_WRITE,
		      WRITE | SHARE_READ | SHARE_WRITE));
	CHECK(!coexist(READ, READ));
	CHECK(!coexist(READ | SHARE_READ, READ));
	CHECK(!coexist(READ, READ | SHARE_READ));
	CHECK(!coexist(WRITE | SHARE_READ, READ | SHARE_READ));
	CHECK(!coexist(READ | SHARE_READ, READ | SHARE_READ | SHARE_WRITE));
	CHECK(!coexist(META | SHARE_READ, READ | SHARE_READ));
	CHECK(!coexist(READ | SHARE_READ, META | SHARE_READ));
	CHECK(!coexist(0, READ | SHARE_READ));
	/* An open object is not replaced. */
	CHECK_EQ(open_id("a", READ | SHARE_READ, &a), TEE_SUCCESS);
	CHECK_EQ(create("a", READ | OVERWRITE, "two", &b),
		 TEE_ERROR_ACCESS_CONFLICT);
	CHECK_EQ(create("a", READ | SHARE_READ, "two", &b),
		 TEE_ERROR_ACCESS_CONFLICT);
	/* Another one is none of its business. */
	CHECK_EQ(create("b", READ | OVERWRITE, "two", &b), TEE_SUCCESS);
	TEE_CloseObject(b);
	TEE_CloseObject(a);
	return TEE_SUCCESS;
}

CASE(handles_share_an_object_as_their_flags_say)
{
	check_runs(share);
}

static TEE_Result with_id(const void *id, size_t size, bool to_create)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	if (to_create)
		return TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, id, size,
						  OVERWRITE, TEE_HANDLE_NULL,
						  "", 0, &handle);
	return TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, id, size, READ,
					&handle);
}

static const char id_65[65] = "an object ID of 65 bytes";

PROBE(open_long_id)
{
	return with_id(id_65, 65, false);
}

PROBE(create_long_id)
{
	return with_id(id_65, 65, true);
}

PROBE(open_shared_id)
{
	return with_id(params[0].memref.buffer, 6, false);
}

PROBE(create_shared_id)
{
	return with_id(params[0].memref.buffer, 6, true);
}

PROBE(rename_to_long_id)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK_EQ(open_id("a", META, &handle), TEE_SUCCESS);
	return TEE_RenamePersistentObject(handle, id_65, 65);
}

PROBE(rename_to_shared_id)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK_EQ(open_id("a", META, &handle), TEE_SUCCESS);
	return TEE_RenamePersistentObject(handle, params[0].memref.buffer, 6);
}

PROBE(use_longest_id)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	CHECK_EQ(with_id(id_65, 64, false), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, id_65, 64,
					    OVERWRITE, TEE_HANDLE_NULL, "", 0,
					    &handle),
		 TEE_SUCCESS);
	TEE_CloseObject(handle);
	return TEE_SUCCESS;
}

CASE(an_id_that_is_too_long_or_shared_panics)
{
	check_runs(use_longest_id);
	check_panics(open_long_id);
	check_panics(create_long_id);
	check_panics(rename_to_long_id);
	check_panics(open_shared_id);
	check_panics(create_shared_id);
	check_panics(rename_to_shared_id);
}

PROBE(read_to_shared)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	__tee_size_t count = 0;

	make("a", "one");
	CHECK_EQ(open_id("a", READ, &handle), TEE_SUCCESS);
	return TEE_ReadObjectData(handle, params[0].memref.buffer, 3, &count);
}

PROBE(write_from_shared)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK_EQ(open_id("a", WRITE, &handle), TEE_SUCCESS);
	return TEE_WriteObjectData(handle, params[0].memref.buffer, 3);
}

PROBE(create_from_shared)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	CHECK_EQ(TEE_CreatePersistentObject(
			 TEE_STORAGE_PRIVATE, "a", 1, OVERWRITE,
			 TEE_HANDLE_NULL, params[0].memref.buffer, 6, &handle),
		 TEE_SUCCESS);
	TEE_CloseObject(handle);
	CHECK(holds("a", "shared"));
	return TEE_SUCCESS;
}

CASE(data_in_memory_of_the_client_panics_but_when_created)
{
	check_panics(read_to_shared);
	check_panics(write_from_shared);
	check_runs(create_from_shared);
}

PROBE(close_twice)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK_EQ(open_id("a", READ, &handle), TEE_SUCCESS);
	TEE_CloseObject(handle);
	TEE_CloseObject(handle);
	return TEE_SUCCESS;
}

PROBE(use_stale_handle)
{
	TEE_ObjectHandle stale = TEE_HANDLE_NULL;
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_ObjectInfo info = { 0 };

	make("a", "one");
	CHECK_EQ(open_id("a", READ, &stale), TEE_SUCCESS);
	TEE_CloseObject(stale);
	CHECK_EQ(open_id("a", READ, &handle), TEE_SUCCESS);
	return TEE_GetObjectInfo1(stale, &info);
}

PROBE(use_invented_handle)
{
	__tee_size_t count = 0;
	char buffer[1] = { 0 };

	return TEE_ReadObjectData((TEE_ObjectHandle)0x12345678, buffer, 1,
				  &count);
}

PROBE(use_null_handle)
{
	return TEE_WriteObjectData(TEE_HANDLE_NULL, "a", 1);
}

PROBE(delete_without_right)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK_EQ(open_id("a", READ | WRITE, &handle), TEE_SUCCESS);
	return TEE_CloseAndDeletePersistentObject1(handle);
}

PROBE(read_without_right)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	__tee_size_t count = 0;
	char buffer[1] = { 0 };

	make("a", "one");
	CHECK_EQ(open_id("a", WRITE, &handle), TEE_SUCCESS);
	return TEE_ReadObjectData(handle, buffer, 1, &count);
}

PROBE(open_with_strange_flags)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	return open_id("a", READ | OVERWRITE, &handle);
}

CASE(wrong_handles_and_flags_panic)
{
	check_panics(close_twice);
	check_panics(use_stale_handle);
	check_panics(use_invented_handle);
	check_panics(use_null_handle);
	check_panics(delete_without_right);
	check_panics(read_without_right);
	check_panics(open_with_strange_flags);
}

PROBE(meet_damage)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	__tee_size_t count = 0;
	char buffer[8] = { 0 };

	CHECK_EQ(open_id("at open", READ, &handle), TEE_ERROR_CORRUPT_OBJECT);
	CHECK(handle == TEE_HANDLE_NULL);
	CHECK_EQ(open_id("at open", READ, &handle), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(open_id("at read", READ, &handle), TEE_SUCCESS);
	CHECK_EQ(TEE_ReadObjectData(handle, buffer, 8, &count),
		 TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(open_id("at read", READ, &handle), TEE_ERROR_ITEM_NOT_FOUND);
	return TEE_SUCCESS;
}

PROBE(close_after_damage)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	__tee_size_t count = 0;
	char buffer[8] = { 0 };

	CHECK_EQ(open_id("at read", READ, &handle), TEE_SUCCESS);
	CHECK_EQ(TEE_ReadObjectData(handle, buffer, 8, &count),
		 TEE_ERROR_CORRUPT_OBJECT);
	TEE_CloseObject(handle);
	return TEE_SUCCESS;
}

PROBE(make_both)
{
	make("at open", "one");
	make("at read", "two");
	return TEE_SUCCESS;
}

static void damage(void)
{
	map_at(&device.map, 0)->damage = MAP_CORRUPT_AT_OPEN;
	map_at(&device.map, 1)->damage = MAP_CORRUPT_AT_READ;
}

CASE(a_corrupt_object_is_gone_and_its_handle_closed)
{
	check_runs(make_both);
	damage();
	check_runs(meet_damage);
	CHECK_EQ(map_count(&device.map), 0);
	check_runs(make_both);
	damage();
	check_panics(close_after_damage);
}

/* Without the TA library: its handle, or what the core says. */
static TEE_Result open_raw(const char *id, TEE_ObjectHandle *handle)
{
	uint32_t number = 0;
	TEE_Result res = _utee_storage_obj_open(TEE_STORAGE_PRIVATE, id,
						strlen(id), READ, &number);

	*handle = (TEE_ObjectHandle)(uintptr_t)number;
	return res;
}

PROBE(open_without_the_library)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK_EQ(open_raw("a", &handle), TEE_SUCCESS);
	TEE_CloseObject(handle);
	return open_raw("b", &handle);
}

PROBE(open_into_the_client)
{
	return _utee_storage_obj_open(TEE_STORAGE_PRIVATE, "a", 1, READ,
				      params[0].memref.buffer);
}

PROBE(open_with_a_wrong_hash)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	return open_raw("at open", &handle);
}

PROBE(open_with_a_wrong_hash_by_the_library)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	return open_id("at open", READ, &handle);
}

CASE(the_core_opens_objects_without_the_library)
{
	struct client client = open_probe();

	CHECK_EQ(run(&client, open_without_the_library),
		 TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(run_with_memory(&client, open_into_the_client),
		 TEE_ERROR_ACCESS_DENIED);
}

CASE(a_wrong_hash_has_another_name_in_an_old_core)
{
	struct client client = { 0 };

	check_runs(make_both);
	damage();
	device.age = SOFT_TEE_OLD;
	device_power_cycle();
	client = open_probe();
	CHECK_EQ(run(&client, open_with_a_wrong_hash), TEE_ERROR_SECURITY);
	close_client(&client);
	check_panics(open_with_a_wrong_hash_by_the_library);
	/* It is still there, and can be replaced. */
	CHECK_EQ(map_count(&device.map), 2);
	client = open_probe();
	CHECK_EQ(run(&client, open_with_a_wrong_hash), TEE_ERROR_SECURITY);
	device.age = SOFT_TEE_PRESENT;
	device_power_cycle();
	client = open_probe();
	CHECK_EQ(run(&client, open_with_a_wrong_hash),
		 TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(map_count(&device.map), 1);
}

PROBE(open_one)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	return open_id("a", READ, &handle);
}

static TEE_ObjectHandle create_large(const char *id, size_t size)
{
	static uint8_t data[1024 * 1024];
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = TEE_CreatePersistentObject(
		TEE_STORAGE_PRIVATE, id, strlen(id), READ | OVERWRITE,
		TEE_HANDLE_NULL, data, size, &handle);

	CHECK(!res || res == TEE_ERROR_OUT_OF_MEMORY);
	return handle;
}

/* As OP-TEE 3.22 with its default heap of 64 KiB was seen to do. */
PROBE(use_up_the_core)
{
	TEE_ObjectHandle first = create_large("a", 640 * 1024);
	TEE_ObjectHandle second = create_large("b", 640 * 1024);

	CHECK(first && second);
	TEE_CloseObject(second);
	TEE_CloseObject(first);
	first = create_large("a", 768 * 1024);
	second = create_large("b", 768 * 1024);
	CHECK(first && !second);
	/* The old one is there, and can be opened as far as there is room. */
	CHECK_EQ(open_id("b", READ, &second), TEE_ERROR_OUT_OF_MEMORY);
	TEE_CloseObject(first);
	CHECK_EQ(open_id("b", READ, &second), TEE_SUCCESS);
	TEE_CloseObject(second);
	first = create_large("a", 1024 * 1024);
	CHECK(first);
	TEE_CloseObject(first);
	return TEE_SUCCESS;
}

CASE(the_core_has_room_for_one_large_object)
{
	device.core_heap = 64 * 1024;
	device_power_cycle();
	check_runs(use_up_the_core);
	CHECK(soft_tee_core_heap_peak() > 40 * 1024);
	CHECK(soft_tee_core_heap_peak() <= 44 * 1024);
}

PROBE(fill_the_directory)
{
	char id[8] = { 0 };
	size_t n = 0;

	for (n = 0; n < 20000; n++) {
		TEE_ObjectHandle handle = TEE_HANDLE_NULL;
		TEE_Result res = TEE_SUCCESS;

		snprintf(id, sizeof(id), "%zu", 99999 - n);
		res = create(id, 0, "x", &handle);
		if (res)
			return res;
		TEE_CloseObject(handle);
	}
	return TEE_SUCCESS;
}

PROBE(open_first)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	return open_id("99999", READ, &handle);
}

CASE(a_directory_of_too_many_objects_closes_all_of_them)
{
	struct client client = { 0 };

	device.core_heap = 64 * 1024;
	device_power_cycle();
	client = open_probe();
	CHECK_EQ(run(&client, fill_the_directory), TEE_ERROR_OUT_OF_MEMORY);
	CHECK(map_count(&device.map) > 11000);
	CHECK(map_count(&device.map) < 13000);
	CHECK_EQ(run(&client, open_first), TEE_ERROR_OUT_OF_MEMORY);
	/* It stays as large when objects go. */
	while (map_count(&device.map) > 10)
		map_remove_at(&device.map, 0);
	CHECK_EQ(run(&client, open_first), TEE_ERROR_OUT_OF_MEMORY);
	device.core_heap = 0;
	device_power_cycle();
	client = open_probe();
	device.violation_expected = true;
	CHECK_EQ(run(&client, open_first), TEE_SUCCESS);
}

static TEE_Result read_once(TEE_ObjectHandle *handle)
{
	__tee_size_t count = 0;
	char buffer[8] = { 0 };

	make("a", "one");
	CHECK_EQ(open_id("a", READ, handle), TEE_SUCCESS);
	return TEE_ReadObjectData(*handle, buffer, 8, &count);
}

PROBE(close_after_failure)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = read_once(&handle);

	TEE_CloseObject(handle);
	return res;
}

PROBE(read_after_failure)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	__tee_size_t count = 0;
	char buffer[8] = { 0 };

	read_once(&handle);
	return TEE_ReadObjectData(handle, buffer, 8, &count);
}

static void arm(unsigned int calls, TEE_Result result)
{
	const struct fault fault = {
		.kind = FAULT_FAIL, .calls = calls, .nth = 1, .result = result
	};

	fault_arm(&device.faults, &fault);
}

CASE(after_a_failed_access_a_handle_can_only_be_closed)
{
	struct client client = open_probe();

	arm(FAULT_READ, TEE_ERROR_STORAGE_NOT_AVAILABLE);
	CHECK_EQ(run(&client, close_after_failure),
		 TEE_ERROR_STORAGE_NOT_AVAILABLE);
	arm(FAULT_READ, TEE_ERROR_STORAGE_NOT_AVAILABLE);
	device.violation_expected = true;
	check_panics(read_after_failure);
	CHECK(device.violation && strstr(device.violation, "after an error"));
}

PROBE(delete_one)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	make("a", "one");
	CHECK_EQ(open_id("a", META, &handle), TEE_SUCCESS);
	return TEE_CloseAndDeletePersistentObject1(handle);
}

PROBE(create_one)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = create("a", OVERWRITE, "one", &handle);

	TEE_CloseObject(handle);
	return res;
}

/* What a call answers when the storage answers this; or that it panics. */
static void
check_result(TEE_Result (*function)(uint32_t types, TEE_Param *params),
	     unsigned int calls, TEE_Result stored, TEE_Result answered)
{
	struct client client = open_probe();

	arm(calls, stored);
	CHECK_EQ(run(&client, function), answered);
	fault_arm(&device.faults, NULL);
	close_client(&client);
}

CASE(only_listed_results_reach_the_ta)
{
	const TEE_Result dead = TEE_ERROR_TARGET_DEAD;
	const TEE_Result away = TEE_ERROR_STORAGE_NOT_AVAILABLE;

	check_result(open_one, FAULT_STAT, away, away);
	check_result(open_one, FAULT_STAT, TEE_ERROR_OUT_OF_MEMORY,
		     TEE_ERROR_OUT_OF_MEMORY);
	check_result(open_one, FAULT_STAT, TEE_ERROR_GENERIC, dead);
	check_result(open_one, FAULT_STAT, TEE_ERROR_SECURITY, dead);
	check_result(create_one, FAULT_WRITE, away, away);
	check_result(create_one, FAULT_WRITE, TEE_ERROR_STORAGE_NO_SPACE,
		     TEE_ERROR_STORAGE_NO_SPACE);
	check_result(create_one, FAULT_WRITE, TEE_ERROR_COMMUNICATION, dead);
	check_result(close_after_failure, FAULT_READ, TEE_ERROR_OUT_OF_MEMORY,
		     dead);
	check_result(close_after_failure, FAULT_READ, TEE_ERROR_GENERIC, dead);
	check_result(delete_one, FAULT_REMOVE, away, away);
	check_result(delete_one, FAULT_REMOVE, TEE_ERROR_STORAGE_NO_SPACE,
		     dead);
}

PROBE(leave_open)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;

	return create("a", OVERWRITE, "one", &handle);
}

CASE(a_handle_left_open_is_reported_and_closed)
{
	struct client client = open_probe();

	device.violation_expected = true;
	CHECK_EQ(run(&client, leave_open), TEE_SUCCESS);
	CHECK(device.violation && strstr(device.violation, "outlived"));
	CHECK_EQ(run(&client, leave_open), TEE_SUCCESS);
}

PROBE(open_many)
{
	TEE_ObjectHandle handles[64] = { 0 };
	TEE_ObjectHandle more = TEE_HANDLE_NULL;
	size_t n = 0;

	make("a", "one");
	for (n = 0; n < 64; n++)
		CHECK_EQ(open_id("a", READ | SHARE_READ, handles + n),
			 TEE_SUCCESS);
	CHECK_EQ(open_id("a", READ | SHARE_READ, &more),
		 TEE_ERROR_OUT_OF_MEMORY);
	for (n = 0; n < 64; n++)
		TEE_CloseObject(handles[n]);
	return TEE_SUCCESS;
}

CASE(there_are_only_so_many_handles)
{
	check_runs(open_many);
}

PROBE(create_two)
{
	make("a", "one");
	make("b", "two");
	return TEE_SUCCESS;
}

CASE(a_power_cut_keeps_what_was_written)
{
	struct client client = open_probe();
	struct fault cut = { .kind = FAULT_CUT_BEFORE,
			     .calls = FAULT_WRITE,
			     .nth = 2 };

	fault_arm(&device.faults, &cut);
	CHECK_EQ(run(&client, create_two), TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(map_count(&device.map), 1);
	device_power_cycle();
	client = open_probe();
	cut.kind = FAULT_CUT_AFTER;
	fault_arm(&device.faults, &cut);
	CHECK_EQ(run(&client, create_two), TEE_ERROR_TARGET_DEAD);
	CHECK_EQ(map_count(&device.map), 2);
}

CASE(storage_without_room_says_so)
{
	struct client client = open_probe();

	device.map.capacity = 5;
	CHECK_EQ(run(&client, create_one), TEE_SUCCESS);
	CHECK_EQ(run(&client, create_one), TEE_ERROR_STORAGE_NO_SPACE);
}
