// SPDX-License-Identifier: MIT
#include "twins.h"

#include "bytes.h"
#include "mem.h"
#include "registry.h"

/*
 * Lost primaries that wait to be restored. If there are more, the first ones
 * give way, whosever they are, and are noted when they are read again.
 */
#define LOST_MAX 16

struct place {
	struct owner owner;
	uint64_t number;
};

static struct place lost[LOST_MAX];
static uint32_t lost_count;
static uint32_t lost_next; /* which gives way */
static uint32_t healed;

uint32_t twins_healed(void)
{
	return healed;
}

static void note_lost(const struct owner *owner, uint64_t number)
{
	uint32_t n = 0;

	while (n < lost_count && (lost[n].number != number ||
				  !owner_equal(&lost[n].owner, owner)))
		n++;
	if (n < lost_count)
		return;
	if (n == LOST_MAX)
		n = lost_next++ % LOST_MAX;
	else
		lost_count++;
	lost[n] = (struct place){ *owner, number };
}

static TEE_Result read_copy(const struct owner *owner, uint64_t number,
			    enum copy copy, twins_accept accept, void *context)
{
	struct object_id id = object_id(owner, number, copy);
	uint8_t *data = NULL;
	size_t size = 0;
	TEE_Result res = persistent_read(&id, &data, &size);

	if (res)
		return res;
	res = accept(data, size, context);
	if (res)
		mem_free(data, size);
	return res;
}

/*
 * Before the twin is touched, which may be the last copy: whether objects can
 * be read at all, and whether the owner is known to have any. That a damaged
 * object was found says so, too; an owner whom the list has lost is listed
 * again then, before the last trace of the object can go.
 */
static TEE_Result ask(const struct owner *owner, TEE_Result found, bool *listed)
{
	struct standing standing = { 0 };
	TEE_Result res = registry_ask(owner, &standing);

	*listed = standing.listed || found == TEE_ERROR_CORRUPT_OBJECT;
	if (!res && *listed && !standing.listed &&
	    registry_add(owner, standing.pairs) ==
		    TEE_ERROR_STORAGE_NOT_AVAILABLE)
		res = TEE_ERROR_STORAGE_NOT_AVAILABLE;
	return res;
}

/* Reads a copy in some way. */
typedef TEE_Result (*reader)(const struct owner *owner, uint64_t number,
			     enum copy copy, void *context);

/* Reads the primary, or else the twin; *copy is the one that was read. */
static TEE_Result read_either(const struct owner *owner, uint64_t number,
			      reader read, void *context, enum copy *copy)
{
	TEE_Result res = read(owner, number, COPY_PRIMARY, context);
	TEE_Result other = TEE_SUCCESS;
	bool listed = false;

	*copy = COPY_PRIMARY;
	if (!persistent_is_lost(res))
		return res;
	other = ask(owner, res, &listed);
	if (other)
		return other;
	*copy = COPY_TWIN;
	other = read(owner, number, COPY_TWIN, context);
	if (!persistent_is_lost(other))
		return other;
	if (other == TEE_ERROR_CORRUPT_OBJECT && !listed)
		res = ask(owner, other, &listed);
	if (res == TEE_ERROR_STORAGE_NOT_AVAILABLE)
		return res;
	return listed ? TEE_ERROR_CORRUPT_OBJECT : TEE_ERROR_ITEM_NOT_FOUND;
}

struct acceptance {
	twins_accept accept;
	void *context;
};

static TEE_Result read_accepted(const struct owner *owner, uint64_t number,
				enum copy copy, void *context)
{
	const struct acceptance *acceptance = context;

	return read_copy(owner, number, copy, acceptance->accept,
			 acceptance->context);
}

TEE_Result twins_read(const struct owner *owner, uint64_t number,
		      twins_accept accept, void *context)
{
	struct acceptance acceptance = { accept, context };
	enum copy copy = COPY_PRIMARY;
	TEE_Result res =
		read_either(owner, number, read_accepted, &acceptance, &copy);

	if (!res && copy == COPY_TWIN)
		note_lost(owner, number);
	return res;
}

struct front {
	uint8_t *head;
	size_t size;
};

static TEE_Result peek(const struct owner *owner, uint64_t number,
		       enum copy copy, void *context)
{
	struct object_id id = object_id(owner, number, copy);
	const struct front *front = context;

	return persistent_peek(&id, front->head, front->size);
}

TEE_Result twins_peek(const struct owner *owner, uint64_t number, uint8_t *head,
		      size_t size)
{
	struct front front = { head, size };
	enum copy copy = COPY_PRIMARY;

	return read_either(owner, number, peek, &front, &copy);
}

/* Where an object is read to. */
struct place_in_memory {
	uint8_t *data;
	size_t size;
};

static TEE_Result read_into(const struct owner *owner, uint64_t number,
			    enum copy copy, void *context)
{
	struct object_id id = object_id(owner, number, copy);
	const struct place_in_memory *to = context;

	return persistent_read_into(&id, to->data, to->size);
}

TEE_Result twins_read_into(const struct owner *owner, uint64_t number,
			   uint8_t *data, size_t size)
{
	struct place_in_memory to = { data, size };
	enum copy copy = COPY_PRIMARY;
	TEE_Result res = read_either(owner, number, read_into, &to, &copy);

	if (!res && copy == COPY_TWIN)
		note_lost(owner, number);
	return res;
}

struct content {
	const void *data;
	size_t size;
};

static TEE_Result accept_equal(uint8_t *data, size_t size, void *context)
{
	const struct content *wanted = context;

	if (size != wanted->size || memcmp(data, wanted->data, size))
		return TEE_ERROR_CORRUPT_OBJECT;
	mem_free(data, size);
	return TEE_SUCCESS;
}

static TEE_Result write_copy(const struct owner *owner, uint64_t number,
			     enum copy copy, const void *data, size_t size)
{
	struct object_id id = object_id(owner, number, copy);

	return persistent_write(&id, data, size);
}

TEE_Result twins_equalize(const struct owner *owner, uint64_t number,
			  const void *data, size_t size)
{
	struct content wanted = { data, size };
	TEE_Result res =
		read_copy(owner, number, COPY_TWIN, accept_equal, &wanted);

	if (!persistent_is_lost(res))
		return res;
	res = write_copy(owner, number, COPY_TWIN, data, size);
	healed += !res;
	return res;
}

TEE_Result twins_write(const struct owner *owner, uint64_t number,
		       const void *data, size_t size)
{
	TEE_Result res = write_copy(owner, number, COPY_TWIN, data, size);

	if (!res)
		res = write_copy(owner, number, COPY_PRIMARY, data, size);
	return res;
}

static TEE_Result patch_copy(const struct owner *owner, uint64_t number,
			     enum copy copy, const struct patch *patch)
{
	struct object_id id = object_id(owner, number, copy);
	TEE_Result res = persistent_patch(&id, patch, copy == COPY_TWIN);

	return persistent_is_lost(res)
		       ? persistent_write(&id, patch->after, patch->size)
		       : res;
}

/*
 * The twin gets its new header before its other parts, the primary behind
 * them. So whenever this ends, copies with equal headers are equal, and only
 * equal copies are patched alike.
 */
TEE_Result twins_patch(const struct owner *owner, uint64_t number,
		       const struct patch *patch)
{
	TEE_Result res = patch_copy(owner, number, COPY_TWIN, patch);

	return res ? res : patch_copy(owner, number, COPY_PRIMARY, patch);
}

TEE_Result twins_remove(const struct owner *owner, uint64_t number)
{
	struct object_id primary = object_id(owner, number, COPY_PRIMARY);
	struct object_id twin = object_id(owner, number, COPY_TWIN);
	TEE_Result res = persistent_remove(&primary);

	return res ? res : persistent_remove(&twin);
}

static TEE_Result accept_any(uint8_t *data, size_t size, void *context)
{
	struct span *taken = context;

	*taken = (struct span){ data, size };
	return TEE_SUCCESS;
}

/* Makes a copy again from the other one, if that is there. */
static TEE_Result copy_over(const struct owner *owner, uint64_t number,
			    enum copy from, enum copy to)
{
	struct span data = { 0 };
	TEE_Result res = read_copy(owner, number, from, accept_any, &data);

	if (!res)
		res = write_copy(owner, number, to, data.data, data.size);
	healed += !res;
	mem_free((void *)data.data, data.size);
	return res;
}

TEE_Result twins_heal(const struct owner *owner)
{
	struct standing standing = { 0 };
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	while (n < lost_count && !res) {
		if (!owner_equal(&lost[n].owner, owner)) {
			n++;
			continue;
		}
		/* The twin is the only copy, so it is not looked at lightly. */
		res = registry_ask(owner, &standing);
		if (!res)
			res = copy_over(owner, lost[n].number, COPY_TWIN,
					COPY_PRIMARY);
		/* It may have been removed since. */
		if (persistent_is_lost(res))
			res = TEE_SUCCESS;
		if (!res)
			lost[n] = lost[--lost_count];
	}
	return res;
}

static TEE_Result scan(const struct owner *owner, uint64_t number,
		       enum copy copy, twins_judge judge, const void *context,
		       size_t *bytes)
{
	struct object_id id = object_id(owner, number, copy);
	uint8_t head[INSPECTED_SIZE] = { 0 };
	size_t head_size = sizeof(head);
	size_t size = 0;
	TEE_Result res = persistent_scan(&id, head, &head_size, &size);

	*bytes += size;
	if (!res && !judge(head, head_size, size, context))
		res = TEE_ERROR_CORRUPT_OBJECT;
	mem_wipe(head, sizeof(head));
	return res;
}

TEE_Result twins_inspect(const struct owner *owner, uint64_t number,
			 twins_judge judge, const void *context, bool repair,
			 struct inspection *inspection)
{
	TEE_Result res = scan(owner, number, COPY_PRIMARY, judge, context,
			      &inspection->bytes);
	TEE_Result other = TEE_SUCCESS;
	enum copy sound = COPY_PRIMARY;
	bool listed = false;

	if (persistent_is_lost(res)) {
		other = ask(owner, res, &listed);
		sound = COPY_TWIN;
	} else if (res) {
		return res;
	}
	if (!other)
		other = scan(owner, number, COPY_TWIN, judge, context,
			     &inspection->bytes);
	if (other && !persistent_is_lost(other))
		return other;

	inspection->objects++;
	if (res && other) {
		inspection->lost++;
		return TEE_SUCCESS;
	}
	if (!res && !other)
		return TEE_SUCCESS;
	inspection->damaged++;
	if (!repair)
		return TEE_SUCCESS;
	/* The sound one must not be taken for damaged, too, just now. */
	res = ask(owner, TEE_SUCCESS, &listed);
	if (!res)
		res = copy_over(owner, number, sound,
				sound == COPY_TWIN ? COPY_PRIMARY : COPY_TWIN);
	inspection->healed += !res;
	return res;
}

TEE_Result twins_inspect_twin(const struct owner *owner, uint64_t number,
			      twins_judge judge, const void *context)
{
	size_t bytes = 0;
	TEE_Result res = scan(owner, number, COPY_TWIN, judge, context, &bytes);
	bool listed = false;

	if (!persistent_is_lost(res))
		return res;
	/* The primary must not be taken for damaged, too, just now. */
	res = ask(owner, TEE_SUCCESS, &listed);
	if (!res)
		res = copy_over(owner, number, COPY_PRIMARY, COPY_TWIN);
	/* What is lost altogether is found out by who needs it. */
	return persistent_is_lost(res) ? TEE_SUCCESS : res;
}
