// SPDX-License-Identifier: MIT
/*
 * Alice's objects, and those that are no owner's, are what an attacker has
 * made of them, before and while she uses her store. Nothing of it ends the
 * TA, shows what is somebody else's or changes it; and what she then stores
 * anew is kept.
 */
#include <string.h>

#include "check.h"
#include "device.h"
#include "fixtures.h"
#include "harm.h"
#include "request.h"
#include "shared.h"
#include "snapshot.h"
#include "tee_api_defines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DOMAINS 2
static const char *const domains[DOMAINS] = { "default", "other" };

static struct client clients[DOMAINS];

/* For conditions on revisions; it knows none. */
static struct model nothing;

static struct client *client_of(size_t n)
{
	struct client *client = clients + n;

	if (!client->session)
		CHECK_EQ(open_as(client, &alice, text(domains[n])),
			 TEE_SUCCESS);
	return client;
}

static void restart(void)
{
	device_restart();
	memset(clients, 0, sizeof(clients));
}

static bool has_mark(struct bytes data)
{
	for (; data.size >= fixture_mark.size; data.data++, data.size--)
		if (bytes_start_with(data, fixture_mark))
			return true;
	return false;
}

/* Results that a command may have on a store that nobody can trust. */
static bool is_defined(TEE_Result res)
{
	switch (res) {
	case TEE_SUCCESS:
	case TEE_ERROR_CORRUPT_OBJECT:
	case TEE_ERROR_ITEM_NOT_FOUND:
	case TEE_ERROR_SHORT_BUFFER:
	case TEE_ERROR_BAD_PARAMETERS:
	case TEE_ERROR_OUT_OF_MEMORY:
	case SECSTOR_ERROR_FORMAT:
	case TEE_ERROR_ACCESS_DENIED:
	case SECSTOR_ERROR_QUOTA:
	case SECSTOR_ERROR_NO_PLACE:
	case SECSTOR_ERROR_FULL:
	case SECSTOR_ERROR_EXISTS:
	case SECSTOR_ERROR_CONFLICT:
	case SECSTOR_ERROR_KEY:
	case SECSTOR_ERROR_VALUE_TOO_LARGE:
		return true;
	default:
		return false;
	}
}

static void use(const struct unit *unit, struct input *input)
{
	struct client *client = client_of(unit->slot % DOMAINS);
	const struct asker asker = { ALICE,
				     text(domains[unit->slot % DOMAINS]) };
	const struct request request =
		request_of(unit, input, &nothing, &asker);
	const struct arg *args = request.args;
	TEE_Result res = invoke(client, request.command, args[0], args[1],
				args[2], args[3]);
	size_t n = 0;

	case_step("command %u, key \"%.*s\": 0x%x", request.command,
		  (int)args[0].in.size % 32, (const char *)args[0].in.data,
		  res);
	if (!is_defined(res))
		case_fail(__FILE__, __LINE__, "0x%x from command %u", res,
			  request.command);
	for (n = 0; n < TEE_NUM_PARAMS; n++)
		CHECK(!has_mark(client->out[n]));
}

static void check_others(const struct fixture *fixture)
{
	struct client client = { 0 };

	CHECK_EQ(open_as(&client, &bob, text("default")), TEE_SUCCESS);
	CHECK(bytes_equal(snapshot(&client), fixture->bob));
	close_client(&client);
	CHECK_EQ(open_as(&client, &crew, text("default")), TEE_SUCCESS);
	CHECK(bytes_equal(snapshot(&client), fixture->crew));
	close_client(&client);
}

/*
 * However it was, what can be stored after a clear is kept. Not all can be:
 * where one object was made to stand for two things, one of them is lost.
 */
static void check_working(void)
{
	TEE_Result res = TEE_SUCCESS;

	restart();
	res = clear(client_of(0), text(""));
	CHECK(is_defined(res));
	if (res)
		return;
	res = put(client_of(0), text("works"), text("again"), ANY);
	if (res == SECSTOR_ERROR_QUOTA || res == SECSTOR_ERROR_FULL ||
	    res == SECSTOR_ERROR_NO_PLACE || res == TEE_ERROR_CORRUPT_OBJECT)
		return;
	CHECK_EQ(res, TEE_SUCCESS);
	restart();
	CHECK(bytes_equal(value_of(client_of(0), text("works")),
			  text("again")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fixture *fixture = NULL;
	struct input input = { data, size };
	struct unit unit = { 0 };

	if (!input_unit(&input, &unit))
		return 0;
	fixture = fixture_get(unit.hostile);
	case_begin();
	shared_begin(2);
	device_restore(&fixture->map);
	memset(clients, 0, sizeof(clients));
	do {
		if (unit.kind % 4 < 2)
			harm(&unit, &input);
		else if (unit.hostile > 240)
			restart();
		else
			use(&unit, &input);
	} while (input_unit(&input, &unit));
	check_working();
	check_others(fixture);
	case_end();
	return 0;
}
