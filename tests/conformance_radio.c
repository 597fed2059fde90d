/* SPDX-License-Identifier: MIT */
/* Link parameters, signal strength, a reset of the controller. */
#include <errno.h>

#include "tests/conformance.h"

/* -- The radio ------------------------------------------------------------------------ */

#define LINK(min, max, skipped, lost) \
	{ .interval_min = min, .interval_max = max, .latency = skipped, .timeout = lost }

static void link_parameters(void)
{
	const struct ble_link_params slow = LINK(80, 100, 2, 600),
				     odd = LINK(40, 24, 0, 500), brief = LINK(24, 40, 4, 20),
				     none = { 0 };
	struct ble_connect_params params = {
		.link = ble_link_preset(BLE_LINK_BALANCED),
	};
	struct ble_link_params now = { 0 };
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
	CHECK_INT(ble_client_link(client, &now), -ENOTCONN);
	CHECK_INT(ble_client_update_link_sync(client, &slow), -ENOTCONN);
	params.link.timeout = 5;
	CHECK_INT(ble_client_connect_sync(client, &params), -EINVAL);
	params.link = ble_link_preset(BLE_LINK_BALANCED);
	REQUIRE(ble_client_connect_sync(client, &params) == 0);
	CHECK_INT(ble_client_link(client, &now), 0);
	CHECK_INT(now.interval_min, now.interval_max);
	CHECK(now.interval_min >= 24 && now.interval_min <= 40);
	CHECK_INT(now.timeout, params.link.timeout);
	CHECK_INT(ble_client_update_link_sync(client, &odd), -EINVAL);
	CHECK_INT(ble_client_update_link_sync(client, &brief), -EINVAL);
	CHECK_INT(ble_client_update_link_sync(client, &none), -EINVAL);
	check_error_names(&fixture, -EINVAL, "intervals 0 to 0");
	CHECK_INT(ble_client_update_link_sync(client, &slow), 0);
	CHECK_INT(ble_client_link(client, &now), 0);
	CHECK(now.interval_min >= 80 && now.interval_min <= 100);
	CHECK_INT(now.latency, 2);
	CHECK_INT(now.timeout, 600);
	CHECK_INT(ble_client_update_link(client, &slow, seen_done, &seen, NULL), 0);
	CHECK_INT(ble_client_update_link(client, &slow, seen_done, &seen, NULL), -EALREADY);
	ble_client_disconnect(client);
	CHECK(fixture_wait(&fixture, &seen.done, 1, 5000));
	CHECK_INT(seen.error, -ENOTCONN);
	close_at(&fixture, client);
}

static void presets(void)
{
	struct ble_link_params last = { 0 };

	for (int i = BLE_LINK_LOW_LATENCY; i <= BLE_LINK_LOW_POWER; i++) {
		struct ble_link_params p = ble_link_preset((enum ble_link_preset)i);

		CHECK(p.interval_min > last.interval_max);
		CHECK(p.interval_min <= p.interval_max);
		CHECK(4 * p.timeout > (p.latency + 1) * p.interval_max);
		last = p;
	}
	last = ble_link_preset(BLE_LINK_DEFAULT);
	CHECK(!last.interval_min && !last.interval_max && !last.latency && !last.timeout);
	last = ble_link_preset((enum ble_link_preset)99);
	CHECK(!last.interval_max);
}

static void on_rssi(void *user, int error, int rssi)
{
	struct seen *seen = user;

	seen->last = (uint32_t)rssi;
	seen_done(seen, error);
}

static void rssi(void)
{
	struct seen seen[3] = { { 0 } };
	struct ble_client *client;
	struct fixture fixture;
	struct ble_op *op;
	int dbm = 0;

	client = open_at(&fixture, 0, false);
	CHECK_INT(ble_client_read_rssi_sync(client, &dbm), 0);
	CHECK(dbm < 0 && dbm >= -127);
	CHECK_INT(ble_client_read_rssi(client, on_rssi, &seen[0], &op), 0);
	CHECK_INT(ble_client_read_rssi(client, on_rssi, &seen[1], NULL), 0);
	CHECK_INT(seen[0].done + seen[1].done, 0);
	ble_op_cancel(op);
	CHECK(fixture_wait(&fixture, &seen[1].done, 1, 5000));
	CHECK_INT(seen[1].error, 0);
	CHECK((int)seen[1].last < 0);
	CHECK_INT(ble_client_read_rssi(client, on_rssi, &seen[2], NULL), 0);
	ble_client_disconnect(client);
	CHECK(fixture_wait(&fixture, &seen[2].done, 1, 5000));
	CHECK_INT(seen[2].error, -ENOTCONN);
	CHECK_INT(seen[0].done, 0);
	dbm = 5;
	CHECK_INT(ble_client_read_rssi_sync(client, &dbm), -ENOTCONN);
	CHECK_INT(dbm, 5);
	close_at(&fixture, client);
}

/* Backends that cannot say so, in words. */
static void radio_unable(void)
{
	const struct ble_connect_params params = {
		.link = ble_link_preset(BLE_LINK_BALANCED),
	};
	struct ble_link_params now = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	int dbm;

	client = open_at(&fixture, 0, false);
	if (!client->att->class->rssi)
		CHECK_INT(ble_client_read_rssi_sync(client, &dbm), -EOPNOTSUPP);
	if (!client->att->class->update) {
		CHECK_INT(ble_client_update_link_sync(client, &params.link), -EOPNOTSUPP);
		check_error_names(&fixture, -EOPNOTSUPP, "link parameters");
		CHECK_INT(ble_client_link(client, &now), -ENODATA);
		CHECK_INT(ble_client_disconnect_sync(client), 0);
		CHECK_INT(ble_client_connect_sync(client, &params), -EOPNOTSUPP);
	}
	if (!fixture.adapter->backend->class->reset)
		CHECK_INT(ble_adapter_reset_sync(fixture.adapter), -EOPNOTSUPP);
	close_at(&fixture, client);
}

/* -- Reset ---------------------------------------------------------------------------- */

static void scan_ended(void *user, int error)
{
	seen_done(user, error);
}

static void reset(void)
{
	struct seen done = { 0 }, end = { 0 }, connect = { 0 }, scan = { 0 };
	struct ble_address absent = { { 1, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM };
	struct ble_client *client, *other;
	struct ble_scanner *scanner;
	struct fixture fixture;
	uint8_t value[1];
	size_t len;

	client = open_at(&fixture, 0, false);
	ble_client_on_disconnected(client, seen_disconnected, &end);
	REQUIRE(ble_client_new(fixture.adapter, &absent, &other) == 0);
	REQUIRE(ble_scanner_new(fixture.adapter, NULL, scan_ended, &scan, &scanner) == 0);
	CHECK_INT(ble_scanner_start(scanner, NULL), 0);
	CHECK_INT(ble_client_connect(other, NULL, seen_done, &connect, NULL), 0);
	CHECK_INT(ble_adapter_reset(fixture.adapter, seen_done, &done), 0);
	CHECK_INT(ble_adapter_reset(fixture.adapter, seen_done, &done), -EALREADY);
	CHECK_INT(done.done + end.disconnected + connect.done, 0);
	CHECK(fixture_wait(&fixture, &done.done, 1, 10000));
	CHECK_INT(done.error, 0);
	CHECK_INT(end.disconnected, 1);
	CHECK(!end.asked);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ENETRESET);
	CHECK_INT(scan.done, 1);
	CHECK_INT(scan.error, -ENETRESET);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_ONE, value, 1, &len), -ENOTCONN);
	REQUIRE(ble_client_connect_sync(client, NULL) == 0); /* as new */
	check_reference_value(client, REFERENCE_ONE, 1);
	CHECK_INT(ble_adapter_reset_sync(fixture.adapter), 0);
	CHECK_INT(end.disconnected, 2);
	CHECK_INT(ble_adapter_reset(fixture.adapter, seen_done, &done), 0); /* silent */
	ble_scanner_unref(scanner);
	ble_client_unref(other);
	close_at(&fixture, client);
	CHECK_INT(done.done, 1);
}

#define NO_RADIO "a socket pair has no radio"

const struct conformance_case conformance_radio[] = {
	CASE("link parameters", link_parameters, .not_socket = NO_RADIO),
	CASE("presets", presets),
	CASE("rssi", rssi, .not_socket = NO_RADIO),
	CASE("radio unable", radio_unable),
	CASE("reset", reset, .not_socket = NO_RADIO,
	     .not_dongle = "coming back wants a loop of its own"),
	{ 0 }
};
