// SPDX-License-Identifier: MIT
#include "model.h"

#include <string.h>

#include "check.h"

/* The user 0. */
static const TEE_Identity root = { 1,
				   { 0xef0180a3,
				     0x13f3,
				     0x5d1c,
				     { 0xb7, 0xf5, 0x88, 0x8c, 0x0e, 0x21, 0x05,
				       0x9a } } };

const TEE_Identity *const owner_identities[OWNERS] = { &alice, &bob, &crew,
						       &root };

struct bytes owner_octets(enum owner owner)
{
	const TEE_Identity *who = owner_identities[owner];
	const TEE_UUID *uuid = &who->uuid;
	const uint8_t front[9] = {
		(uint8_t)who->login,	       uuid->timeLow >> 24,
		(uuid->timeLow >> 16) & 0xff,  (uuid->timeLow >> 8) & 0xff,
		uuid->timeLow & 0xff,	       uuid->timeMid >> 8,
		uuid->timeMid & 0xff,	       uuid->timeHiAndVersion >> 8,
		uuid->timeHiAndVersion & 0xff,
	};

	return join((struct bytes){ front, sizeof(front) },
		    (struct bytes){ uuid->clockSeqAndNode, 8 });
}

void model_copy(struct model *to, const struct model *from)
{
	memcpy(to->entries, from->entries, from->count * sizeof(*to->entries));
	memcpy(to->highest, from->highest, sizeof(to->highest));
	to->count = from->count;
}

struct bytes model_full_key(const struct asker *asker, struct bytes key)
{
	static const uint8_t nul = 0;

	return join(join(asker->domain, (struct bytes){ &nul, 1 }), key);
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t n = 0;

	for (n = 0; n < a.size && n < b.size; n++)
		if (a.data[n] != b.data[n])
			return a.data[n] < b.data[n] ? -1 : 1;
	return (a.size > b.size) - (a.size < b.size);
}

bool bytes_start_with(struct bytes whole, struct bytes prefix)
{
	return prefix.size <= whole.size &&
	       bytes_equal((struct bytes){ whole.data, prefix.size }, prefix);
}

/* The first entry that is not below. */
static size_t place(const struct model *model, enum owner owner,
		    struct bytes full_key)
{
	size_t n = 0;

	while (n < model->count &&
	       (model->entries[n].owner < owner ||
		(model->entries[n].owner == owner &&
		 bytes_compare(model->entries[n].key, full_key) < 0)))
		n++;
	return n;
}

static bool is_at(const struct model *model, size_t n, enum owner owner,
		  struct bytes full_key)
{
	return n < model->count && model->entries[n].owner == owner &&
	       bytes_equal(model->entries[n].key, full_key);
}

const struct entry *model_find(const struct model *model, enum owner owner,
			       struct bytes full_key)
{
	size_t n = place(model, owner, full_key);

	return is_at(model, n, owner, full_key) ? model->entries + n : NULL;
}

const struct entry *model_next(const struct model *model, enum owner owner,
			       struct bytes prefix, struct bytes key,
			       bool inclusive)
{
	size_t n = place(model, owner, key);

	if (!inclusive && is_at(model, n, owner, key))
		n++;
	while (n < model->count && model->entries[n].owner == owner &&
	       !bytes_start_with(model->entries[n].key, prefix))
		n++;
	return n < model->count && model->entries[n].owner == owner
		       ? model->entries + n
		       : NULL;
}

void model_put(struct model *model, const struct entry *entry)
{
	size_t n = place(model, entry->owner, entry->key);

	if (!is_at(model, n, entry->owner, entry->key)) {
		CHECK(model->count < ENTRIES_MAX);
		memmove(model->entries + n + 1, model->entries + n,
			(model->count - n) * sizeof(*model->entries));
		model->count++;
	}
	model->entries[n] = *entry;
	if (entry->revision > model->highest[entry->owner])
		model->highest[entry->owner] = entry->revision;
}

void model_remove(struct model *model, enum owner owner, struct bytes full_key)
{
	size_t n = place(model, owner, full_key);

	if (!is_at(model, n, owner, full_key))
		return;
	model->count--;
	memmove(model->entries + n, model->entries + n + 1,
		(model->count - n) * sizeof(*model->entries));
}

size_t model_charge(struct bytes full_key, size_t value_size)
{
	size_t domain = 0;

	while (full_key.data[domain++])
		;
	return full_key.size - domain + value_size;
}

size_t model_keys(const struct model *model, enum owner owner)
{
	size_t count = 0;
	size_t n = 0;

	for (n = 0; n < model->count; n++)
		count += model->entries[n].owner == owner;
	return count;
}

size_t model_bytes(const struct model *model, enum owner owner)
{
	size_t size = 0;
	size_t n = 0;

	for (n = 0; n < model->count; n++)
		if (model->entries[n].owner == owner)
			size += model_charge(model->entries[n].key,
					     model->entries[n].value.size);
	return size;
}
