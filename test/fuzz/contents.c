// SPDX-License-Identifier: MIT
/* All that every owner can read, against a model. */
#include "answer.h"
#include "check.h"
#include "tee_api_defines.h"

#define PAGE 2000
#define ENTRY_SIZE 16

/* A place in the model that is compared with the next listed key. */
struct reading {
	struct model *model;
	struct asker asker;
	struct client client;
	struct bytes prefix;
	struct bytes last;
};

/* The revision must be the entry's, or be new if that is not known. */
static bool takes_revision(const struct reading *reading, struct entry *entry,
			   uint64_t revision)
{
	if (entry->revision)
		return entry->revision == revision;
	entry->revision = revision;
	return revision > world.model.highest[reading->asker.owner];
}

/* Whether the entry of a list is that of the model, and its value is. */
static bool is_next(struct reading *reading, const uint8_t *head)
{
	struct bytes key = { head + ENTRY_SIZE, read_u16(head + 12) };
	struct entry *entry = (struct entry *)model_next(reading->model,
							 reading->asker.owner,
							 reading->prefix,
							 reading->last, false);

	reading->last = model_full_key(&reading->asker, key);
	if (!entry || !bytes_equal(entry->key, reading->last) ||
	    !takes_revision(reading, entry, read_u64(head)) ||
	    read_u32(head + 8) != entry->value.size)
		return false;
	CHECK_EQ(get(&reading->client, key, entry->value.size), TEE_SUCCESS);
	CHECK_EQ(number(&reading->client, 2), entry->revision);
	if (!answer_is_value(entry, reading->client.out[1]))
		return false;
	entry->value = reading->client.out[1];
	entry->value_unknown = false;
	return true;
}

/* Whether the keys from the last one on are those of the model. */
static bool pages_hold(struct reading *reading)
{
	struct bytes page = { 0 };
	bool more = true;
	size_t at = 0;

	while (more) {
		struct bytes after = reading->last;

		after.data += reading->prefix.size;
		after.size -= reading->prefix.size;
		CHECK_EQ(list(&reading->client, text(""), after, 0, PAGE),
			 TEE_SUCCESS);
		more = reading->client.params[3].value.b;
		page = reading->client.out[2];
		for (at = 0; at < page.size;
		     at += ENTRY_SIZE + read_u16(page.data + at + 12))
			if (!is_next(reading, page.data + at))
				return false;
	}
	return !model_next(reading->model, reading->asker.owner,
			   reading->prefix, reading->last, false);
}

/* Whether the owner's domain is what the model says. */
static bool domain_holds(struct model *model, const struct asker *asker)
{
	struct reading reading = { .model = model, .asker = *asker };
	bool holds = false;

	reading.prefix = model_full_key(asker, text(""));
	reading.last = reading.prefix;
	CHECK_EQ(open_as(&reading.client, owner_identities[asker->owner],
			 asker->domain),
		 TEE_SUCCESS);
	holds = pages_hold(&reading);
	close_client(&reading.client);
	return holds;
}

bool world_holds(struct model *model)
{
	size_t n = 0;

	for (n = 0; n < SLOTS; n++)
		if (!domain_holds(model, &world.slots[n].asker))
			return false;
	return true;
}
