// SPDX-License-Identifier: MIT
/* The list of owners: who has a store, and what all of them share. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "client.h"
#include "device.h"
#include "soft_tee.h"
#include "tee_api_defines.h"

#define ROOT 0u

static struct client session_of(const TEE_Identity *who)
{
	struct client client = { 0 };

	CHECK_EQ(open_as(&client, who, text("default")), TEE_SUCCESS);
	return client;
}

static struct client session_of_user(uint32_t uid)
{
	struct client client = { 0 };

	CHECK_EQ(open_user(&client, uid, text("default")), TEE_SUCCESS);
	return client;
}

/* Blobs of the list of owners, or of those with this end of the UUID. */
static bool is_of(const struct map_blob *blob, uint8_t last_of_uuid)
{
	return last_of_uuid ? blob->id.bytes[LAST_OF_UUID_AT] == last_of_uuid
			    : !blob->id.bytes[LOGIN_AT];
}

#define LIST 0
#define ALICE 0x87
#define BOB 0x86

static void remove_all_of(uint8_t last_of_uuid)
{
	size_t n = 0;

	while (n < map_count(&device.map))
		if (is_of(map_at(&device.map, n), last_of_uuid))
			map_remove_at(&device.map, n);
		else
			n++;
}

static void damage_all(void)
{
	struct map_blob *blob = NULL;

	for (blob = device.map.blobs; blob; blob = blob->next)
		blob->damage = MAP_CORRUPT_AT_OPEN;
}

static bool has_copy(uint8_t last_of_uuid, uint8_t copy)
{
	const struct map_blob *blob = NULL;

	for (blob = device.map.blobs; blob; blob = blob->next)
		if (is_of(blob, last_of_uuid) &&
		    blob->id.bytes[COPY_AT] == copy)
			return true;
	return false;
}

/*
 * The supplicant has a descriptor for OP-TEE's directory and none for an
 * object: each one that is there is taken for damaged, and none can be made.
 */
static bool is_out_of_descriptors;
static struct blob_store with_descriptors;

static TEE_Result stat_without(void *context, const TEE_UUID *ta,
			       const struct blob_id *id, size_t *size)
{
	TEE_Result res = with_descriptors.stat(context, ta, id, size);

	return !res && is_out_of_descriptors ? TEE_ERROR_CORRUPT_OBJECT : res;
}

static TEE_Result write_without(void *context, const TEE_UUID *ta,
				const struct blob_id *id, const void *data,
				size_t size, size_t changed)
{
	return is_out_of_descriptors
		       ? TEE_ERROR_ITEM_NOT_FOUND
		       : with_descriptors.write(context, ta, id, data, size,
						changed);
}

static void run_out_of_descriptors(bool out)
{
	if (!with_descriptors.stat) {
		with_descriptors = device.faults.under;
		device.faults.under.stat = stat_without;
		device.faults.under.write = write_without;
	}
	is_out_of_descriptors = out;
}

CASE(a_retry_without_descriptors_costs_no_more)
{
	struct client client = session_of(&alice);
	struct client other = session_of(&bob);
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&other, text("k"), text("v"), ANY), TEE_SUCCESS);
	device_restart();
	client = session_of(&alice);
	run_out_of_descriptors(true);
	for (n = 0; n < 5; n++) {
		CHECK_EQ(get(&client, text("k"), ROOM),
			 TEE_ERROR_STORAGE_NOT_AVAILABLE);
		CHECK(has_copy(LIST, 1));
		CHECK(has_copy(ALICE, 1));
	}
	run_out_of_descriptors(false);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
	/* Bob is still known to have something to lose. */
	device_restart();
	remove_all_of(BOB);
	other = session_of(&bob);
	CHECK_EQ(get(&other, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
}

/* Nor do restarts in between. */
CASE(restarts_without_descriptors_cost_no_more)
{
	struct client client = session_of(&alice);
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	for (n = 0; n < 5; n++) {
		device_power_cycle();
		client = session_of(&alice);
		run_out_of_descriptors(true);
		CHECK_EQ(get(&client, text("k"), ROOM),
			 TEE_ERROR_STORAGE_NOT_AVAILABLE);
		CHECK(has_copy(LIST, 1));
		CHECK(has_copy(ALICE, 1));
	}
	run_out_of_descriptors(false);
	device_power_cycle();
	client = session_of(&alice);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
}

/* That an owner is listed is not taken from memory. */
CASE(a_list_that_is_lost_is_made_again)
{
	struct client client = session_of(&alice);
	struct client other = session_of(&bob);

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&other, text("k"), text("v"), ANY), TEE_SUCCESS);
	remove_all_of(LIST);
	CHECK_EQ(put(&client, text("k"), text("w"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&other, text("k"), text("w"), ANY), TEE_SUCCESS);
	device_restart();
	remove_all_of(ALICE);
	remove_all_of(BOB);
	client = session_of(&alice);
	other = session_of(&bob);
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(get(&other, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
}

/* List and root are lost together: said for good, not only once. */
CASE(a_loss_of_everything_is_said_until_it_is_cleared)
{
	struct client client = session_of(&alice);
	struct client other = session_of(&bob);
	size_t n = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&other, text("k"), text("v"), ANY), TEE_SUCCESS);
	device_restart();
	damage_all();
	for (n = 0; n < 3; n++) {
		client = session_of(&alice);
		other = session_of(&bob);
		CHECK_EQ(get(&client, text("k"), ROOM),
			 TEE_ERROR_CORRUPT_OBJECT);
		CHECK_EQ(list(&other, text(""), text(""), 0, ROOM),
			 TEE_ERROR_CORRUPT_OBJECT);
		CHECK_EQ(put(&client, text("k"), text("w"), ANY),
			 TEE_ERROR_CORRUPT_OBJECT);
		device_restart();
	}
	client = session_of(&alice);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK(is_absent(&client, text("k")));
	CHECK_EQ(put(&client, text("k"), text("w"), ABSENT), TEE_SUCCESS);
	device_restart();
	client = session_of(&alice);
	CHECK(bytes_equal(value_of(&client, text("k")), text("w")));
	other = session_of(&bob);
	CHECK_EQ(get(&other, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
}

/* Wherever in it the power is cut. */
CASE(a_loss_of_everything_is_said_after_a_power_cut)
{
	struct client client = { 0 };
	size_t n = 0;

	for (n = 0; n < 24; n++) {
		case_step("cut %zu", n);
		map_clear(&device.map);
		device_power_cycle();
		client = session_of(&alice);
		CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
		device_restart();
		damage_all();
		client = session_of(&alice);
		device_cut_in_turn(n);
		get(&client, text("k"), ROOM);
		device_power_cycle();
		client = session_of(&alice);
		CHECK_EQ(get(&client, text("k"), ROOM),
			 TEE_ERROR_CORRUPT_OBJECT);
	}
}

/* A reader of a store that never was finds a full disk no hindrance. */
CASE(a_full_disk_does_not_keep_a_new_owner_from_reading)
{
	const struct fault full = { .kind = FAULT_FAIL,
				    .calls = FAULT_WRITE,
				    .nth = 1,
				    .all_later = true,
				    .result = TEE_ERROR_STORAGE_NO_SPACE };
	struct client client = session_of(&alice);
	uint64_t writes = 0;

	fault_arm(&device.faults, &full);
	CHECK(is_absent(&client, text("k")));
	/* That there is no list is made sure of once. */
	writes = device.faults.writes;
	CHECK(is_absent(&client, text("k")));
	CHECK_EQ(list(&client, text(""), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(device.faults.writes, writes);
}

CASE(a_reader_of_an_empty_store_writes_nothing_where_there_is_a_list)
{
	struct client client = session_of(&alice);
	struct client other = session_of(&bob);
	uint64_t writes = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	writes = device.faults.writes;
	CHECK(is_absent(&other, text("k")));
	device_restart();
	other = session_of(&bob);
	CHECK(is_absent(&other, text("k")));
	CHECK_EQ(device.faults.writes, writes);
}

/*
 * What all share.
 */

/* Owners whose id is not to be had, or is one of a great many. */
CASE(subordinate_ids_take_no_place_of_services)
{
	struct client service = session_of_user(900);
	struct client client = { 0 };
	size_t refused = 0;
	size_t objects = 0;
	uint32_t n = 0;

	CHECK_EQ(put(&service, text("k"), text("v"), ANY), TEE_SUCCESS);
	for (n = 0; n < 2000; n++) {
		const void *mark = keep_mark();
		TEE_Result res = TEE_SUCCESS;

		case_step("subordinate id %u", n);
		client = session_of_user(100000 + n);
		res = put(&client, text("k"), noise(n, 20000), ANY);
		CHECK(!res || res == SECSTOR_ERROR_NO_PLACE);
		CHECK_EQ(!res, n < SECSTOR_POOL_OWNERS_MAX);
		CHECK_EQ(get(&client, text("k"), ROOM),
			 res ? TEE_ERROR_ITEM_NOT_FOUND : TEE_SUCCESS);
		refused += res != TEE_SUCCESS;
		if (n == SECSTOR_POOL_OWNERS_MAX)
			objects = map_count(&device.map);
		close_client(&client);
		keep_release(mark);
	}
	CHECK_EQ(refused, 2000 - SECSTOR_POOL_OWNERS_MAX);
	CHECK_EQ(map_count(&device.map), objects);
	/* Services that were there, and new ones. */
	CHECK_EQ(put(&service, text("l"), text("w"), ANY), TEE_SUCCESS);
	for (n = 0; n < SECSTOR_OWNERS_MAX - 1; n++) {
		client = session_of_user(1000 + n);
		CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
		close_client(&client);
	}
	client = session_of_user(5000);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY),
		 SECSTOR_ERROR_NO_PLACE);
	CHECK_EQ(put(&client, text("big"), noise(1, 20000), ANY),
		 SECSTOR_ERROR_NO_PLACE);
	CHECK(is_absent(&client, text("k")));
	/* Who is listed goes on. */
	CHECK_EQ(put(&service, text("m"), noise(2, 20000), ANY), TEE_SUCCESS);
	/* A place that is given up is another's. */
	CHECK_EQ(clear(&service, text("")), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&service, text("k"), text("v"), ANY),
		 SECSTOR_ERROR_NO_PLACE);
}

/* The id is compared with what the kernel attested, not believed. */
CASE(an_id_that_is_not_ones_own_is_none)
{
	TEE_Identity subordinate = user_identity(100000);
	struct client client = { 0 };

	CHECK_EQ(open_with(&client, &subordinate, value_in(1, 0),
			   in(text("default")), value_in(1000, 0), none()),
		 TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 0);
	client = session_of_user(100000);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 0);
	client = session_of_user(SECSTOR_ID_MAX);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 0);
	client = session_of_user(SECSTOR_ID_MAX - 1);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 1);
	client = session_of_user(0);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 1);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_ID_MAX), SECSTOR_ID_MAX);
	client = session_of(&bob);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 0);
	/* A group's is made in another way. */
	CHECK_EQ(open_with(&client, &crew, value_in(1, 0), in(text("default")),
			   value_in(ALICE_UID, 0), none()),
		 TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 0);
	CHECK_EQ(open_with(&client, &alice, value_in(1, 0), in(text("default")),
			   value_in(ALICE_UID, 1), none()),
		 TEE_SUCCESS);
	CHECK_EQ(info_u32(&client, SECSTOR_INFO_OWN_PLACE), 0);
}

static struct bytes numbered(uint32_t n)
{
	char name[16] = { 0 };

	snprintf(name, sizeof(name), "%u", n);
	return join(text(name), text(""));
}

/* Values of their own objects until one is refused; how many there are. */
static uint32_t fill(struct client *client, TEE_Result *last)
{
	uint32_t n = 0;

	for (n = 0; n < 600; n++) {
		const void *mark = keep_mark();

		*last = put(client, numbered(n), repeat('v', 40000), ANY);
		keep_release(mark);
		if (*last)
			break;
	}
	return n;
}

/* However many of them there are, and whatever they store. */
CASE(the_objects_of_all_owners_have_an_end)
{
	struct client client = { 0 };
	TEE_Result last = TEE_SUCCESS;
	uint32_t n = 0;

	for (n = 0; n < 8; n++) {
		client = session_of_user(1000 + n);
		case_step("user %u stored %u", n, fill(&client, &last));
		CHECK(last == SECSTOR_ERROR_FULL ||
		      last == SECSTOR_ERROR_QUOTA);
		/* What is there can be changed and goes away. */
		CHECK_EQ(put(&client, text("0"), text("small"), ANY),
			 TEE_SUCCESS);
		close_client(&client);
		CHECK(map_count(&device.map) <= SECSTOR_OBJECTS_TOTAL);
	}
	/* One who comes late has what is reserved for it. */
	client = session_of_user(2000);
	CHECK(fill(&client, &last) >= 2);
	CHECK_EQ(last, SECSTOR_ERROR_FULL);
	CHECK(map_count(&device.map) <= SECSTOR_OBJECTS_TOTAL);
	/* And what others give back. */
	close_client(&client);
	client = session_of_user(1000);
	do
		CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	while (client.params[1].value.b);
	close_client(&client);
	client = session_of_user(2000);
	CHECK(fill(&client, &last) > 100);
}

CASE(a_single_owner_gets_its_quota_in_large_values)
{
	struct client client = session_of(&alice);
	TEE_Result last = TEE_SUCCESS;

	CHECK(fill(&client, &last) >= SECSTOR_QUOTA_BYTES / 40010);
	CHECK_EQ(last, SECSTOR_ERROR_QUOTA);
}

/* Revisions go on where they were, also in a store that begins again. */
CASE(a_store_that_begins_again_has_higher_revisions)
{
	struct client client = session_of(&alice);
	uint64_t before = 0;
	uint64_t lost = 0;

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	before = number(&client, 2);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	device_restart();
	client = session_of(&alice);
	CHECK_EQ(put(&client, text("k"), text("v"), before),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK(number(&client, 2) > before);
	before = number(&client, 2);
	/* The same after a loss, */
	device_restart();
	remove_all_of(ALICE);
	client = session_of(&alice);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	lost = number(&client, 2);
	CHECK(lost > before);
	/* and another one of all that there is. */
	device_restart();
	damage_all();
	client = session_of(&alice);
	CHECK_EQ(get(&client, text("k"), ROOM), TEE_ERROR_CORRUPT_OBJECT);
	CHECK_EQ(clear(&client, text("")), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	CHECK(number(&client, 2) != lost);
	CHECK(number(&client, 2) > before);
}

/*
 * For the user 0.
 */

static TEE_Result owners(struct client *client, struct bytes after, size_t room)
{
	return invoke(client, SECSTOR_CMD_OWNERS, in(after), out(room),
		      value_out(), none());
}

static TEE_Result remove_owner(struct client *client, struct bytes owner)
{
	return invoke(client, SECSTOR_CMD_REMOVE_OWNER, in(owner), value_out(),
		      none(), none());
}

/* The owner in an entry of the list, as a command wants it. */
static struct bytes owner_of(const uint8_t *entry)
{
	struct bytes login = { entry + SECSTOR_OWNER_LOGIN, 1 };
	struct bytes uuid = { entry + SECSTOR_OWNER_UUID, 16 };

	return join(login, uuid);
}

static const uint8_t *find_entry(struct client *root, uint32_t id)
{
	size_t at = SECSTOR_OWNERS_HEADER_SIZE;

	CHECK_EQ(owners(root, text(""), ROOM), TEE_SUCCESS);
	for (; at < root->out[1].size; at += SECSTOR_OWNER_ENTRY_SIZE)
		if (read_u32(root->out[1].data + at + SECSTOR_OWNER_ID) == id)
			return root->out[1].data + at;
	return NULL;
}

CASE(nobody_but_root_sees_or_removes_owners)
{
	struct client client = session_of(&alice);
	struct client other = session_of(&bob);
	TEE_Identity group = user_identity(0);
	struct bytes owner = { 0 };

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	owner = join((struct bytes){ (const uint8_t *)"\1", 1 }, repeat(0, 16));
	CHECK_EQ(owners(&other, text(""), ROOM), TEE_ERROR_ACCESS_DENIED);
	CHECK_EQ(remove_owner(&other, owner), TEE_ERROR_ACCESS_DENIED);
	CHECK_EQ(remove_owner(&client, owner), TEE_ERROR_ACCESS_DENIED);
	/* Nor a group that has its UUID. */
	group.login = TEE_LOGIN_GROUP;
	other = session_of(&group);
	CHECK_EQ(owners(&other, text(""), ROOM), TEE_ERROR_ACCESS_DENIED);
	CHECK(bytes_equal(value_of(&client, text("k")), text("v")));
}

CASE(root_sees_who_has_a_store)
{
	struct client root = session_of_user(0);
	struct client client = session_of(&alice);
	struct client other = session_of(&bob);
	const uint8_t *entry = NULL;

	CHECK_EQ(owners(&root, text(""), ROOM), TEE_SUCCESS);
	CHECK_EQ(root.params[2].value.a, 0);
	CHECK_EQ(put(&client, text("k"), text("value"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&client, text("big"), noise(1, 20000), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&other, text("k"), text("v"), ANY), TEE_SUCCESS);
	entry = find_entry(&root, ALICE_UID);
	CHECK(entry);
	CHECK_EQ(root.params[2].value.a, 2);
	CHECK_EQ(root.params[2].value.b, 0);
	CHECK_EQ(read_u32(root.out[1].data + SECSTOR_OWNERS_COUNT), 2);
	CHECK_EQ(entry[SECSTOR_OWNER_LOGIN], TEE_LOGIN_USER);
	CHECK_EQ(entry[SECSTOR_OWNER_FLAGS], SECSTOR_OWNER_ID_KNOWN);
	CHECK_EQ(read_u32(entry + SECSTOR_OWNER_KEYS), 2);
	CHECK_EQ(read_u64(entry + SECSTOR_OWNER_BYTES), 1 + 5 + 3 + 20000);
	/* One after the other. */
	CHECK_EQ(owners(&root, text(""),
			SECSTOR_OWNERS_HEADER_SIZE + SECSTOR_OWNER_ENTRY_SIZE),
		 TEE_SUCCESS);
	CHECK_EQ(root.params[2].value.a, 1);
	CHECK_EQ(root.params[2].value.b, 1);
	CHECK_EQ(owners(&root,
			owner_of(root.out[1].data + SECSTOR_OWNERS_HEADER_SIZE),
			ROOM),
		 TEE_SUCCESS);
	CHECK_EQ(root.params[2].value.a, 1);
	CHECK_EQ(root.params[2].value.b, 0);
	CHECK_EQ(owners(&root, text(""), SECSTOR_OWNERS_HEADER_SIZE),
		 TEE_ERROR_SHORT_BUFFER);
	CHECK_EQ(owners(&root, text("x"), ROOM), TEE_ERROR_BAD_PARAMETERS);
	/* Of a lost one as well. */
	device_restart();
	remove_all_of(ALICE);
	root = session_of_user(0);
	entry = find_entry(&root, ALICE_UID);
	CHECK_EQ(entry[SECSTOR_OWNER_FLAGS],
		 SECSTOR_OWNER_ID_KNOWN | SECSTOR_OWNER_LOST);
}

CASE(root_removes_a_store)
{
	struct client root = session_of_user(0);
	struct client client = session_of(&alice);
	struct client other = session_of(&bob);
	struct bytes owner = { 0 };
	size_t objects = 0;
	uint32_t keys = 0;
	uint32_t n = 0;

	CHECK_EQ(put(&other, text("k"), text("v"), ANY), TEE_SUCCESS);
	objects = map_count(&device.map);
	for (n = 0; n < 300; n++)
		CHECK_EQ(put(&client, numbered(n),
			     noise(n, n % 10 ? 200 : 9000), ANY),
			 TEE_SUCCESS);
	owner = owner_of(find_entry(&root, ALICE_UID));
	do {
		CHECK_EQ(remove_owner(&root, owner), TEE_SUCCESS);
		keys += root.params[1].value.a;
	} while (root.params[1].value.b);
	CHECK_EQ(keys, 300);
	CHECK_EQ(map_count(&device.map), objects);
	CHECK(!find_entry(&root, ALICE_UID));
	CHECK_EQ(remove_owner(&root, owner), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK(is_absent(&client, numbered(1)));
	CHECK_EQ(put(&client, numbered(1), text("again"), ABSENT), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(&other, text("k")), text("v")));
	CHECK_EQ(remove_owner(&root, text("short")), TEE_ERROR_BAD_PARAMETERS);
}

CASE(root_removes_what_is_lost)
{
	struct client root = { 0 };
	struct client client = session_of(&alice);

	CHECK_EQ(put(&client, text("k"), text("v"), ANY), TEE_SUCCESS);
	device_restart();
	remove_all_of(ALICE);
	root = session_of_user(0);
	CHECK_EQ(remove_owner(&root, owner_of(find_entry(&root, ALICE_UID))),
		 TEE_SUCCESS);
	CHECK_EQ(root.params[1].value.b, 0);
	client = session_of(&alice);
	CHECK(is_absent(&client, text("k")));
	CHECK(!find_entry(&root, ALICE_UID));
}
