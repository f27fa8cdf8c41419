// SPDX-License-Identifier: MIT
/*
 * Persistent objects. Each function of the API is two here: what OP-TEE's core
 * does, with every result, and around it what its TA library does: pass on
 * the results that the specification lists for the function, panic at others.
 */
#include <string.h>

#include "core.h"
#include "handles.h"
#include "port.h"
#include "tee_internal_api.h"
#include "utee_syscalls.h"

#define OPEN_FLAGS                                                             \
	(TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_ACCESS_WRITE |              \
	 TEE_DATA_FLAG_ACCESS_WRITE_META | TEE_DATA_FLAG_SHARE_READ |          \
	 TEE_DATA_FLAG_SHARE_WRITE)
#define CREATE_FLAGS (OPEN_FLAGS | TEE_DATA_FLAG_OVERWRITE)

/* Results that are passed on to the TA. */
#define MAY_NOT_FOUND (1u << 0)
#define MAY_CONFLICT (1u << 1)
#define MAY_OUT_OF_MEMORY (1u << 2)
#define MAY_NO_SPACE (1u << 3)
#define MAY_CORRUPT (1u << 4)
#define MAY_OVERFLOW (1u << 5)

static uint32_t result_bit(TEE_Result res)
{
	switch (res) {
	case TEE_ERROR_ITEM_NOT_FOUND:
		return MAY_NOT_FOUND;
	case TEE_ERROR_ACCESS_CONFLICT:
		return MAY_CONFLICT;
	case TEE_ERROR_OUT_OF_MEMORY:
		return MAY_OUT_OF_MEMORY;
	case TEE_ERROR_STORAGE_NO_SPACE:
		return MAY_NO_SPACE;
	case TEE_ERROR_CORRUPT_OBJECT:
		return MAY_CORRUPT;
	case TEE_ERROR_OVERFLOW:
		return MAY_OVERFLOW;
	default:
		return 0;
	}
}

static TEE_Result pass_on(TEE_Result res, uint32_t listed)
{
	if (res && res != TEE_ERROR_STORAGE_NOT_AVAILABLE &&
	    !(result_bit(res) & listed))
		core_panic();
	return res;
}

static const struct blob_store *store(void)
{
	return core_config()->store;
}

/* The ID is copied by OP-TEE's core only from memory of the TA. */
static TEE_Result take_id(const void *bytes, size_t size, struct blob_id *id)
{
	if (size > TEE_OBJECT_ID_MAX_LEN)
		return TEE_ERROR_BAD_PARAMETERS;
	if (core_is_client_memory(bytes, size))
		return TEE_ERROR_ACCESS_DENIED;
	if (size)
		memcpy(id->bytes, bytes, size);
	id->size = size;
	return TEE_SUCCESS;
}

/*
 * Ends a failed access to an object. The specification wants a corrupt object
 * removed and its handle closed before the TA hears of it.
 */
static TEE_Result fail(struct object *object, TEE_Result res)
{
	if (res == TEE_ERROR_ITEM_NOT_FOUND)
		/* It was there when it was opened: its file is gone. */
		res = TEE_ERROR_CORRUPT_OBJECT;
	if (res == TEE_ERROR_CORRUPT_OBJECT) {
		store()->remove(store()->context, &ta_uuid, &object->id);
		handle_close(object);
	} else {
		object->broken = true;
	}
	return res;
}

/* The object of a handle for an access that needs these flags. */
static TEE_Result accessible(TEE_ObjectHandle handle, uint32_t flags,
			     struct object **object)
{
	*object = handle_object(handle);
	if ((*object)->broken) {
		core_violation("a handle was used again after an error");
		return TEE_ERROR_BAD_STATE;
	}
	return (*object)->flags & flags ? TEE_SUCCESS
					: TEE_ERROR_ACCESS_CONFLICT;
}

static TEE_Result open_object(uint32_t storage, const void *bytes, size_t size,
			      uint32_t flags, TEE_ObjectHandle *handle)
{
	struct object *object = NULL;
	struct blob_id id = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (flags & ~(uint32_t)OPEN_FLAGS)
		return TEE_ERROR_BAD_PARAMETERS;
	if (storage != TEE_STORAGE_PRIVATE)
		return TEE_ERROR_ITEM_NOT_FOUND;
	res = take_id(bytes, size, &id);
	if (!res)
		res = handle_open(&id, flags, false, &object);
	if (res)
		return res;
	res = store()->stat(store()->context, &ta_uuid, &id, &object->size);
	if (res == TEE_ERROR_MAC_INVALID)
		res = core_config()->age == SOFT_TEE_OLD
			      ? TEE_ERROR_SECURITY
			      : TEE_ERROR_CORRUPT_OBJECT;
	if (res == TEE_ERROR_CORRUPT_OBJECT)
		return fail(object, res);
	if (!res && !core_heap_object(&object->tree, object->size))
		res = TEE_ERROR_OUT_OF_MEMORY;
	if (res)
		handle_close(object);
	else
		*handle = handle_of(object);
	return res;
}

TEE_Result _utee_storage_obj_open(unsigned long storage_id,
				  const void *object_id, size_t object_id_len,
				  unsigned long flags, uint32_t *obj)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = TEE_SUCCESS;

	if (core_is_client_memory(obj, sizeof(*obj)))
		return TEE_ERROR_ACCESS_DENIED;
	res = open_object((uint32_t)storage_id, object_id, object_id_len,
			  (uint32_t)flags, &handle);
	if (!res)
		*obj = (uint32_t)(uintptr_t)handle;
	return res;
}

TEE_Result TEE_OpenPersistentObject(uint32_t storageID, const void *objectID,
				    __tee_size_t objectIDLen, uint32_t flags,
				    TEE_ObjectHandle *object)
{
	core_require_private(object, sizeof(*object));
	*object = TEE_HANDLE_NULL;
	return pass_on(
		open_object(storageID, objectID, objectIDLen, flags, object),
		MAY_NOT_FOUND | MAY_CONFLICT | MAY_OUT_OF_MEMORY | MAY_CORRUPT);
}

static TEE_Result write_new(struct object *object, const void *data,
			    size_t size)
{
	size_t there = 0;
	TEE_Result res = TEE_SUCCESS;

	if (!(object->flags & TEE_DATA_FLAG_OVERWRITE)) {
		res = store()->stat(store()->context, &ta_uuid, &object->id,
				    &there);
		if (!res || res == TEE_ERROR_CORRUPT_OBJECT ||
		    res == TEE_ERROR_MAC_INVALID)
			return TEE_ERROR_ACCESS_CONFLICT;
		if (res != TEE_ERROR_ITEM_NOT_FOUND)
			return res;
	}
	if (!core_heap_object(&object->tree, size))
		return TEE_ERROR_OUT_OF_MEMORY;
	return store()->write(store()->context, &ta_uuid, &object->id, data,
			      size, size);
}

static TEE_Result create_object(uint32_t storage, const void *bytes,
				size_t id_size, uint32_t flags,
				const void *data, size_t size,
				TEE_ObjectHandle *handle)
{
	struct object *object = NULL;
	struct blob_id id = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (flags & ~(uint32_t)CREATE_FLAGS)
		return TEE_ERROR_BAD_PARAMETERS;
	if (storage != TEE_STORAGE_PRIVATE)
		return TEE_ERROR_ITEM_NOT_FOUND;
	if (size && !data)
		return TEE_ERROR_BAD_PARAMETERS;
	res = take_id(bytes, id_size, &id);
	if (!res)
		res = handle_open(&id, flags,
				  !(flags & TEE_DATA_FLAG_OVERWRITE), &object);
	if (res)
		return res;
	res = write_new(object, data, size);
	object->size = size;
	if (res || !handle)
		handle_close(object);
	else
		*handle = handle_of(object);
	return res;
}

TEE_Result TEE_CreatePersistentObject(uint32_t storageID, const void *objectID,
				      __tee_size_t objectIDLen, uint32_t flags,
				      TEE_ObjectHandle attributes,
				      const void *initialData,
				      __tee_size_t initialDataLen,
				      TEE_ObjectHandle *object)
{
	/* Only plain data is served, so there is nothing to take over. */
	if (attributes != TEE_HANDLE_NULL)
		core_panic();
		/* Since OP-TEE 3.21 the handle may be left out, before it must
		 * not. */
#if __OPTEE_CORE_API_COMPAT_1_1
	if (!object)
		core_panic();
#endif
	if (object) {
		core_require_private(object, sizeof(*object));
		*object = TEE_HANDLE_NULL;
	}
	return pass_on(create_object(storageID, objectID, objectIDLen, flags,
				     initialData, initialDataLen, object),
		       MAY_NOT_FOUND | MAY_CONFLICT | MAY_OUT_OF_MEMORY |
			       MAY_NO_SPACE | MAY_CORRUPT);
}

void TEE_CloseObject(TEE_ObjectHandle object)
{
	if (object != TEE_HANDLE_NULL)
		handle_close(handle_object(object));
}

static TEE_Result delete_object(TEE_ObjectHandle handle)
{
	struct object *object = NULL;
	TEE_Result res =
		accessible(handle, TEE_DATA_FLAG_ACCESS_WRITE_META, &object);

	if (res)
		return res;
	handle_close(object);
	return store()->remove(store()->context, &ta_uuid, &object->id);
}

TEE_Result TEE_CloseAndDeletePersistentObject1(TEE_ObjectHandle object)
{
	if (object == TEE_HANDLE_NULL)
		return TEE_SUCCESS;
	return pass_on(delete_object(object), 0);
}

static TEE_Result rename_object(TEE_ObjectHandle handle, const void *bytes,
				size_t size)
{
	struct object *object = NULL;
	struct object *reserved = NULL;
	struct blob_id id = { 0 };
	TEE_Result res =
		accessible(handle, TEE_DATA_FLAG_ACCESS_WRITE_META, &object);

	/* Unlike the other accesses, this one calls it a bad state. */
	if (res)
		return TEE_ERROR_BAD_STATE;
	res = take_id(bytes, size, &id);
	if (!res)
		res = handle_open(&id, TEE_DATA_FLAG_ACCESS_WRITE_META, true,
				  &reserved);
	if (res)
		return res;
	handle_close(reserved);
	res = store()->rename(store()->context, &ta_uuid, &object->id, &id);
	if (!res)
		object->id = id;
	return res;
}

TEE_Result TEE_RenamePersistentObject(TEE_ObjectHandle object,
				      const void *newObjectID,
				      __tee_size_t newObjectIDLen)
{
	return pass_on(rename_object(object, newObjectID, newObjectIDLen),
		       MAY_CONFLICT | MAY_CORRUPT);
}

TEE_Result TEE_GetObjectInfo1(TEE_ObjectHandle object,
			      TEE_ObjectInfo *objectInfo)
{
	const struct object *found = handle_object(object);

	core_require_private(objectInfo, sizeof(*objectInfo));
	*objectInfo =
		(TEE_ObjectInfo){ .objectType = TEE_TYPE_DATA,
				  .objectUsage = 0xffffffff,
				  .dataSize = (__tee_size_t)found->size,
				  .dataPosition = (__tee_size_t)found->position,
				  .handleFlags = TEE_HANDLE_FLAG_PERSISTENT |
						 TEE_HANDLE_FLAG_INITIALIZED |
						 found->flags };
	return TEE_SUCCESS;
}

/* Makes sure that the whole object is in memory. */
static TEE_Result load(struct object *object)
{
	TEE_Result res = TEE_SUCCESS;

	if (object->data)
		return TEE_SUCCESS;
	object->data = port_alloc(object->size ? object->size : 1);
	if (!object->data)
		return TEE_ERROR_OUT_OF_MEMORY;
	res = store()->read(store()->context, &ta_uuid, &object->id,
			    object->data, object->size);
	if (res)
		object_forget_data(object);
	return res;
}

static TEE_Result read_data(TEE_ObjectHandle handle, void *buffer, size_t size,
			    size_t *count)
{
	struct object *object = NULL;
	size_t rest = 0;
	TEE_Result res = accessible(handle, TEE_DATA_FLAG_ACCESS_READ, &object);

	if (!res && core_is_client_memory(buffer, size))
		res = TEE_ERROR_ACCESS_DENIED;
	if (res)
		return res;
	res = load(object);
	if (res)
		return fail(object, res);
	if (object->position < object->size)
		rest = object->size - object->position;
	*count = size < rest ? size : rest;
	if (*count)
		memcpy(buffer, object->data + object->position, *count);
	if (store()->note_read)
		store()->note_read(store()->context, *count);
	object->position += *count;
	return TEE_SUCCESS;
}

TEE_Result TEE_ReadObjectData(TEE_ObjectHandle object, void *buffer,
			      __tee_size_t size, __tee_size_t *count)
{
	size_t read = 0;
	TEE_Result res = TEE_SUCCESS;

	core_require_private(count, sizeof(*count));
	res = pass_on(read_data(object, buffer, size, &read), MAY_CORRUPT);
	*count = (__tee_size_t)read;
	return res;
}

/* Makes the object in memory larger, with zeros. */
static TEE_Result extend(struct object *object, size_t size)
{
	uint8_t *data = port_alloc(size);

	if (!data)
		return TEE_ERROR_OUT_OF_MEMORY;
	memset(data, 0, size);
	memcpy(data, object->data, object->size);
	object_forget_data(object);
	object->data = data;
	object->size = size;
	return TEE_SUCCESS;
}

static TEE_Result write_at(struct object *object, const void *buffer,
			   size_t size)
{
	size_t end = object->position + size;
	TEE_Result res = load(object);

	if (!res && !core_heap_object(&object->tree, end))
		res = TEE_ERROR_OUT_OF_MEMORY;
	if (!res && end > object->size)
		res = extend(object, end);
	if (res)
		return res;
	if (size)
		memcpy(object->data + object->position, buffer, size);
	object->position = end;
	return store()->write(store()->context, &ta_uuid, &object->id,
			      object->data, object->size, size);
}

static TEE_Result write_data(TEE_ObjectHandle handle, const void *buffer,
			     size_t size)
{
	struct object *object = NULL;
	TEE_Result res =
		accessible(handle, TEE_DATA_FLAG_ACCESS_WRITE, &object);

	if (!res && core_is_client_memory(buffer, size))
		res = TEE_ERROR_ACCESS_DENIED;
	if (!res && size > TEE_DATA_MAX_POSITION - object->position)
		res = TEE_ERROR_OVERFLOW;
	if (res)
		return res;
	res = write_at(object, buffer, size);
	return res ? fail(object, res) : TEE_SUCCESS;
}

TEE_Result TEE_WriteObjectData(TEE_ObjectHandle object, const void *buffer,
			       __tee_size_t size)
{
	return pass_on(write_data(object, buffer, size),
		       MAY_NO_SPACE | MAY_OVERFLOW | MAY_CORRUPT);
}

static TEE_Result seek(TEE_ObjectHandle handle, int64_t offset,
		       TEE_Whence whence)
{
	struct object *object = handle_object(handle);
	int64_t base = 0;

	if (whence == TEE_DATA_SEEK_CUR)
		base = (int64_t)object->position;
	else if (whence == TEE_DATA_SEEK_END)
		base = (int64_t)object->size;
	else if (whence != TEE_DATA_SEEK_SET)
		return TEE_ERROR_BAD_PARAMETERS;
	if (offset > (int64_t)TEE_DATA_MAX_POSITION - base)
		return TEE_ERROR_OVERFLOW;
	/* Before the start means the start. */
	object->position = offset > -base ? (size_t)(base + offset) : 0;
	return TEE_SUCCESS;
}

TEE_Result TEE_SeekObjectData(TEE_ObjectHandle object, __tee_offset_t offset,
			      TEE_Whence whence)
{
	return pass_on(seek(object, offset, whence),
		       MAY_OVERFLOW | MAY_CORRUPT);
}
