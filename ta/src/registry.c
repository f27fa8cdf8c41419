// SPDX-License-Identifier: MIT
#include "registry.h"

#include <secstor_ta.h>

#include "bytes.h"
#include "owner_list.h"

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

static struct share share_of(const struct owner_list *list,
			     const struct owner *owner)
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

	for (n = 0; n < owner_list_count(list); n++) {
		struct listing other = owner_list_at(list, n);

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
static struct owner known_owner(const struct owner_list *list,
				const struct owner *owner)
{
	uint32_t n = 0;

	if (owner->proven || !owner_list_find(list, owner, &n))
		return *owner;
	return owner_list_at(list, n).owner;
}

static void judge(const struct owner_list *list, const struct owner *owner,
		  struct standing *standing)
{
	struct share share = share_of(list, owner);
	struct listing listing = { .owner = *owner };
	uint32_t n = 0;

	standing->listed = owner_list_find(list, owner, &n);
	if (standing->listed)
		listing = owner_list_at(list, n);
	standing->has_place = standing->listed || has_room(&share);
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
	struct owner_list list = { 0 };
	TEE_Result res = owner_list_read(&list);

	*standing = (struct standing){ 0 };
	if (!res) {
		struct owner known = known_owner(&list, owner);

		judge(&list, &known, standing);
	}
	owner_list_free(&list);
	return res;
}

TEE_Result registry_add(const struct owner *owner, uint32_t pairs)
{
	struct listing listing = { *owner, pairs };
	struct owner_list list = { 0 };
	struct share share = { 0 };
	TEE_Result res = TEE_SUCCESS;
	uint32_t n = 0;

	/* The list itself needs no place in it. */
	if (!owner->bytes[0])
		return TEE_SUCCESS;
	res = owner_list_read(&list);
	if (!res && !owner_list_find(&list, owner, &n)) {
		share = share_of(&list, owner);
		res = has_room(&share) ? owner_list_add(&list, &listing)
				       : SECSTOR_ERROR_NO_PLACE;
	}
	owner_list_free(&list);
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
	struct owner_list list = { 0 };
	TEE_Result res = owner_list_read(&list);
	struct listing listing = { 0 };
	struct share share = { 0 };
	uint32_t most = 0;
	uint32_t n = 0;

	if (res)
		return res;
	listing.owner = known_owner(&list, owner);
	share = share_of(&list, &listing.owner);
	judge(&list, &listing.owner, standing);
	most = most_pairs(&share, registry_has_own_place(&listing.owner));
	listing.pairs = with_advance(want, most);
	if (want > standing->pairs && want > most)
		res = SECSTOR_ERROR_FULL;
	else if (standing->listed && owner_list_find(&list, owner, &n))
		res = owner_list_change(&list, n, &listing);
	if (!res)
		standing->pairs = listing.pairs;
	owner_list_free(&list);
	return res;
}

TEE_Result registry_remove(const struct owner *owner, uint64_t number)
{
	struct owner_list list = { 0 };
	TEE_Result res = owner_list_read(&list);
	uint32_t n = 0;

	if (!res)
		res = owner_list_find(&list, owner, &n)
			      ? owner_list_remove(&list, n, number)
			      : TEE_ERROR_ITEM_NOT_FOUND;
	owner_list_free(&list);
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
	struct owner_list list = { 0 };
	TEE_Result res = owner_list_read(&list);
	uint32_t n = 0;

	*listing = (struct listing){ 0 };
	if (budget)
		*budget = (struct budget){ .owners = owner_list_count(&list) };
	for (n = 0; !res && n < owner_list_count(&list); n++) {
		struct listing one = owner_list_at(&list, n);

		if (budget)
			budget->pairs += one.pairs;
		if (is_next(&one, after, listing))
			*listing = one;
	}
	owner_list_free(&list);
	return res || listing->owner.bytes[0] ? res : TEE_ERROR_ITEM_NOT_FOUND;
}
