// SPDX-License-Identifier: MIT
#include "owner_list.h"

#include <secstor_ta.h>

#include "bytes.h"
#include "mem.h"
#include "twins.h"

/* "SECO", u16 format, u16 zero, u64 floor, then the owners in no order. */
#define HEADER_SIZE 16
/* u8 login, u8[16] UUID, u8 flags, u16 zero, u32 id, u32 pairs */
#define ENTRY_SIZE 28
#define FLAG_PROVEN 1
#define ENTRIES_MAX (SECSTOR_OWNERS_MAX + SECSTOR_POOL_OWNERS_MAX)
#define LIST_SIZE_MAX (HEADER_SIZE + ENTRIES_MAX * ENTRY_SIZE)
static const uint8_t magic[4] = { 'S', 'E', 'C', 'O' };

/* No client has login type 0, so these IDs are nobody else's. */
static const struct owner nobody;
#define LIST_NUMBER 0
#define PROBE_NUMBER 1

/* So that a store that begins there never comes to the end of numbers. */
#define FLOOR_END (UINT64_C(1) << 62)

/* Found lost since the TA was loaded, and not restored so far. */
static bool primary_is_lost;

/* A copy was found damaged since the TA was loaded. */
static bool was_damaged;

/* It was made sure that there is no list, and none was made since. */
static bool is_absent;

/* A copy was found when it was looked for last. */
static bool is_there;

/* In this invoke, an object was read that nobody would miss. */
static bool proven;

static uint64_t floor_read;

void owner_list_free(struct owner_list *list)
{
	mem_free(list->data, list->size);
	*list = (struct owner_list){ 0 };
}

static TEE_Result check(const struct owner_list *list)
{
	if (list->size < HEADER_SIZE ||
	    memcmp(list->data, magic, sizeof(magic)))
		return TEE_ERROR_CORRUPT_OBJECT;
	if (get_u16(list->data + 4) > SECSTOR_FORMAT_VERSION)
		return SECSTOR_ERROR_FORMAT;
	if (list->size > LIST_SIZE_MAX ||
	    (list->size - HEADER_SIZE) % ENTRY_SIZE ||
	    get_u64(list->data + 8) >= FLOOR_END)
		return TEE_ERROR_CORRUPT_OBJECT;
	return TEE_SUCCESS;
}

static TEE_Result read_list(enum copy copy, struct owner_list *list)
{
	struct object_id id = object_id(&nobody, LIST_NUMBER, copy);
	TEE_Result res = persistent_read(&id, &list->data, &list->size);

	if (!res)
		res = check(list);
	if (res)
		owner_list_free(list);
	was_damaged |= res == TEE_ERROR_CORRUPT_OBJECT;
	return res;
}

void owner_list_end(void)
{
	proven = false;
}

/*
 * That a file can be made and read again, where there is no list to ask. Who
 * is refused for want of space had the file open.
 */
static TEE_Result probe(void)
{
	struct object_id id = object_id(&nobody, PROBE_NUMBER, COPY_PRIMARY);
	uint8_t *data = NULL;
	size_t size = 0;
	TEE_Result res = TEE_SUCCESS;

	if (proven)
		return TEE_SUCCESS;
	res = persistent_write(&id, magic, sizeof(magic));
	persistent_end();
	proven = res == TEE_ERROR_STORAGE_NO_SPACE;
	if (proven)
		return TEE_SUCCESS;
	if (!res)
		res = persistent_read(&id, &data, &size);
	mem_free(data, size);
	if (!res)
		res = persistent_remove(&id);
	proven = !res;
	return res;
}

static TEE_Result find_list(struct owner_list *list)
{
	TEE_Result res = read_list(COPY_PRIMARY, list);
	TEE_Result other = TEE_SUCCESS;

	primary_is_lost = false;
	is_there = !res;
	if (!persistent_is_lost(res)) {
		is_absent = false;
		return res;
	}
	/*
	 * Damaged, removed as damaged before, or nothing can be read: the twin
	 * must not find that out.
	 */
	if ((res == TEE_ERROR_CORRUPT_OBJECT || !is_absent) && probe())
		return TEE_ERROR_STORAGE_NOT_AVAILABLE;
	other = read_list(COPY_TWIN, list);
	primary_is_lost = !other;
	is_there = !other;
	is_absent = res == TEE_ERROR_ITEM_NOT_FOUND && res == other;
	return persistent_is_lost(other) ? TEE_SUCCESS : other;
}

TEE_Result owner_list_read(struct owner_list *list)
{
	TEE_Result res = find_list(list);

	if (!res)
		floor_read = list->data ? get_u64(list->data + 8) : 0;
	return res;
}

uint32_t owner_list_count(const struct owner_list *list)
{
	return list->data ? (uint32_t)((list->size - HEADER_SIZE) / ENTRY_SIZE)
			  : 0;
}

static uint8_t *entry_at(const struct owner_list *list, uint32_t n)
{
	return list->data + HEADER_SIZE + n * ENTRY_SIZE;
}

struct listing owner_list_at(const struct owner_list *list, uint32_t n)
{
	const uint8_t *p = entry_at(list, n);
	struct listing listing = { 0 };

	memcpy(listing.owner.bytes, p, OWNER_SIZE);
	listing.owner.proven = p[17] & FLAG_PROVEN;
	listing.owner.id = get_u32(p + 20);
	listing.pairs = get_u32(p + 24);
	return listing;
}

bool owner_list_find(const struct owner_list *list, const struct owner *owner,
		     uint32_t *n)
{
	for (*n = 0; *n < owner_list_count(list); (*n)++)
		if (!TEE_MemCompare(entry_at(list, *n), owner->bytes,
				    OWNER_SIZE))
			return true;
	return false;
}

static void write_entry(uint8_t *p, const struct listing *listing)
{
	memcpy(p, listing->owner.bytes, OWNER_SIZE);
	p[17] = listing->owner.proven ? FLAG_PROVEN : 0;
	put_u16(p + 18, 0);
	put_u32(p + 20, listing->owner.id);
	put_u32(p + 24, listing->pairs);
}

bool owner_list_is_there(void)
{
	return is_there;
}

uint64_t owner_list_floor(void)
{
	return floor_read;
}

/*
 * An owner's changes are far fewer than 2^20 in a second. A clock that stands
 * at its beginning gives way to chance, and within a second chance decides.
 */
uint64_t owner_list_new_floor(void)
{
	static const uint32_t no_clock = 1u << 30; /* in 2004 */
	uint32_t random[2] = { 0 };
	TEE_Time now = { 0 };

	TEE_GetREETime(&now);
	TEE_GenerateRandom(random, sizeof(random));
	if (now.seconds < no_clock)
		now.seconds = no_clock + random[0] % no_clock;
	return (uint64_t)now.seconds << 20 | random[1] >> 12;
}

static TEE_Result write_list(enum copy copy, const struct owner_list *list)
{
	struct object_id id = object_id(&nobody, LIST_NUMBER, copy);

	return persistent_write(&id, list->data, list->size);
}

static TEE_Result write_both(const struct owner_list *list)
{
	TEE_Result res = TEE_SUCCESS;

	is_absent = false;
	res = write_list(COPY_TWIN, list);
	return res ? res : write_list(COPY_PRIMARY, list);
}

TEE_Result owner_list_change(const struct owner_list *list, uint32_t n,
			     const struct listing *listing)
{
	write_entry(entry_at(list, n), listing);
	return write_both(list);
}

/* A list that also has the owner. */
static TEE_Result extend(const struct owner_list *list,
			 const struct listing *listing,
			 struct owner_list *longer)
{
	size_t old = list->data ? list->size : HEADER_SIZE;

	if (old + ENTRY_SIZE > LIST_SIZE_MAX)
		return SECSTOR_ERROR_NO_PLACE;
	longer->size = old + ENTRY_SIZE;
	longer->data = mem_alloc(longer->size);
	if (!longer->data)
		return TEE_ERROR_OUT_OF_MEMORY;
	if (list->data) {
		memcpy(longer->data, list->data, old);
	} else {
		memcpy(longer->data, magic, sizeof(magic));
		put_u16(longer->data + 4, SECSTOR_FORMAT_VERSION);
		/* With the list it was forgotten how far any store had come. */
		if (was_damaged)
			put_u64(longer->data + 8, owner_list_new_floor());
	}
	write_entry(longer->data + old, listing);
	return TEE_SUCCESS;
}

TEE_Result owner_list_add(const struct owner_list *list,
			  const struct listing *listing)
{
	struct owner_list longer = { 0 };
	TEE_Result res = extend(list, listing, &longer);

	if (!res)
		res = write_both(&longer);
	owner_list_free(&longer);
	return res;
}

TEE_Result owner_list_remove(const struct owner_list *list, uint32_t n,
			     uint64_t number)
{
	struct owner_list shorter = { list->data, list->size - ENTRY_SIZE };

	if (number >= FLOOR_END)
		return TEE_ERROR_OVERFLOW;
	memmove(entry_at(list, n), list->data + shorter.size, ENTRY_SIZE);
	if (get_u64(list->data + 8) < number)
		put_u64(list->data + 8, number);
	return write_both(&shorter);
}

TEE_Result owner_list_heal(void)
{
	struct owner_list list = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (!primary_is_lost)
		return TEE_SUCCESS;
	res = find_list(&list);
	if (!res && primary_is_lost)
		res = write_list(COPY_PRIMARY, &list);
	if (!res)
		primary_is_lost = false;
	owner_list_free(&list);
	return res;
}

static bool is_list(const uint8_t *head, size_t size, size_t object_size,
		    const void *context)
{
	(void)context;
	(void)object_size;
	return size >= HEADER_SIZE && !memcmp(head, magic, sizeof(magic));
}

TEE_Result owner_list_inspect(bool repair, struct inspection *inspection)
{
	struct owner_list list = { 0 };
	TEE_Result res = find_list(&list);

	owner_list_free(&list);
	/* Where there is none, the next change of an owner makes it. */
	if (res || !is_there)
		return res;
	return twins_inspect(&nobody, LIST_NUMBER, is_list, NULL, repair,
			     inspection);
}
