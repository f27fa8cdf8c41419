// SPDX-License-Identifier: MIT
/* Who may open a session, and that nobody sees what is another's. */
#include "check.h"
#include "client.h"
#include "device.h"
#include "snapshot.h"
#include "tee_api_defines.h"

CASE(only_users_and_groups_may_log_in)
{
	static const uint32_t refused[] = { TEE_LOGIN_PUBLIC,
					    TEE_LOGIN_APPLICATION,
					    TEE_LOGIN_APPLICATION_USER,
					    TEE_LOGIN_APPLICATION_GROUP,
					    TEE_LOGIN_TRUSTED_APP,
					    0x80000000,
					    3,
					    UINT32_MAX };
	TEE_Identity who = alice;
	struct client client = { 0 };
	size_t n = 0;

	for (n = 0; n < sizeof(refused) / sizeof(*refused); n++) {
		case_step("login 0x%x", refused[n]);
		who.login = refused[n];
		CHECK_EQ(open_as(&client, &who, text("d")),
			 SECSTOR_ERROR_IDENTITY);
		CHECK_EQ(client.origin, TEE_ORIGIN_TRUSTED_APP);
		CHECK_EQ(client.session, 0);
	}
	CHECK_EQ(open_as(&client, &alice, text("d")), TEE_SUCCESS);
	CHECK_EQ(open_as(&client, &crew, text("d")), TEE_SUCCESS);
}

CASE(whoami_tells_what_the_kernel_attested)
{
	struct client client = { 0 };
	const TEE_Identity *const who[] = { &alice, &bob, &crew };
	size_t n = 0;

	for (n = 0; n < 3; n++) {
		uint64_t calls = fault_calls(&device.faults);

		CHECK_EQ(open_as(&client, who[n], text("d")), TEE_SUCCESS);
		CHECK_EQ(invoke(&client, SECSTOR_CMD_WHOAMI, value_out(),
				value_out(), value_out(), none()),
			 TEE_SUCCESS);
		/* fc34275c-d8dd-5ba7-968b-..., octets from the lowest up. */
		CHECK_EQ(number(&client, 0), UINT64_C(0xa75bddd85c2734fc));
		CHECK_EQ(number(&client, 1),
			 UINT64_C(0x873b361847508b96) -
				 (n == 1 ? UINT64_C(1) << 56 : 0));
		CHECK_EQ(number(&client, 2), who[n]->login);
		CHECK_EQ(fault_calls(&device.faults), calls);
	}
}

CASE(a_public_client_has_no_identity)
{
	TEE_Identity nobody = { .login = TEE_LOGIN_PUBLIC };
	struct client client = { 0 };

	CHECK_EQ(open_as(&client, &nobody, text("d")), SECSTOR_ERROR_IDENTITY);
}

/* Kernels before 5.8 give every caller the TA's UUID, or none. */
CASE(what_old_kernels_attest_is_refused)
{
	static const uint32_t logins[] = { TEE_LOGIN_USER, TEE_LOGIN_GROUP };
	struct client client = { 0 };
	size_t n = 0;

	for (n = 0; n < 2; n++) {
		TEE_Identity who = { .login = logins[n] };

		CHECK_EQ(open_as(&client, &who, text("d")),
			 SECSTOR_ERROR_KERNEL);
		who.uuid = *soft_tee_ta_uuid();
		CHECK_EQ(open_as(&client, &who, text("d")),
			 SECSTOR_ERROR_KERNEL);
		who.uuid.clockSeqAndNode[7] ^= 1;
		CHECK_EQ(open_as(&client, &who, text("d")), TEE_SUCCESS);
	}
}

/* Every way in which one could come upon what belongs to another. */
static void check_blind(struct client *stranger, struct bytes key)
{
	CHECK_EQ(get(stranger, key, ROOM), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(get(stranger, key, 0), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(stat_key(stranger, key), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(list(stranger, text(""), text(""), 0, ROOM), TEE_SUCCESS);
	CHECK_EQ(stranger->params[3].value.a, 0);
	CHECK_EQ(stranger->params[3].value.b, 0);
	CHECK_EQ(get_many(stranger, asked(key), ROOM), TEE_SUCCESS);
	CHECK_EQ(stranger->out[1].size, 16);
	CHECK_EQ(read_u64(stranger->out[1].data), 0);
	CHECK_EQ(del(stranger, key, ANY), TEE_ERROR_ITEM_NOT_FOUND);
	CHECK_EQ(del(stranger, key, 1), SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(batch(stranger, batch_delete(key, ANY), 8), TEE_SUCCESS);
	CHECK_EQ(read_u64(stranger->out[1].data), 0);
	CHECK_EQ(batch(stranger, batch_delete(key, 1), 8),
		 SECSTOR_ERROR_CONFLICT);
	CHECK_EQ(clear(stranger, text("")), TEE_SUCCESS);
	CHECK_EQ(stranger->params[1].value.a, 0);
}

static void check_apart(const TEE_Identity *owner, const char *owner_domain,
			const TEE_Identity *other, const char *other_domain)
{
	struct client mine = { 0 };
	struct client theirs = { 0 };
	struct bytes before = { 0 };

	CHECK_EQ(open_as(&mine, owner, text(owner_domain)), TEE_SUCCESS);
	CHECK_EQ(open_as(&theirs, other, text(other_domain)), TEE_SUCCESS);
	CHECK_EQ(put(&mine, text("k"), text("mine"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&mine, text("large"), noise(1, 9000), ANY), TEE_SUCCESS);
	before = snapshot(&mine);
	check_blind(&theirs, text("k"));
	check_blind(&theirs, text("large"));
	CHECK(bytes_equal(snapshot(&mine), before));

	CHECK_EQ(put(&theirs, text("k"), text("theirs"), ABSENT), TEE_SUCCESS);
	CHECK(bytes_equal(snapshot(&mine), before));
	CHECK_EQ(clear(&theirs, text("")), TEE_SUCCESS);
	CHECK_EQ(theirs.params[1].value.a, 1);
	CHECK(bytes_equal(snapshot(&mine), before));
	device_restart();
	CHECK_EQ(open_as(&mine, owner, text(owner_domain)), TEE_SUCCESS);
	CHECK(bytes_equal(snapshot(&mine), before));
}

CASE(users_are_kept_apart)
{
	check_apart(&alice, "default", &bob, "default");
}

CASE(a_group_is_not_the_user_with_its_uuid)
{
	check_apart(&alice, "default", &crew, "default");
}

CASE(a_user_is_not_the_group_with_its_uuid)
{
	check_apart(&crew, "default", &alice, "default");
}

CASE(domains_are_kept_apart)
{
	check_apart(&alice, "default", &alice, "other");
}

CASE(a_domain_is_not_the_prefix_of_another)
{
	check_apart(&alice, "ab", &alice, "a");
}

CASE(a_domain_is_not_the_extension_of_another)
{
	check_apart(&alice, "a", &alice, "ab");
}

CASE(usage_is_counted_for_an_owner_over_all_domains)
{
	struct client first = open_default();
	struct client second = { 0 };
	struct client other = { 0 };

	CHECK_EQ(open_as(&second, &alice, text("second")), TEE_SUCCESS);
	CHECK_EQ(open_as(&other, &bob, text("default")), TEE_SUCCESS);
	CHECK_EQ(put(&first, text("k"), text("1"), ANY), TEE_SUCCESS);
	CHECK_EQ(put(&second, text("kk"), text("22"), ANY), TEE_SUCCESS);
	CHECK_EQ(info_u32(&first, SECSTOR_INFO_USED_KEYS), 2);
	CHECK_EQ(info_u64(&second, SECSTOR_INFO_USED_BYTES), 2 + 4);
	CHECK_EQ(info_u32(&other, SECSTOR_INFO_USED_KEYS), 0);
	CHECK_EQ(info_u32(&other, SECSTOR_INFO_OBJECTS), 0);
}

CASE(two_sessions_of_one_user_see_the_same)
{
	struct client first = open_default();
	struct client second = open_default();

	CHECK_EQ(put(&first, text("k"), text("1"), ANY), TEE_SUCCESS);
	CHECK(bytes_equal(value_of(&second, text("k")), text("1")));
	CHECK_EQ(del(&second, text("k"), ANY), TEE_SUCCESS);
	CHECK(is_absent(&first, text("k")));
	close_client(&second);
	CHECK_EQ(put(&first, text("k"), text("2"), ABSENT), TEE_SUCCESS);
}
