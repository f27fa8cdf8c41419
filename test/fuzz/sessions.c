// SPDX-License-Identifier: MIT
/*
 * Services of several users that keep their sessions, with values of all
 * sizes, beside a model; now and then the storage is put back to what a copy
 * of it was, with the TA loaded. Nothing that is legal is refused for want of
 * memory, and once a user has changed something, what the copy had is there.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "crowd.h"
#include "device.h"
#include "input.h"
#include "tee_api_defines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define USERS 6
#define SERVICES 18
#define KEYS 12
/* The stored state, and those that the TA may still have in its memory. */
#define STATES 4

/* A key: the value is a part of one long noise. */
struct known {
	bool there;
	uint32_t start;
	uint32_t size;
};

/* All keys of a user. */
struct state {
	struct known keys[KEYS];
	/* It was called lost, and stays so until it is changed or cleared. */
	bool is_lost;
};

struct user {
	/* The first is the stored one. */
	struct state states[STATES];
	size_t state_count;
};

static struct user users[USERS];
static struct crowd crowd;
static struct bytes sea;

/* A copy of the storage, as somebody makes a backup. */
static struct {
	struct map_store map;
	struct state states[USERS];
} backup;

/* One key as a service finds it. */
struct errand {
	struct client *client;
	struct user *user;
	size_t key;
	struct bytes name;
};

static struct bytes name_of(size_t key)
{
	char name[16] = { 0 };

	snprintf(name, sizeof(name), "key/%zu", key);
	return join(text(name), text(""));
}

static struct errand errand(const struct unit *unit)
{
	size_t service = unit->slot % SERVICES;
	size_t key = unit->key % KEYS;

	return (struct errand){ crowd_service(&crowd, service),
				users + service % USERS, key, name_of(key) };
}

static struct bytes value_of_known(const struct known *known)
{
	return (struct bytes){ sea.data + known->start, known->size };
}

/* Of any size up to the largest; most are small, as on a device. */
static struct known some_value(const struct unit *unit)
{
	size_t part = unit->size | (size_t)unit->condition << 8;
	size_t most = SECSTOR_VALUE_MAX;

	if (unit->room % 8 < 4)
		most /= 50;
	else if (unit->room % 8 < 6)
		most /= 8;
	return (struct known){ .there = true,
			       .start = unit->seed,
			       .size = (uint32_t)(most * part / 0xffff) };
}

static struct known *stored(const struct errand *of)
{
	return of->user->states[0].keys + of->key;
}

/* The TA has seen what is stored: nothing else is in its memory. */
static void settle(struct user *user)
{
	user->state_count = 1;
	user->states[0].is_lost = false;
}

static bool is_value(const struct known *known, struct bytes value)
{
	return known->there && bytes_equal(value_of_known(known), value);
}

/* Whether some state explains what was read; NULL: no such key. */
static bool is_explained(const struct errand *of, const struct bytes *value)
{
	const struct user *user = of->user;
	size_t n = 0;

	for (n = 0; n < user->state_count; n++) {
		const struct known *known = user->states[n].keys + of->key;

		if (value ? is_value(known, *value) : !known->there)
			return true;
	}
	return false;
}

static bool is_empty(const struct state *state)
{
	size_t n = 0;

	while (n < KEYS && !state->keys[n].there)
		n++;
	return n == KEYS;
}

/*
 * A store that the present storage does not have may be called lost while the
 * TA remembers it, and is then lost for good.
 */
static bool is_lost(struct user *user, TEE_Result res)
{
	struct state *state = user->states;

	if (res != TEE_ERROR_CORRUPT_OBJECT)
		return false;
	if (user->state_count > 1 && is_empty(state))
		state->is_lost = true;
	return state->is_lost;
}

/* Whether a change was made; if not, there was a reason. */
static bool is_done(const struct errand *of, TEE_Result res)
{
	if (is_lost(of->user, res))
		return false;
	/* The number of objects is limited, whatever they hold. */
	if (res == SECSTOR_ERROR_QUOTA || res == SECSTOR_ERROR_FULL)
		return false;
	CHECK_EQ(res, TEE_SUCCESS);
	settle(of->user);
	return true;
}

static void do_get(const struct errand *of)
{
	TEE_Result res = get(of->client, of->name, SECSTOR_VALUE_MAX);

	if (is_lost(of->user, res))
		return;
	if (res != TEE_ERROR_ITEM_NOT_FOUND)
		CHECK_EQ(res, TEE_SUCCESS);
	CHECK(is_explained(of, res ? NULL : of->client->out + 1));
}

static void do_put(const struct errand *of, const struct unit *unit)
{
	struct known new = some_value(unit);

	if (is_done(of, put(of->client, of->name, value_of_known(&new), ANY)))
		*stored(of) = new;
}

static void do_swap(const struct errand *of, const struct unit *unit)
{
	struct known new = some_value(unit);
	struct known old = *stored(of);
	struct bytes out = { 0 };

	if (!is_done(of, put_swap(of->client, of->name, value_of_known(&new),
				  ANY, 8 + SECSTOR_VALUE_MAX)))
		return;
	out = of->client->out[3];
	CHECK(out.size >= 8);
	out.data += 8;
	out.size -= 8;
	CHECK(old.there ? is_value(&old, out) : !out.size);
	*stored(of) = new;
}

static void do_delete(const struct errand *of)
{
	TEE_Result res = del(of->client, of->name, ANY);

	if (res == TEE_ERROR_ITEM_NOT_FOUND) {
		CHECK(is_explained(of, NULL));
	} else if (is_done(of, res)) {
		CHECK(stored(of)->there);
		stored(of)->there = false;
	}
}

static void do_clear(const struct errand *of)
{
	TEE_Result res = clear(of->client, text(""));

	if (res || of->client->params[1].value.a) {
		if (!is_done(of, res))
			return;
		memset(of->user->states[0].keys, 0,
		       sizeof(of->user->states[0].keys));
	}
}

/* Half of the keys at once, small ones, and one that may be large. */
static void do_batch(const struct errand *of, const struct unit *unit)
{
	struct unit part = *unit;
	struct known new[KEYS] = { 0 };
	struct bytes request = { 0 };
	size_t n = 0;

	for (n = unit->key % 2u; n < KEYS; n += 2) {
		part.room = n == of->key ? unit->room : 0;
		part.seed++;
		new[n] = some_value(&part);
		request =
			join(request, batch_put(name_of(n),
						value_of_known(new + n), ANY));
	}
	if (!is_done(of, batch(of->client, request, ROOM)))
		return;
	for (n = 0; n < KEYS; n++)
		if (new[n].there)
			of->user->states[0].keys[n] = new[n];
}

static void make_backup(void)
{
	size_t n = 0;

	map_clear(&backup.map);
	backup.map = map_copy(&device.map);
	for (n = 0; n < USERS; n++)
		backup.states[n] = users[n].states[0];
}

/* Each user's memory of the TA may go on with any of the states. */
static void restore_backup(void)
{
	size_t n = 0;

	for (n = 0; n < USERS; n++)
		if (users[n].state_count == STATES)
			return;
	device_swap(&backup.map);
	for (n = 0; n < USERS; n++) {
		struct user *user = users + n;

		memmove(user->states + 1, user->states,
			user->state_count * sizeof(*user->states));
		user->states[0] = backup.states[n];
		user->state_count++;
	}
}

/* Its memory is gone. */
static void restart(bool in_order)
{
	size_t n = 0;

	if (in_order)
		device_restart();
	else
		device_power_cycle();
	crowd_forget(&crowd);
	for (n = 0; n < USERS; n++)
		users[n].state_count = 1;
}

static void do_something_else(const struct unit *unit)
{
	case_step("backup, restart or end, %u of service %u", unit->key % 8u,
		  unit->slot % SERVICES);
	switch (unit->key % 8) {
	case 0:
		restart(unit->size % 2);
		break;
	case 1:
	case 2:
		make_backup();
		break;
	case 3:
	case 4:
		restore_backup();
		break;
	default:
		crowd_leave(&crowd, unit->slot % SERVICES);
	}
}

static void do_unit(const struct unit *unit)
{
	struct errand of = { 0 };

	if (unit->kind % 16 > 12) {
		do_something_else(unit);
		return;
	}
	of = errand(unit);
	switch (unit->kind % 16) {
	case 0 ... 3:
		do_get(&of);
		break;
	case 4 ... 7:
		do_put(&of, unit);
		break;
	case 8 ... 9:
		do_swap(&of, unit);
		break;
	case 10:
		do_delete(&of);
		break;
	case 11:
		do_batch(&of, unit);
		break;
	default:
		do_clear(&of);
	}
	case_step("unit %u of service %u, key %zu: 0x%x", unit->kind % 16u,
		  unit->slot % SERVICES, of.key, of.client->result);
}

/* After a restart each user finds what is stored, and nothing else. */
static void check_all(void)
{
	size_t user = 0;
	struct unit unit = { 0 };

	restart(true);
	for (user = 0; user < USERS; user++)
		for (unit.key = 0; unit.key < KEYS; unit.key++) {
			struct errand of = { 0 };

			unit.slot = (uint8_t)user;
			of = errand(&unit);
			do_get(&of);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct unit unit = { 0 };
	const void *mark = NULL;
	size_t n = 0;

	case_begin();
	memset(users, 0, sizeof(users));
	memset(backup.states, 0, sizeof(backup.states));
	crowd = (struct crowd){ .users = USERS, .count = SERVICES };
	for (n = 0; n < USERS; n++)
		users[n].state_count = 1;
	sea = noise(1, SECSTOR_VALUE_MAX + 0xff + KEYS);
	mark = keep_mark();
	while (input_unit(&input, &unit)) {
		do_unit(&unit);
		keep_release(mark);
	}
	check_all();
	map_clear(&backup.map);
	case_end();
	return 0;
}
