// SPDX-License-Identifier: MIT
#include "persistent.h"

#include "bytes.h"
#include "mem.h"

/* Format of the object ID itself; what is inside says its own. */
#define ID_FORMAT 1

#define READ_FLAGS                                                             \
	(TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_SHARE_READ |                \
	 TEE_DATA_FLAG_SHARE_WRITE)
#define REMOVE_FLAGS TEE_DATA_FLAG_ACCESS_WRITE_META

/*
 * OP-TEE reads its whole directory of objects whenever no handle is open, so
 * the latest handle stays open until the next one is, or the invoke ends.
 */
static struct {
	TEE_ObjectHandle handle;
	struct object_id id;
} anchor;

void persistent_end(void)
{
	if (anchor.handle != TEE_HANDLE_NULL)
		TEE_CloseObject(anchor.handle);
	anchor.handle = TEE_HANDLE_NULL;
}

static void anchor_set(TEE_ObjectHandle handle, const struct object_id *id)
{
	persistent_end();
	anchor.handle = handle;
	anchor.id = *id;
}

/* An open handle would keep the object from being replaced or removed. */
static void anchor_leave(const struct object_id *id)
{
	if (!TEE_MemCompare(anchor.id.bytes, id->bytes, OBJECT_ID_SIZE))
		persistent_end();
}

struct object_id object_id(const struct owner *owner, uint64_t number,
			   enum copy copy)
{
	struct object_id id = { { ID_FORMAT, (uint8_t)copy } };

	memcpy(id.bytes + 2, owner->bytes, OWNER_SIZE);
	put_u64(id.bytes + 2 + OWNER_SIZE, number);
	return id;
}

/* Reads size bytes. On an error the handle is closed, by us or the core. */
static TEE_Result read_all(TEE_ObjectHandle handle, uint8_t *data, size_t size)
{
	TEE_Result res = TEE_SUCCESS;
	ta_size_t count = 0;

	if (!size)
		return TEE_SUCCESS;
	res = TEE_ReadObjectData(handle, data, size, &count);
	/* The core has closed the handle of a corrupt object itself. */
	if (res == TEE_ERROR_CORRUPT_OBJECT)
		return res;
	if (!res && count != size)
		res = TEE_ERROR_CORRUPT_OBJECT;
	if (res)
		TEE_CloseObject(handle);
	return res;
}

static TEE_Result open_object(const struct object_id *id,
			      TEE_ObjectHandle *handle, size_t *size)
{
	TEE_ObjectInfo info = { 0 };
	TEE_Result res = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE,
						  id->bytes, OBJECT_ID_SIZE,
						  READ_FLAGS, handle);

	if (res)
		return res;
	res = TEE_GetObjectInfo1(*handle, &info);
	if (res) {
		if (res != TEE_ERROR_CORRUPT_OBJECT)
			TEE_CloseObject(*handle);
		return res;
	}
	*size = info.dataSize;
	return TEE_SUCCESS;
}

TEE_Result persistent_read(const struct object_id *id, uint8_t **data,
			   size_t *size)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = open_object(id, &handle, size);

	if (res)
		return res;
	*data = mem_alloc(*size);
	if (!*data) {
		TEE_CloseObject(handle);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	res = read_all(handle, *data, *size);
	if (res) {
		mem_free(*data, *size);
		*data = NULL;
		return res;
	}
	anchor_set(handle, id);
	return TEE_SUCCESS;
}

TEE_Result persistent_write(const struct object_id *id, const void *data,
			    size_t size)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = TEE_SUCCESS;

	anchor_leave(id);
	res = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, id->bytes,
					 OBJECT_ID_SIZE,
					 READ_FLAGS | TEE_DATA_FLAG_OVERWRITE,
					 TEE_HANDLE_NULL, data, size, &handle);
	if (!res)
		anchor_set(handle, id);
	return res;
}

TEE_Result persistent_remove(const struct object_id *id)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = TEE_SUCCESS;

	anchor_leave(id);
	res = TEE_OpenPersistentObject(TEE_STORAGE_PRIVATE, id->bytes,
				       OBJECT_ID_SIZE, REMOVE_FLAGS, &handle);
	if (persistent_is_lost(res))
		return TEE_SUCCESS;
	if (res)
		return res;
	return TEE_CloseAndDeletePersistentObject1(handle);
}
