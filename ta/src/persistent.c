// SPDX-License-Identifier: MIT
#include "persistent.h"

#include <utee_syscalls.h>

#include "bytes.h"
#include "mem.h"

/* Format of the object ID itself; what is inside says its own. */
#define ID_FORMAT 1

#define READ_FLAGS                                                             \
	(TEE_DATA_FLAG_ACCESS_READ | TEE_DATA_FLAG_SHARE_READ |                \
	 TEE_DATA_FLAG_SHARE_WRITE)
#define PATCH_FLAGS (READ_FLAGS | TEE_DATA_FLAG_ACCESS_WRITE)
#define REMOVE_FLAGS TEE_DATA_FLAG_ACCESS_WRITE_META

/*
 * OP-TEE reads its whole directory of objects whenever no handle is open, so
 * the latest handle stays open until the next one is, or the invoke ends. But
 * its core keeps about 128 bytes for each 4 KiB of an open object, in a heap
 * that may be no larger than 64 KiB, so a large object is never open beside
 * another one.
 */
#define LARGE_OBJECT (64 * 1024)
static struct {
	TEE_ObjectHandle handle;
	struct object_id id;
	size_t size;
} anchor;

void persistent_end(void)
{
	if (anchor.handle != TEE_HANDLE_NULL)
		TEE_CloseObject(anchor.handle);
	anchor.handle = TEE_HANDLE_NULL;
	anchor.size = 0;
}

static void anchor_set(TEE_ObjectHandle handle, const struct object_id *id,
		       size_t size)
{
	persistent_end();
	anchor.handle = handle;
	anchor.id = *id;
	anchor.size = size;
}

/* Before an object of this size, or of any (0), is opened. */
static void anchor_make_way(size_t size)
{
	if (size > LARGE_OBJECT || anchor.size > LARGE_OBJECT)
		persistent_end();
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

/*
 * TEE_OpenPersistentObject() without a trap: where a file is not the one that
 * the directory of objects names, OP-TEE before 3.20 says TEE_ERROR_SECURITY
 * and removes nothing. Its TA library panics at that result, and the TA would
 * die of each damaged file. The call beneath it is the same in all versions.
 */
static TEE_Result open_persistent(const struct object_id *id, uint32_t flags,
				  TEE_ObjectHandle *handle)
{
	uint32_t number = 0;
	TEE_Result res = _utee_storage_obj_open(TEE_STORAGE_PRIVATE, id->bytes,
						OBJECT_ID_SIZE, flags, &number);

	*handle = TEE_HANDLE_NULL;
	switch (res) {
	case TEE_SUCCESS:
		*handle = (TEE_ObjectHandle)(uintptr_t)number;
		break;
	case TEE_ERROR_SECURITY:
	case TEE_ERROR_ITEM_NOT_FOUND:
	case TEE_ERROR_ACCESS_CONFLICT:
	case TEE_ERROR_OUT_OF_MEMORY:
	case TEE_ERROR_CORRUPT_OBJECT:
	case TEE_ERROR_STORAGE_NOT_AVAILABLE:
		break;
	default:
		TEE_Panic(res);
	}
	return res;
}

static TEE_Result open_object(const struct object_id *id, uint32_t flags,
			      TEE_ObjectHandle *handle, size_t *size)
{
	TEE_ObjectInfo info = { 0 };
	TEE_Result res = TEE_SUCCESS;

	anchor_make_way(0);
	res = open_persistent(id, flags, handle);
	if (res == TEE_ERROR_SECURITY)
		return TEE_ERROR_CORRUPT_OBJECT;
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
	TEE_Result res = open_object(id, READ_FLAGS, &handle, size);

	if (res)
		return res;
	*data = mem_alloc_kept(*size);
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
	anchor_set(handle, id, *size);
	return TEE_SUCCESS;
}

TEE_Result persistent_peek(const struct object_id *id, uint8_t *head,
			   size_t size)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	size_t there = 0;
	TEE_Result res = open_object(id, READ_FLAGS, &handle, &there);

	if (res)
		return res;
	if (there < size) {
		TEE_CloseObject(handle);
		return TEE_ERROR_CORRUPT_OBJECT;
	}
	res = read_all(handle, head, size);
	if (!res)
		anchor_set(handle, id, there);
	return res;
}

/* As OP-TEE stores it: a block less the header of the object. */
#define PIECE_SIZE (4096 - 24)

/* Reads all of an open object. On an error the handle is closed. */
static TEE_Result read_pieces(TEE_ObjectHandle handle, size_t size,
			      uint8_t *piece, uint8_t *head, size_t head_size)
{
	TEE_Result res = TEE_SUCCESS;
	size_t done = 0;

	while (!res && done < size) {
		size_t count = size - done;

		if (count > PIECE_SIZE)
			count = PIECE_SIZE;
		res = read_all(handle, piece, count);
		if (!res && !done)
			memcpy(head, piece, head_size);
		done += count;
	}
	return res;
}

TEE_Result persistent_scan(const struct object_id *id, uint8_t *head,
			   size_t *head_size, size_t *size)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = open_object(id, READ_FLAGS, &handle, size);
	uint8_t *piece = NULL;

	if (res)
		return res;
	piece = mem_alloc(PIECE_SIZE);
	if (!piece) {
		TEE_CloseObject(handle);
		return TEE_ERROR_OUT_OF_MEMORY;
	}
	if (*head_size > *size)
		*head_size = *size;
	res = read_pieces(handle, *size, piece, head, *head_size);
	mem_free(piece, PIECE_SIZE);
	if (!res)
		anchor_set(handle, id, *size);
	return res;
}

TEE_Result persistent_read_into(const struct object_id *id, uint8_t *data,
				size_t size)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	size_t stored = 0;
	TEE_Result res = open_object(id, READ_FLAGS, &handle, &stored);

	if (res)
		return res;
	if (stored != size) {
		TEE_CloseObject(handle);
		return TEE_ERROR_CORRUPT_OBJECT;
	}
	res = read_all(handle, data, size);
	if (!res)
		anchor_set(handle, id, size);
	return res;
}

TEE_Result persistent_write(const struct object_id *id, const void *data,
			    size_t size)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = TEE_SUCCESS;

	anchor_leave(id);
	anchor_make_way(size);
	res = TEE_CreatePersistentObject(TEE_STORAGE_PRIVATE, id->bytes,
					 OBJECT_ID_SIZE,
					 READ_FLAGS | TEE_DATA_FLAG_OVERWRITE,
					 TEE_HANDLE_NULL, data, size, &handle);
	if (!res)
		anchor_set(handle, id, size);
	return res;
}

/* Whether the stored part is as it was. On an error the handle is closed. */
static TEE_Result check_part(TEE_ObjectHandle handle, const uint8_t *before,
			     struct part part, uint8_t *piece)
{
	TEE_Result res = TEE_SeekObjectData(handle, (int32_t)part.from,
					    TEE_DATA_SEEK_SET);

	if (res) {
		TEE_CloseObject(handle);
		return res;
	}
	while (part.size) {
		size_t count = part.size < PIECE_SIZE ? part.size : PIECE_SIZE;

		res = read_all(handle, piece, count);
		if (res)
			return res;
		if (memcmp(piece, before + part.from, count)) {
			TEE_CloseObject(handle);
			return TEE_ERROR_CORRUPT_OBJECT;
		}
		part.from += count;
		part.size -= count;
	}
	return TEE_SUCCESS;
}

/* On an error the handle is closed, by us or the core. */
static TEE_Result write_part(TEE_ObjectHandle handle, const uint8_t *after,
			     struct part part)
{
	TEE_Result res = TEE_SeekObjectData(handle, (int32_t)part.from,
					    TEE_DATA_SEEK_SET);

	if (!res)
		res = TEE_WriteObjectData(handle, after + part.from, part.size);
	if (res && res != TEE_ERROR_CORRUPT_OBJECT)
		TEE_CloseObject(handle);
	return res;
}

/* On an error the handle is closed. */
static TEE_Result patch_object(TEE_ObjectHandle handle,
			       const struct patch *patch, bool from_first,
			       uint8_t *piece)
{
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	/* This also finds what is damaged in the blocks that are written to:
	 * older OP-TEE leaves the handle open where writing finds it. */
	for (n = 0; n < patch->count && !res; n++)
		res = check_part(handle, patch->before, patch->parts[n], piece);
	for (n = 0; n < patch->count && !res; n++)
		res = write_part(
			handle, patch->after,
			patch->parts[from_first ? n : patch->count - 1 - n]);
	return res;
}

TEE_Result persistent_patch(const struct object_id *id,
			    const struct patch *patch, bool from_first)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	uint8_t *piece = mem_alloc(PIECE_SIZE);
	size_t size = 0;
	TEE_Result res = TEE_ERROR_OUT_OF_MEMORY;

	if (!piece)
		return res;
	anchor_leave(id);
	res = open_object(id, PATCH_FLAGS, &handle, &size);
	if (!res && size != patch->size) {
		TEE_CloseObject(handle);
		res = TEE_ERROR_CORRUPT_OBJECT;
	}
	if (!res)
		res = patch_object(handle, patch, from_first, piece);
	if (!res)
		anchor_set(handle, id, size);
	mem_free(piece, PIECE_SIZE);
	return res;
}

TEE_Result persistent_remove(const struct object_id *id)
{
	TEE_ObjectHandle handle = TEE_HANDLE_NULL;
	TEE_Result res = TEE_SUCCESS;

	anchor_leave(id);
	anchor_make_way(0);
	res = open_persistent(id, REMOVE_FLAGS, &handle);
	/* One that can't be opened, and was not removed, gives way to another. */
	if (res == TEE_ERROR_SECURITY) {
		res = persistent_write(id, NULL, 0);
		anchor_leave(id);
		if (!res)
			res = open_persistent(id, REMOVE_FLAGS, &handle);
	}
	if (persistent_is_lost(res))
		return TEE_SUCCESS;
	if (res)
		return res;
	return TEE_CloseAndDeletePersistentObject1(handle);
}
