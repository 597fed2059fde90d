/* SPDX-License-Identifier: MIT */
/* The other kinds of writes, timeouts, subscriptions that are kept between links. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/conformance.h"

/* -- Writes --------------------------------------------------------------------------- */

static void write_auto(void)
{
	static const uint8_t octets[3] = { 7, 8, 9 };
	struct ble_client *client;
	unsigned int requests;
	uint8_t back[8];
	struct fixture fixture;
	size_t len = 0;

	client = open_at(&fixture, 23, true);
	requests = ble_client_requests(client);
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_COMMAND, bytes(octets, 3)), 0);
	CHECK_INT(ble_client_requests(client), requests); /* without response */
	CHECK_INT(ble_client_read_sync(client, REFERENCE_COMMAND, back, 8, &len), 0);
	CHECK_INT(len, 3);
	requests = ble_client_requests(client);
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_EMPTY, bytes(octets, 2)), 0);
	CHECK_INT(ble_client_requests(client), requests + 1);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_EMPTY, back, 8, &len), 0);
	CHECK_INT(len, 2);
	/* Neither property, a descriptor, nothing at all: the peer is asked. */
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_22, bytes(octets, 2)), BLE_ERROR_ATT(0x03));
	CHECK_INT(ble_client_write_auto_sync(client, 0x0045, bytes(octets, 3)), 0);
	CHECK_INT(ble_client_write_auto_sync(client, 0x7777, bytes(octets, 3)), BLE_ERROR_ATT(0x01));
	CHECK_INT(ble_client_max_write_command(client), 20);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(ble_client_max_write_command(client), 0);
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_EMPTY, bytes(octets, 2)),
		  -ENOTCONN);
	close_at(&fixture, client);
}

static void check_value(struct ble_client *client, uint16_t handle,
			struct ble_bytes expected)
{
	uint8_t back[512];
	size_t len = 0;

	CHECK_INT(ble_client_read_sync(client, handle, back, sizeof(back), &len), 0);
	CHECK_INT(len, expected.len);
	CHECK_MEM(back, expected.data, len < expected.len ? len : expected.len);
}

static void reliable_write(void)
{
	static const uint16_t mtus[] = { 23, 517 };
	uint8_t octets[512];

	memset(octets, 0x44, sizeof(octets));
	for (size_t i = 0; i < 2; i++) {
		struct ble_write writes[3] = {
			{ .handle = REFERENCE_EMPTY, .value = bytes(octets, 70) },
			{ .handle = REFERENCE_ONE, .value = bytes(octets, 1) },
			{ .handle = 0x0044, .value = bytes(octets, 2) },
		};
		struct ble_client *client;
		struct fixture fixture;

		client = open_at(&fixture, mtus[i], false);
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 3), 0);
		check_value(client, REFERENCE_EMPTY, writes[0].value);
		check_value(client, REFERENCE_ONE, writes[1].value);
		check_value(client, 0x0044, writes[2].value);
		/* One that is refused calls off all of them. */
		writes[0].value.len = 5;
		writes[1].value.len = 2;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 3), BLE_ERROR_ATT(0x0d));
		writes[1].handle = REFERENCE_22;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 3), BLE_ERROR_ATT(0x03));
		check_value(client, REFERENCE_EMPTY, bytes(octets, 70));
		/* The queue was left empty, and an empty value is one, too. */
		writes[0].value.len = 0;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 1), 0);
		check_value(client, REFERENCE_EMPTY, bytes(NULL, 0));
		writes[0].value.len = 513;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 1), -EMSGSIZE);
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 0), -EINVAL);
		close_at(&fixture, client);
	}
}

/* A call that is refused at once does not get the sentence of an earlier error. */
static void refused(struct fixture *fixture, int error, const char *words)
{
	const struct ble_scan_params unsound = { .interval_ms = 1 };

	CHECK_INT(error, -EINVAL);
	check_error_names(fixture, -EINVAL, words);
	CHECK_INT(ble_adapter_find(fixture->adapter, &unsound, 0, NULL, NULL, NULL), -EINVAL);
	check_error_names(fixture, -EINVAL, "scan interval");
}

static void refused_in_words(void)
{
	static const uint16_t handle = REFERENCE_ONE;
	const struct ble_uuid type = ble_uuid16(0x2803);
	const struct ble_write write = { .handle = 0 };
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;

	client = open_at(&fixture, 23, false);
	refused(&fixture, ble_client_read(client, 0, NULL, NULL, NULL), "handles are");
	refused(&fixture, ble_client_write(client, 0, write.value, NULL, NULL, NULL),
		"handles are");
	refused(&fixture, ble_client_write_reliable(client, &write, 1, NULL, NULL, NULL),
		"handles are");
	refused(&fixture, ble_client_write_command(client, 0, write.value, NULL, NULL, NULL),
		"handles are");
	refused(&fixture, ble_client_write_command(client, 0, write.value, seen_done, &seen,
						 NULL), "handles are");
	refused(&fixture, ble_client_read_by_uuid(client, &type, 2, 1, NULL, NULL, NULL,
							NULL), "handles are");
	refused(&fixture, ble_client_write_reliable(client, &write, 0, NULL, NULL, NULL),
		"too few");
	refused(&fixture, ble_client_read_multiple(client, &handle, 0, NULL, NULL, NULL,
							 NULL), "too few");
	refused(&fixture, ble_client_read_joined(client, &handle, 1, NULL, NULL, NULL),
		"too few");
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(seen.done, 0); /* refused: never */
	CHECK_INT(ble_client_read(client, 0, NULL, NULL, NULL), -ENOTCONN);
	close_at(&fixture, client);
}

/* What a newer header has made of the reserved room is refused, and not passed over. */
static void reserved_room(void)
{
	static const struct ble_scan_params scan = { .reserved = { [4] = 1 } };
	static const struct ble_connect_params connects[] = {
		{ .reserved = { [3] = 1 } }, { .link.reserved = { [1] = 1 } },
	};
	static const struct ble_link_params link = {
		.interval_min = 24, .interval_max = 40, .timeout = 500, .reserved = { 1 },
	};
	static const struct ble_write writes[] = {
		{ .handle = REFERENCE_ONE, .value = { (const uint8_t *)"", 1 } },
		{ .handle = REFERENCE_EMPTY, .reserved = { [1] = 1 } },
	};
	struct ble_advertisement adv = {
		.advertised = { (const uint8_t *)"\x03\x09hi", 4 },
	};
	struct ble_scanner *scanner = NULL;
	struct ble_client *client;
	struct fixture fixture;
	char name[8];

	client = open_at(&fixture, 23, false);
	refused(&fixture, ble_adapter_find(fixture.adapter, &scan, 0, NULL, NULL, NULL),
		"reserved");
	CHECK_INT(ble_adapter_scan_sync(fixture.adapter, &scan, 0, &scanner), -EINVAL);
	CHECK(!scanner);
	if (client->att->class->update)
		refused(&fixture, ble_client_update_link(client, &link, NULL, NULL, NULL),
			"reserved");
	refused(&fixture, ble_client_write_reliable(client, writes, 2, NULL, NULL, NULL),
		"reserved");
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	for (size_t i = 0; i < 2; i++)
		refused(&fixture, ble_client_connect(client, &connects[i], NULL, NULL, NULL),
			"reserved");
	CHECK_INT(ble_advertisement_name(&adv, name, sizeof(name)), 2);
	adv.reserved[2] = 1;
	CHECK_INT(ble_advertisement_name(&adv, name, sizeof(name)), 0);
	close_at(&fixture, client);
}

/* -- Deadlines ------------------------------------------------------------------------ */

/* A peer that falls silent: what is asked for ends in its own time, later calls
 * wait for the wire, and the link is still up. */
static void deadlines(void)
{
	const struct fixture_peer peer = { .mtu = 23,
					 .faults.silent_after_requests = 3 };
	struct seen seen[4] = { { 0 } };
	struct ble_client *client;
	uint8_t value[100] = { 0 };
	struct ble_op *op;
	struct fixture fixture;
	size_t len;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	client = fixture_connect(&fixture, 0, false);
	ble_client_set_timeout(client, 400);
	check_reference_value(client, REFERENCE_22, 22); /* in time */
	CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &seen[0], NULL), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_22, seen_value, &seen[1], &op), 0);
	ble_op_set_timeout(op, 1500);
	CHECK_INT(ble_client_write(client, REFERENCE_EMPTY, bytes(value, 100),
				   seen_done, &seen[2], &op), 0);
	ble_op_set_timeout(op, BLE_FOREVER);
	ble_op_set_timeout(NULL, 1); /* no operation's */
	CHECK(fixture_wait(&fixture, &seen[0].done, 1, 5000));
	CHECK_INT(seen[0].error, -ETIMEDOUT);
	CHECK_INT(seen[0].len, 0);
	check_error_names(&fixture, -ETIMEDOUT, "in the time it had");
	CHECK_INT(seen[1].done, 0);
	CHECK(fixture_wait(&fixture, &seen[1].done, 1, 5000));
	CHECK_INT(seen[1].error, -ETIMEDOUT);
	CHECK(ble_client_connected(client));
	CHECK_INT(ble_client_discover_sync(client), -ETIMEDOUT);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_22, value, 1, &len), -ETIMEDOUT);
	/* 0 is at once, from the next dispatch. */
	CHECK_INT(ble_client_read(client, REFERENCE_22, seen_value, &seen[3], &op), 0);
	ble_op_set_timeout(op, 0);
	CHECK_INT(seen[3].done, 0);
	CHECK_INT(ble_loop_dispatch(fixture.loop, 0), 0);
	CHECK_INT(seen[3].done, 1);
	CHECK_INT(seen[3].error, -ETIMEDOUT);
	ble_client_set_timeout(client, 0);
	CHECK_INT(ble_client_write(client, REFERENCE_EMPTY, bytes(value, 1), seen_done,
				   &seen[3], NULL), 0);
	CHECK_INT(ble_loop_dispatch(fixture.loop, 0), 0);
	CHECK_INT(seen[3].done, 2);
	CHECK_INT(seen[2].done, 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(seen[2].error, -ENOTCONN);
	CHECK(seen[0].done == 1 && seen[1].done == 1 && seen[2].done == 1 &&
	      seen[3].done == 2);
	close_at(&fixture, client);
}

/* -- Subscriptions that outlive a link -------------------------------------------------- */

static struct ble_subscription *watch(struct ble_client *client, uint16_t handle,
				      enum ble_subscribe mode, struct seen *seen)
{
	struct ble_subscription *subscription = NULL;

	REQUIRE(ble_client_subscribe_sync(client, handle, mode, seen_notified, seen,
					  &subscription) == 0);
	CHECK(ble_subscription_active(subscription));
	return subscription;
}

static void reconnect(struct ble_client *client, bool discover)
{
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	if (discover)
		REQUIRE(ble_client_discover_sync(client) == 0);
}

/* Each object tells what it was made of. */
static void what_it_is(struct fixture *fixture, struct ble_client *client,
		       struct ble_subscription *both)
{
	const struct ble_characteristic *c = ble_services_characteristic(
		ble_client_services(client), REFERENCE_BOTH);

	CHECK(ble_adapter_loop(fixture->adapter) == fixture->loop);
	CHECK(ble_client_adapter(client) == fixture->adapter);
	CHECK(ble_subscription_client(both) == client);
	CHECK_INT(ble_subscription_handle(both), REFERENCE_BOTH);
	REQUIRE(c);
	CHECK(ble_uuid_equal(ble_subscription_uuid(both), &c->uuid));
}

static void resubscribe(void)
{
	struct ble_subscription *a, *b, *c;
	struct seen seen[4] = { { 0 } };
	struct ble_client *client;
	struct fixture fixture;
	unsigned int requests;

	client = open_at(&fixture, 0, true);
	a = watch(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, &seen[0]);
	b = watch(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, &seen[1]);
	c = watch(client, REFERENCE_BOTH, BLE_SUBSCRIBE_INDICATE, &seen[2]);
	CHECK_INT(ble_client_subscribe_sync(client, REFERENCE_INDICATE,
					    BLE_SUBSCRIBE_AUTO, seen_notified, &seen[3],
					    NULL), 0);
	CHECK(fixture_wait(&fixture, &seen[3].values, 2, 10000));
	what_it_is(&fixture, client, c);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK(!ble_subscription_active(a) && !ble_subscription_active(c));
	what_it_is(&fixture, client, c); /* inactive, too */
	CHECK_INT(ble_client_resubscribe_sync(client), -ENOTCONN);
	CHECK_INT(ble_subscription_free_sync(b), -ENOTCONN); /* and gone */
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	CHECK_INT(ble_client_resubscribe_sync(client), -ENOENT); /* no tree */
	REQUIRE(ble_client_discover_sync(client) == 0);
	memset(seen, 0, sizeof(seen));
	fixture_run(&fixture, 200);
	CHECK_INT(seen[0].values + seen[1].values + seen[2].values + seen[3].values, 0);
	requests = ble_client_requests(client);
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	CHECK_INT(ble_client_requests(client), requests + 2); /* one each */
	CHECK(ble_subscription_active(a) && ble_subscription_active(c));
	CHECK(fixture_wait(&fixture, &seen[0].values, 5, 10000));
	CHECK(fixture_wait(&fixture, &seen[2].values, 5, 10000));
	CHECK_INT(seen[1].values + seen[3].values, 0);
	CHECK_INT(ble_client_resubscribe_sync(client), 0); /* none is inactive */
	CHECK_INT(ble_client_requests(client), requests + 2);
	CHECK_INT(ble_subscription_free_sync(a), 0);
	seen[0].values = 0;
	fixture_run(&fixture, 200);
	CHECK_INT(seen[0].values, 0);
	reconnect(client, true);
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	seen[2].values = 0;
	CHECK(fixture_wait(&fixture, &seen[2].values, 5, 10000));
	close_at(&fixture, client); /* c goes with it */
}

/* It is cut short: by a cancel, a disconnect, the last unref, by one of those
 * that it is about. What is left rests and can be had later. */
static void resubscribe_cut_short(void)
{
	for (unsigned int way = 0; way < 4; way++) {
		struct ble_subscription *a, *b;
		struct seen seen[3] = { { 0 } };
		struct ble_client *client;
		struct fixture fixture;
		struct ble_op *op;

		client = open_at(&fixture, 0, true);
		a = watch(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, &seen[0]);
		b = watch(client, REFERENCE_BOTH, BLE_SUBSCRIBE_AUTO, &seen[1]);
		reconnect(client, true);
		CHECK_INT(ble_client_resubscribe(client, seen_done, &seen[2], &op), 0);
		if (way == 0)
			ble_op_cancel(op);
		else if (way == 1)
			ble_client_disconnect(client);
		else if (way == 2)
			client = ble_client_unref(client);
		else
			CHECK_INT(ble_subscription_free(a, NULL, NULL, NULL), 0);
		fixture_run(&fixture, 300);
		CHECK_INT(seen[2].done, way % 2);
		CHECK_INT(seen[2].error, way == 1 ? -ENOTCONN : 0);
		if (way == 3)
			CHECK(ble_subscription_active(b));
		if (way == 1)
			reconnect(client, true);
		seen[1].values = 0;
		if (client) {
			CHECK_INT(ble_client_resubscribe_sync(client), 0);
			CHECK(ble_subscription_active(b));
			CHECK(fixture_wait(&fixture, &seen[1].values, 3, 10000));
		}
		close_at(&fixture, client);
	}
}

/* The pointer may be held, asked and given back whatever became of it. */
static void failed_subscription(void)
{
	const struct fixture_peer peer = { .faults.silent_after_requests = 200 };
	struct ble_subscription *subscription = NULL;
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	uint8_t octet;
	int error = 0;
	size_t len;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	client = fixture_connect(&fixture, 0, true);
	ble_client_set_timeout(client, 1000);
	while (!error)
		error = ble_client_read_sync(client, REFERENCE_ONE, &octet, 1, &len);
	CHECK_INT(error, -ETIMEDOUT);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
				       seen_notified, &seen, seen_done, &seen, &subscription, NULL), 0);
	CHECK(ble_subscription_active(subscription));
	CHECK(fixture_wait(&fixture, &seen.done, 1, 5000));
	CHECK_INT(seen.error, -ETIMEDOUT);
	CHECK(!ble_subscription_active(subscription));
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK(!ble_subscription_active(subscription));
	CHECK_INT(ble_subscription_free(subscription, seen_done, &seen, NULL), -ENOTCONN);
	CHECK_INT(seen.done, 1);
	close_at(&fixture, client);
}

/* What the peer holds for REFERENCE_NOTIFY. */
static void check_configuration(struct ble_client *client, uint8_t expected)
{
	const uint8_t octets[2] = { expected, 0 };

	check_value(client, REFERENCE_NOTIFY + 1, bytes(octets, 2));
}

/* A subscribe that is cancelled, before the peer can have answered, leaves
 * nothing behind: neither here nor there. The pointer is still good. */
static void subscribe_cancelled(void)
{
	struct ble_subscription *kept = NULL, *other;
	struct seen seen[2] = { { 0 } };
	struct ble_client *client;
	struct fixture fixture;
	struct ble_op *op;

	client = open_at(&fixture, 0, true);
	for (int held = 0; held < 2; held++) {
		CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					       seen_notified, &seen[0], seen_done, &seen[0],
					       held ? &kept : NULL, &op), 0);
		ble_op_cancel(op);
		check_configuration(client, 0);
		fixture_run(&fixture, 300);
		CHECK_INT(seen[0].done + seen[0].values, 0);
	}
	CHECK(!ble_subscription_active(kept));
	/* One among two: the other one goes on. */
	other = watch(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, &seen[1]);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
				       seen_notified, &seen[0], seen_done, &seen[0], NULL, &op), 0);
	ble_op_cancel(op);
	check_configuration(client, 1);
	CHECK_INT(ble_subscription_free_sync(other), 0);
	check_configuration(client, 0);
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	CHECK(fixture_wait(&fixture, &seen[0].values, 3, 10000));
	/* The end of an unsubscribe may be of no interest, the peer is told. */
	CHECK_INT(ble_subscription_free(kept, seen_done, &seen[0], &op), 0);
	ble_op_cancel(op);
	check_configuration(client, 0);
	CHECK_INT(seen[0].done, 0);
	close_at(&fixture, client);
}

/* The same with a deadline, on a link that others keep busy meanwhile. */
static void subscribe_too_late(void)
{
	struct ble_subscription *subscription = NULL;
	struct seen seen[3] = { { 0 } };
	struct ble_client *client;
	struct fixture fixture;
	struct ble_op *op;

	client = open_at(&fixture, 23, true);
	for (int i = 0; i < 10; i++)
		CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &seen[0],
					  NULL), 0);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
				       seen_notified, &seen[1], seen_done, &seen[1], &subscription,
				       &op), 0);
	ble_op_set_timeout(op, 1);
	CHECK(fixture_wait(&fixture, &seen[0].done, 10, 20000));
	CHECK(fixture_wait(&fixture, &seen[1].done, 1, 5000));
	CHECK_INT(seen[1].error, seen[1].error ? -ETIMEDOUT : 0);
	CHECK_INT(ble_subscription_active(subscription), !seen[1].error);
	check_configuration(client, seen[1].error ? 0 : 1);
	for (int i = 0; i < 10; i++)
		CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &seen[0],
					  NULL), 0);
	CHECK_INT(ble_subscription_free(subscription, seen_done, &seen[2], &op), 0);
	ble_op_set_timeout(op, 1);
	CHECK(fixture_wait(&fixture, &seen[0].done, 20, 20000));
	CHECK(fixture_wait(&fixture, &seen[2].done, 1, 5000));
	check_configuration(client, 0);
	CHECK_INT(seen[2].done, 1);
	close_at(&fixture, client);
}

const struct conformance_case conformance_client[] = {
	CASE("write auto", write_auto),
	CASE("reliable write", reliable_write),
	CASE("refused in words", refused_in_words),
	CASE("reserved room", reserved_room),
	CASE("deadlines", deadlines),
	CASE("resubscribe", resubscribe),
	CASE("resubscribe cut short", resubscribe_cut_short),
	CASE("failed subscription", failed_subscription),
	CASE("subscribe cancelled", subscribe_cancelled),
	CASE("subscribe too late", subscribe_too_late),
	{ 0 }
};
