// SPDX-License-Identifier: MIT
#include "dir_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tee_internal_api.h"

/* The UUID and the longest ID in hexadecimal digits, and a dash. */
#define NAME_SIZE (2 * sizeof(TEE_UUID) + 1 + 2 * TEE_OBJECT_ID_MAX_LEN + 1)

/* No blob has this name: there is no dash in it. */
#define NEW_NAME "new"

struct name {
	char text[NAME_SIZE];
};

static char *put_hex(char *at, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t n = 0;

	for (n = 0; n < size; n++)
		at += sprintf(at, "%02x", bytes[n]);
	return at;
}

static struct name name_of(const TEE_UUID *ta, const struct blob_id *id)
{
	struct name name = { 0 };
	char *at = put_hex(name.text, ta, sizeof(*ta));

	*at++ = '-';
	put_hex(at, id->bytes, id->size);
	return name;
}

static int folder(void *context)
{
	return ((struct dir_store *)context)->fd;
}

static TEE_Result result_of(int error)
{
	switch (error) {
	case ENOENT:
		return TEE_ERROR_ITEM_NOT_FOUND;
	case EEXIST:
		return TEE_ERROR_ACCESS_CONFLICT;
	case ENOSPC:
	case EDQUOT:
		return TEE_ERROR_STORAGE_NO_SPACE;
	default:
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	}
}

static TEE_Result stat_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, size_t *size)
{
	struct name name = name_of(ta, id);
	struct stat info = { 0 };

	if (fstatat(folder(context), name.text, &info, 0))
		return result_of(errno);
	*size = (size_t)info.st_size;
	return TEE_SUCCESS;
}

static TEE_Result read_fully(int fd, uint8_t *data, size_t size)
{
	while (size) {
		ssize_t count = read(fd, data, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return result_of(errno);
		if (!count)
			return TEE_ERROR_CORRUPT_OBJECT;
		data += count;
		size -= (size_t)count;
	}
	return TEE_SUCCESS;
}

static TEE_Result write_fully(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t count = write(fd, data, size);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return result_of(errno);
		data += count;
		size -= (size_t)count;
	}
	return TEE_SUCCESS;
}

static TEE_Result read_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, void *data, size_t size)
{
	struct name name = name_of(ta, id);
	int fd = openat(folder(context), name.text, O_RDONLY | O_CLOEXEC);
	TEE_Result res = TEE_SUCCESS;

	if (fd < 0)
		return result_of(errno);
	res = read_fully(fd, data, size);
	close(fd);
	return res;
}

static TEE_Result write_new(int dir, const void *data, size_t size)
{
	int fd = openat(dir, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
			0600);
	TEE_Result res = TEE_SUCCESS;

	if (fd < 0)
		return result_of(errno);
	res = write_fully(fd, data, size);
	if (close(fd) && !res)
		res = result_of(errno);
	return res;
}

/* A file that is renamed when it is complete: the old one or the new one. */
static TEE_Result write_blob(void *context, const TEE_UUID *ta,
			     const struct blob_id *id, const void *data,
			     size_t size, size_t changed)
{
	struct name name = name_of(ta, id);
	int dir = folder(context);
	TEE_Result res = write_new(dir, data, size);

	(void)changed;
	if (!res && renameat(dir, NEW_NAME, dir, name.text))
		res = result_of(errno);
	if (res)
		unlinkat(dir, NEW_NAME, 0);
	return res;
}

static TEE_Result remove_blob(void *context, const TEE_UUID *ta,
			      const struct blob_id *id)
{
	struct name name = name_of(ta, id);

	return unlinkat(folder(context), name.text, 0) ? result_of(errno)
						       : TEE_SUCCESS;
}

static TEE_Result rename_blob(void *context, const TEE_UUID *ta,
			      const struct blob_id *from,
			      const struct blob_id *to)
{
	struct name old = name_of(ta, from);
	struct name new = name_of(ta, to);
	int dir = folder(context);

	/* Unlike rename, link never replaces. */
	if (linkat(dir, old.text, dir, new.text, 0) ||
	    unlinkat(dir, old.text, 0))
		return result_of(errno);
	return TEE_SUCCESS;
}

int dir_open(struct dir_store *dir, const char *path)
{
	int error = 0;

	dir->fd = -1;
	if (mkdir(path, 0700) && errno != EEXIST)
		return errno;
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0)
		return errno;
	while (flock(dir->fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		error = errno;
		dir_close(dir);
		return error;
	}
	return 0;
}

void dir_close(struct dir_store *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	dir->fd = -1;
}

struct blob_store dir_store(struct dir_store *dir)
{
	return (struct blob_store){ .context = dir,
				    .stat = stat_blob,
				    .read = read_blob,
				    .write = write_blob,
				    .remove = remove_blob,
				    .rename = rename_blob };
}
