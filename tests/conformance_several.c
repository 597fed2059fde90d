/* SPDX-License-Identifier: MIT */
/* Several values by one call, and the whole client role with failing allocations. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/conformance.h"
#include "tests/failmalloc.h"

/* -- Several values ------------------------------------------------------------------- */

struct values {
	struct ble_client *client;
	struct ble_op *op;
	unsigned int n, stop_at; /* cancels, drops the client in the n-th */
	bool disconnect;
	uint16_t handles[64];
	size_t lens[64];
	bool wrong;
	struct seen seen;
};

static void on_each(void *user, uint16_t handle, struct ble_bytes value)
{
	struct values *values = user;

	REQUIRE(values->n < 64);
	values->handles[values->n] = handle;
	values->lens[values->n++] = value.len;
	for (size_t i = 0; i < value.len; i++)
		values->wrong |= value.data[i] != reference_octet(i);
	if (values->n != values->stop_at)
		return;
	if (values->op)
		ble_op_cancel(values->op);
	else if (values->disconnect)
		ble_client_disconnect(values->client);
	else
		values->client = ble_client_unref(values->client);
	/* The bytes stay until this returns. */
	for (size_t i = 0; i < value.len; i++)
		values->wrong |= value.data[i] != reference_octet(i);
}

static void on_each_done(void *user, int error)
{
	seen_done(&((struct values *)user)->seen, error);
}

static void check_each(const struct values *values, const uint16_t *handles,
		       const size_t *lens, unsigned int n)
{
	CHECK_INT(values->n, n);
	CHECK(!values->wrong);
	for (unsigned int i = 0; i < n && i < values->n; i++) {
		CHECK_INT(values->handles[i], handles[i]);
		CHECK_INT(values->lens[i], lens[i]);
	}
}

static void read_type(struct ble_client *client, const struct ble_uuid *uuid,
		      const uint16_t *handles, const size_t *lens, unsigned int n)
{
	struct values values = { 0 };

	CHECK_INT(ble_client_read_by_uuid_sync(client, uuid, 1, 0xffff, on_each,
					       &values), 0);
	check_each(&values, handles, lens, n);
}

static void read_by_uuid(void)
{
	static const uint16_t mtus[] = { 23, 185, 517 };
	static const uint16_t mutations[] = { REFERENCE_SAME_A, 0x0044, REFERENCE_SAME_B };
	static const uint16_t texts[] = { 0x0045, 0x0083 };
	static const uint16_t longest = REFERENCE_512, border = REFERENCE_23;
	static const size_t long_len = 512, border_len = 23;
	static const size_t mutation_lens[] = { 2, 2, 3 }, text_lens[] = { 10, 30 };
	const struct ble_uuid duplicate = ble_uuid16(0x2a56),
			      text = ble_uuid16(GATT_USER_DESCRIPTION),
			      never = ble_uuid16(0x2aff);

	for (size_t i = 0; i < 3; i++) {
		const struct ble_services *tree;
		struct values values = { 0 };
		struct ble_client *client;
		struct fixture fixture;

		client = open_at(&fixture, mtus[i], true);
		tree = ble_client_services(client);
		read_type(client, &duplicate, mutations, mutation_lens, 3);
		read_type(client, &text, texts, text_lens, 2);
		read_type(client, &never, NULL, NULL, 0);
		read_type(client, &ble_services_characteristic(tree, longest)->uuid,
			  &longest, &long_len, 1);
		read_type(client, &ble_services_characteristic(tree, border)->uuid,
			  &border, &border_len, 1);
		CHECK_INT(ble_client_read_by_uuid_sync(client, &duplicate, 0x0043, 0x0081,
						       on_each, &values), 0);
		check_each(&values, mutations + 1, mutation_lens + 1, 1);
		close_at(&fixture, client);
	}
}

static void read_by_uuid_refused(void)
{
	const struct ble_uuid duplicate = ble_uuid16(0x2a56);
	struct ble_uuid secret;
	struct values values = { 0 };
	struct ble_client *client;
	struct fixture fixture;

	client = open_at(&fixture, 0, true);
	secret = ble_services_characteristic(ble_client_services(client),
					     REFERENCE_SECRET)->uuid;
	CHECK_INT(ble_client_read_by_uuid_sync(client, &secret, 1, 0xffff, on_each,
					       &values), BLE_ERROR_ATT(0x02));
	CHECK_INT(ble_client_read_by_uuid_sync(client, &duplicate, 0, 9, on_each, &values),
		  -EINVAL);
	CHECK_INT(ble_client_read_by_uuid_sync(client, &duplicate, 9, 8, on_each, &values),
		  -EINVAL);
	CHECK_INT(values.n, 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(ble_client_read_by_uuid_sync(client, &duplicate, 1, 2, on_each, &values),
		  -ENOTCONN);
	close_at(&fixture, client);
}

static const uint16_t several[] = {
	REFERENCE_ONE, REFERENCE_22, REFERENCE_512, REFERENCE_EMPTY, REFERENCE_23,
	REFERENCE_SAME_A, REFERENCE_512, REFERENCE_SAME_B, REFERENCE_ONE, 0x0045,
	0x0083, REFERENCE_ONE, REFERENCE_ONE, REFERENCE_22,
};
static const size_t several_lens[] = { 1, 22, 512, 0, 23, 2, 512, 3, 1, 10, 30, 1, 1, 22 };

enum { SEVERAL = sizeof(several) / sizeof(several[0]) };

static void read_multiple(void)
{
	static const uint16_t mtus[] = { 23, 24, 50, 185, 517 };
	static const uint16_t bad[] = { REFERENCE_ONE, 0x7777, REFERENCE_22 };

	for (size_t i = 0; i < 5; i++) {
		struct values values = { 0 };
		struct ble_client *client;
		struct fixture fixture;

		client = open_at(&fixture, mtus[i], false);
		client->connection->gatt.several = GATT_SEVERAL_OFFERED;
		CHECK_INT(ble_client_read_multiple_sync(client, several, SEVERAL, on_each,
							&values), 0);
		check_each(&values, several, several_lens, SEVERAL);
		values.n = 0;
		CHECK_INT(ble_client_read_multiple_sync(client, several, 1, on_each,
							&values), 0);
		check_each(&values, several, several_lens, 1);
		CHECK_INT(ble_client_read_multiple_sync(client, bad, 3, on_each, &values),
			  BLE_ERROR_ATT(0x01));
		CHECK_INT(ble_client_read_multiple_sync(client, bad, 0, on_each, &values),
			  -EINVAL);
		check_reference_value(client, REFERENCE_22, 22);
		close_at(&fixture, client);
	}
}

static void read_joined(void)
{
	static const uint16_t handles[12] = { REFERENCE_ONE, REFERENCE_SAME_A,
					      REFERENCE_SAME_B, 0x7777 };
	struct ble_client *client;
	uint8_t value[64] = { 0 };
	struct fixture fixture;
	size_t len = 0;

	client = open_at(&fixture, 23, false);
	CHECK_INT(ble_client_read_joined_sync(client, handles, 3, value, 64, &len), 0);
	CHECK_INT(len, 6);
	CHECK_INT(value[0], reference_octet(0));
	CHECK_INT(value[2], reference_octet(1));
	CHECK_INT(value[5], reference_octet(2));
	CHECK_INT(ble_client_read_joined_sync(client, handles, 4, value, 64, &len),
		  BLE_ERROR_ATT(0x01));
	CHECK_INT(ble_client_read_joined_sync(client, handles, 1, value, 64, &len), -EINVAL);
	CHECK_INT(ble_client_read_joined_sync(client, handles, 12, value, 64, &len),
		  -EMSGSIZE);
	CHECK_INT(len, 6);
	close_at(&fixture, client);
}

/* A callback for one of several values may cancel, disconnect, drop the client. */
static void stop_among_values(void)
{
	const struct ble_uuid text = ble_uuid16(GATT_USER_DESCRIPTION);

	for (unsigned int way = 0; way < 3 * 2 * 3; way++) {
		struct values values = { .stop_at = way / 6 + 1 };
		bool by_type = way / 3 % 2, cancel = way % 3 == 0;
		struct fixture fixture;
		int error;

		if (by_type && values.stop_at > 2)
			continue;
		values.client = open_at(&fixture, 23, false);
		values.disconnect = way % 3 == 1;
		error = by_type ? ble_client_read_by_uuid(values.client, &text, 1, 0xffff,
				on_each, on_each_done, &values, cancel ? &values.op : NULL) :
			ble_client_read_multiple(values.client, several, SEVERAL,
				on_each, on_each_done, &values, cancel ? &values.op : NULL);
		CHECK_INT(error, 0);
		CHECK(fixture_wait(&fixture, &values.n, values.stop_at, 5000));
		if (values.disconnect)
			CHECK(fixture_wait(&fixture, &values.seen.done, 1, 5000));
		/* ... and nothing more */
		fixture_run(&fixture, fixture.class->virtual_time ? 5000 : 200);
		CHECK_INT(values.n, values.stop_at);
		CHECK(!values.wrong);
		CHECK_INT(values.seen.done, values.disconnect);
		if (values.disconnect)
			CHECK_INT(values.seen.error, -ENOTCONN);
		if (cancel)
			check_reference_value(values.client, REFERENCE_22, 22);
		close_at(&fixture, values.client);
	}
}

/* -- Out of memory --------------------------------------------------------------------- */

static int everything(struct ble_client *client)
{
	const struct ble_uuid uuids[] = { ble_uuid16(0x1815), ble_uuid16(0x180f) };
	const struct ble_uuid text = ble_uuid16(GATT_USER_DESCRIPTION);
	static const uint8_t octets[30];
	const struct ble_write writes[] = {
		{ .handle = REFERENCE_EMPTY, .value = bytes(octets, 30) },
		{ .handle = 0x0044, .value = bytes(octets, 2) },
	};
	const struct ble_link_params link = ble_link_preset(BLE_LINK_BALANCED);
	struct values values = { 0 };
	uint8_t value[4];
	int error, dbm;
	size_t len;

	error = ble_client_discover_only_sync(client, uuids, 2);
	if (!error)
		error = ble_client_describe_sync(client);
	if (!error)
		error = ble_client_read_by_uuid_sync(client, &text, 1, 0xffff, on_each,
						     &values);
	if (!error)
		error = ble_client_read_multiple_sync(client, several, 5, on_each, &values);
	if (!error)
		error = ble_client_read_joined_sync(client, several, 2, value, 4, &len);
	if (!error)
		error = ble_client_write_reliable_sync(client, writes, 2);
	if (!error)
		error = ble_client_write_auto_sync(client, 0x0044, bytes(octets, 2));
	if (!error && client->att->class->rssi)
		error = ble_client_read_rssi_sync(client, &dbm);
	if (!error && client->att->class->update)
		error = ble_client_update_link_sync(client, &link);
	return error;
}

static int subscriptions(struct ble_client *client)
{
	struct ble_subscription *a = NULL, *b = NULL;
	struct seen seen = { 0 };
	int error = ble_client_discover_sync(client);

	if (!error)
		error = ble_client_subscribe_sync(client, REFERENCE_NOTIFY,
						  BLE_SUBSCRIBE_AUTO, seen_notified,
						  &seen, &a);
	if (!error)
		error = ble_client_subscribe_sync(client, REFERENCE_BOTH,
						  BLE_SUBSCRIBE_AUTO, seen_notified,
						  &seen, &b);
	if (!error)
		error = ble_client_disconnect_sync(client);
	if (!error)
		error = ble_client_connect_sync(client, NULL);
	if (!error)
		error = ble_client_discover_sync(client);
	if (!error)
		error = ble_client_resubscribe_sync(client);
	if (!error)
		CHECK(ble_subscription_active(a) && ble_subscription_active(b));
	if (!error)
		error = ble_subscription_free_sync(a);
	return error;
}

static int whole_role(void *user)
{
	const struct fixture_peer peer = { .mtu = 50 };
	struct ble_client *client = NULL;
	struct fixture fixture;
	int error = fixture_open(&fixture, &peer, 1);

	(void)user;
	if (error)
		return error;
	error = ble_client_new(fixture.adapter, &fixture.addresses[0], &client);
	if (!error)
		error = ble_client_connect_sync(client, NULL);
	if (!error)
		error = everything(client);
	if (!error)
		error = subscriptions(client);
	ble_client_unref(client);
	/* It was the emulator's: a dongle without memory is one that does not connect. */
	if (error == -ETIMEDOUT && fixture.class->firmware)
		error = -ENOMEM;
	fixture_close(&fixture);
	return error;
}

static void failed_allocations(void)
{
	CHECK(fail_each(whole_role, NULL) > 20);
}

const struct conformance_case conformance_several[] = {
	CASE("read by uuid", read_by_uuid),
	CASE("read by uuid refused", read_by_uuid_refused),
	CASE("read multiple", read_multiple),
	CASE("read joined", read_joined),
	CASE("stop among values", stop_among_values),
	CASE("whole role without memory", failed_allocations,
	     .not_kernel = "the peripheral is a process of its own there"),
	{ 0 }
};
