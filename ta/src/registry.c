// SPDX-License-Identifier: MIT
#include "registry.h"

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

struct list {
	uint8_t *data; /* NULL: there is no list yet */
	size_t size;
};

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

static void list_free(struct list *list)
{
	mem_free(list->data, list->size);
	*list = (struct list){ 0 };
}

static TEE_Result check(const struct list *list)
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

static TEE_Result read_list(enum copy copy, struct list *list)
{
	struct object_id id = object_id(&nobody, LIST_NUMBER, copy);
	TEE_Result res = persistent_read(&id, &list->data, &list->size);

	if (!res)
		res = check(list);
	if (res)
		list_free(list);
	was_damaged |= res == TEE_ERROR_CORRUPT_OBJECT;
	return res;
}

void registry_end(void)
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

/* On success the list is what is stored, or has no data. */
static TEE_Result find_list(struct list *list)
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

static uint32_t entry_count(const struct list *list)
{
	return list->data ? (uint32_t)((list->size - HEADER_SIZE) / ENTRY_SIZE)
			  : 0;
}

static uint8_t *entry_at(const struct list *list, uint32_t n)
{
	return list->data + HEADER_SIZE + n * ENTRY_SIZE;
}

static void read_entry(const uint8_t *p, struct listing *listing)
{
	memcpy(listing->owner.bytes, p, OWNER_SIZE);
	listing->owner.proven = p[17] & FLAG_PROVEN;
	listing->owner.id = get_u32(p + 20);
	listing->pairs = get_u32(p + 24);
}

static void write_entry(uint8_t *p, const struct listing *listing)
{
	memcpy(p, listing->owner.bytes, OWNER_SIZE);
	p[17] = listing->owner.proven ? FLAG_PROVEN : 0;
	put_u16(p + 18, 0);
	put_u32(p + 20, listing->owner.id);
	put_u32(p + 24, listing->pairs);
}

/* The place of the owner in the list; NULL: it is not listed. */
static uint8_t *find_owner(const struct list *list, const struct owner *owner)
{
	uint32_t n = 0;

	for (n = 0; n < entry_count(list); n++)
		if (!TEE_MemCompare(entry_at(list, n), owner->bytes,
				    OWNER_SIZE))
			return entry_at(list, n);
	return NULL;
}

bool registry_has_own_place(const struct owner *owner)
{
	return owner->proven && owner->id < SECSTOR_ID_MAX;
}

/* What owners of one kind, with a place of their own or not, share. */
struct share {
	uint32_t owners_max;
	uint32_t pairs;	   /* all together */
	uint32_t reserved; /* of them, for each owner there may be */
	uint32_t owners;   /* others than the one asked about */
	uint32_t taken;	   /* by those, at least what is reserved for each */
};

static struct share share_of(const struct list *list, const struct owner *owner)
{
	bool own = registry_has_own_place(owner);
	struct share share = {
		.owners_max = own ? SECSTOR_OWNERS_MAX
				  : SECSTOR_POOL_OWNERS_MAX,
		.pairs = (own ? SECSTOR_OBJECTS_TOTAL - SECSTOR_POOL_OBJECTS
			      : SECSTOR_POOL_OBJECTS) /
			 2,
		.reserved = (own ? SECSTOR_OBJECTS_RESERVED
				 : SECSTOR_POOL_OBJECTS_RESERVED) /
			    2,
	};
	uint32_t n = 0;

	for (n = 0; n < entry_count(list); n++) {
		struct listing other = { 0 };

		read_entry(entry_at(list, n), &other);
		if (owner_equal(&other.owner, owner) ||
		    registry_has_own_place(&other.owner) != own)
			continue;
		share.owners++;
		share.taken += other.pairs > share.reserved ? other.pairs
							    : share.reserved;
	}
	return share;
}

static bool has_room(const struct share *share)
{
	return share->owners < share->owners_max;
}

/*
 * The most pairs that the owner may have. Of what is not reserved for anybody,
 * one with a place of its own leaves a third, so that there is always some
 * left; the others share a small part as they come.
 */
static uint32_t most_pairs(const struct share *share, bool own)
{
	uint32_t reserved =
		has_room(share)
			? (share->owners_max - share->owners) * share->reserved
			: 0;
	uint32_t gone = share->taken + reserved;
	uint32_t common = gone < share->pairs ? share->pairs - gone : 0;

	return share->reserved + (own ? common - common / 3 : common);
}

/* The owner, with the id that was proven once where it is not now. */
static struct owner known_owner(const struct list *list,
				const struct owner *owner)
{
	const uint8_t *entry = find_owner(list, owner);
	struct listing listing = { 0 };

	if (!entry || owner->proven)
		return *owner;
	read_entry(entry, &listing);
	return listing.owner;
}

static void judge(const struct list *list, const struct owner *owner,
		  struct standing *standing)
{
	const uint8_t *entry = find_owner(list, owner);
	struct share share = share_of(list, owner);
	struct listing listing = { .owner = *owner };

	if (entry)
		read_entry(entry, &listing);
	standing->listed = entry;
	standing->has_place = entry || has_room(&share);
	/* Who is to be listed with an id from now on has to ask again. */
	if (listing.owner.proven != owner->proven)
		standing->pairs = 0;
	else
		standing->pairs = listing.pairs > share.reserved
					  ? listing.pairs
					  : share.reserved;
}

TEE_Result registry_ask(const struct owner *owner, struct standing *standing)
{
	struct list list = { 0 };
	TEE_Result res = find_list(&list);

	*standing = (struct standing){ 0 };
	if (!res) {
		struct owner known = known_owner(&list, owner);

		judge(&list, &known, standing);
		floor_read = list.data ? get_u64(list.data + 8) : 0;
	}
	list_free(&list);
	return res;
}

bool registry_is_there(void)
{
	return is_there;
}

uint64_t registry_floor(void)
{
	return floor_read;
}

/*
 * An owner's changes are far fewer than 2^20 in a second. A clock that stands
 * at its beginning gives way to chance, and within a second chance decides.
 */
uint64_t registry_new_floor(void)
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

static TEE_Result write_list(enum copy copy, const struct list *list)
{
	struct object_id id = object_id(&nobody, LIST_NUMBER, copy);

	return persistent_write(&id, list->data, list->size);
}

static TEE_Result write_both(const struct list *list)
{
	TEE_Result res = TEE_SUCCESS;

	is_absent = false;
	res = write_list(COPY_TWIN, list);
	return res ? res : write_list(COPY_PRIMARY, list);
}

/* A list that also has the owner. */
static TEE_Result extend(const struct list *list, const struct listing *listing,
			 struct list *longer)
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
			put_u64(longer->data + 8, registry_new_floor());
	}
	write_entry(longer->data + old, listing);
	return TEE_SUCCESS;
}

TEE_Result registry_add(const struct owner *owner, uint32_t pairs)
{
	struct listing listing = { *owner, pairs };
	struct list longer = { 0 };
	struct list list = { 0 };
	struct share share = { 0 };
	TEE_Result res = TEE_SUCCESS;

	/* The list itself needs no place in it. */
	if (!owner->bytes[0])
		return TEE_SUCCESS;
	res = find_list(&list);
	if (!res && !find_owner(&list, owner)) {
		share = share_of(&list, owner);
		res = has_room(&share) ? extend(&list, &listing, &longer)
				       : SECSTOR_ERROR_NO_PLACE;
		if (!res)
			res = write_both(&longer);
	}
	list_free(&longer);
	list_free(&list);
	return res;
}

/* As much as is wanted, and some in advance so that the list rests. */
static uint32_t with_advance(uint32_t want, uint32_t most)
{
	uint32_t more = want + want / 4 + 4;

	return more < most ? more : want < most ? most : want;
}

TEE_Result registry_grant(const struct owner *owner, uint32_t want,
			  struct standing *standing)
{
	struct list list = { 0 };
	TEE_Result res = find_list(&list);
	struct listing listing = { 0 };
	uint8_t *entry = NULL;
	uint32_t most = 0;

	if (!res) {
		struct share share = { 0 };

		listing.owner = known_owner(&list, owner);
		share = share_of(&list, &listing.owner);
		judge(&list, &listing.owner, standing);
		most = most_pairs(&share,
				  registry_has_own_place(&listing.owner));
		if (want > standing->pairs && want > most)
			res = SECSTOR_ERROR_FULL;
		entry = find_owner(&list, owner);
	}
	if (!res && entry) {
		listing.pairs = with_advance(want, most);
		write_entry(entry, &listing);
		res = write_both(&list);
	}
	if (!res)
		standing->pairs = with_advance(want, most);
	list_free(&list);
	return res;
}

TEE_Result registry_remove(const struct owner *owner, uint64_t number)
{
	struct list list = { 0 };
	TEE_Result res = find_list(&list);
	uint8_t *entry = res ? NULL : find_owner(&list, owner);
	size_t size = list.size;

	if (!res && !entry)
		res = TEE_ERROR_ITEM_NOT_FOUND;
	if (!res && number >= FLOOR_END)
		res = TEE_ERROR_OVERFLOW;
	if (!res) {
		memmove(entry, list.data + list.size - ENTRY_SIZE, ENTRY_SIZE);
		list.size -= ENTRY_SIZE;
		if (get_u64(list.data + 8) < number)
			put_u64(list.data + 8, number);
		res = write_both(&list);
		list.size = size;
	}
	list_free(&list);
	return res;
}

static bool is_next(const struct listing *one, const struct owner *after,
		    const struct listing *best)
{
	return (!after ||
		memcmp(one->owner.bytes, after->bytes, OWNER_SIZE) > 0) &&
	       (!best->owner.bytes[0] ||
		memcmp(one->owner.bytes, best->owner.bytes, OWNER_SIZE) < 0);
}

TEE_Result registry_next(const struct owner *after, struct listing *listing,
			 struct budget *budget)
{
	struct list list = { 0 };
	TEE_Result res = find_list(&list);
	uint32_t n = 0;

	*listing = (struct listing){ 0 };
	if (budget)
		*budget = (struct budget){ .owners = entry_count(&list) };
	for (n = 0; !res && n < entry_count(&list); n++) {
		struct listing one = { 0 };

		read_entry(entry_at(&list, n), &one);
		if (budget)
			budget->pairs += one.pairs;
		if (is_next(&one, after, listing))
			*listing = one;
	}
	list_free(&list);
	return res || listing->owner.bytes[0] ? res : TEE_ERROR_ITEM_NOT_FOUND;
}

TEE_Result registry_heal(void)
{
	struct list list = { 0 };
	TEE_Result res = TEE_SUCCESS;

	if (!primary_is_lost)
		return TEE_SUCCESS;
	res = find_list(&list);
	if (!res && primary_is_lost)
		res = write_list(COPY_PRIMARY, &list);
	if (!res)
		primary_is_lost = false;
	list_free(&list);
	return res;
}

static bool is_list(const uint8_t *head, size_t size, size_t object_size,
		    const void *context)
{
	(void)context;
	(void)object_size;
	return size >= HEADER_SIZE && !memcmp(head, magic, sizeof(magic));
}

TEE_Result registry_inspect(bool repair, struct inspection *inspection)
{
	struct list list = { 0 };
	TEE_Result res = find_list(&list);

	list_free(&list);
	/* Where there is none, the next change of an owner makes it. */
	if (res || !is_there)
		return res;
	return twins_inspect(&nobody, LIST_NUMBER, is_list, NULL, repair,
			     inspection);
}
