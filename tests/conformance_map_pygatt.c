/* SPDX-License-Identifier: MIT */
/* doc/from-bleak-and-pygatt.md, pygatt's rows: see conformance_map_client.c. Those of
 * its backends are in conformance_map_backend.c. */
#include <errno.h>
#include <string.h>

#include "tests/conformance.h"

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	seen_notified(user, handle, value);
}

static void on_lost(void *user, uint8_t reason, bool asked)
{
	seen_disconnected(user, reason, asked);
}

static void on_read(void *user, int error, struct ble_bytes value)
{
	seen_value(user, error, value);
}

static void on_each(void *user, uint16_t handle, struct ble_bytes value)
{
	struct seen *seen = user;

	CHECK_INT(handle, REFERENCE_22);
	CHECK_INT(value.len, 22);
	seen->values++;
}

static struct ble_client *open_one(struct fixture *fixture)
{
	REQUIRE(fixture_open(fixture, NULL, 0) == 0);
	return fixture_connect(fixture, 0, true);
}

static void device_values(void)
{
	struct ble_bytes value = { (const uint8_t *)"four", 4 };
	const struct ble_characteristic *c = NULL;
	struct seen seen = { 0 }, *user = &seen;
	const struct ble_services *tree;
	struct ble_client *client;
	struct ble_uuid uuid;
	struct fixture fixture;
	uint8_t buffer[512];
	size_t len = 0;
	uint16_t handle;

	client = open_one(&fixture);
	ROW("BLEDevice.discover_characteristics()");
	CHECK_INT(ble_client_discover_sync(client), 0);
	tree = ble_client_services(client);
	uuid = ble_services_characteristic(tree, REFERENCE_22)->uuid;
	ROW("BLEDevice.get_handle(uuid)");
	CHECK_INT(ble_services_find_characteristic(tree, &uuid, &c), 0);
	handle = c->value_handle;
	CHECK_INT(handle, REFERENCE_22);
	ROW("BLEDevice.char_read(uuid)");
	CHECK_INT(ble_client_read_by_uuid_sync(client, &uuid, 1, 0xffff, on_each, user), 0);
	CHECK_INT(seen.values, 1);
	ROW("GATTToolBackend.char_read(device), char_write(device), disconnect(device), bond(device)");
	CHECK_INT(ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 22);
	len = 0;
	ROW("BLEDevice.char_read_handle(handle)");
	CHECK_INT(ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 22);
	handle = REFERENCE_512;
	ROW("BLEDevice.char_read_long(), char_read_long_handle()");
	CHECK_INT(ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 512);
	handle = REFERENCE_EMPTY;
	ROW("BLEDevice.char_write(), char_write_handle()");
	CHECK_INT(ble_client_write_sync(client, handle, value), 0);
	CHECK_INT(ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len), 0);
	CHECK_MEM(buffer, "four", 4);
	value = (struct ble_bytes){ buffer, 100 };
	ROW("BLEDevice.char_write_long(), char_write_long_handle()");
	CHECK_INT(ble_client_write_sync(client, handle, value), 0);
	CHECK_INT(ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 100);
	handle = REFERENCE_COMMAND;
	value.len = 20;
	ROW("BLEDevice.char_write(wait_for_response=False)");
	CHECK_INT(ble_client_write_command(client, handle, value, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 20);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void device_tree(void)
{
	const struct ble_characteristic *c;
	const struct ble_descriptor *d;
	struct ble_uuid uuid, same;
	char text[BLE_UUID_TEXT];
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	ROW("BGAPIBackend.discover_characteristics(connection_handle)");
	CHECK_INT(ble_client_discover_sync(client), 0);
	c = ble_services_characteristic(ble_client_services(client), 0x0044);
	REQUIRE(c != NULL);
	ROW("Characteristic.handle");
	CHECK(c->value_handle == 0x0044);
	ROW("Characteristic.uuid");
	CHECK_STR(ble_uuid_text(&c->uuid, text), "2a56");
	uuid = ble_uuid16(0x2904);
	ROW("Characteristic.descriptors");
	CHECK((d = ble_characteristic_find_descriptor(c, &uuid)));
	CHECK(d && d->handle == 0x0046);
	ROW("pygatt.util.uuid16_to_uuid()");
	uuid = ble_uuid16(0x2a00);
	CHECK_INT(ble_uuid_parse("00002a00-0000-1000-8000-00805f9b34fb", &same), 0);
	CHECK(ble_uuid_equal(&uuid, &same));
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void device_subscriptions(void)
{
	struct seen seen = { 0 }, more = { 0 }, *user = &seen;
	struct ble_subscription *subscription, *first;
	struct ble_client *client;
	struct ble_loop *loop;
	struct fixture fixture;
	uint16_t handle = REFERENCE_NOTIFY;

	client = open_one(&fixture);
	ROW("BLEDevice.subscribe(), subscribe_handle()");
	CHECK_INT(ble_client_subscribe_sync(client, handle, BLE_SUBSCRIBE_NOTIFY, on_value,
					    user, &subscription), 0);
	first = subscription;
	handle = REFERENCE_BOTH;
	user = &more;
	ROW("BLEDevice.subscribe(indication=True)");
	CHECK_INT(ble_client_subscribe_sync(client, handle, BLE_SUBSCRIBE_INDICATE, on_value,
					    user, &subscription), 0);
	loop = fixture.loop;
	ROW("BLEDevice.receive_notification()");
	CHECK_INT(ble_loop_dispatch(loop, 1000), 0);
	CHECK(fixture_wait(&fixture, &seen.values, 3, 10000));
	CHECK(fixture_wait(&fixture, &more.values, 3, 10000));
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	memset(&seen, 0, sizeof(seen));
	memset(&more, 0, sizeof(more));
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	REQUIRE(ble_client_discover_sync(client) == 0);
	ROW("BLEDevice.resubscribe_all()");
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	CHECK(fixture_wait(&fixture, &seen.values, 3, 10000));
	CHECK(fixture_wait(&fixture, &more.values, 3, 10000));
	subscription = first;
	ROW("BLEDevice.unsubscribe(), unsubscribe_handle()");
	CHECK_INT(ble_subscription_free_sync(subscription), 0);
	memset(&seen, 0, sizeof(seen));
	fixture_run(&fixture, 300);
	CHECK_INT(seen.values, 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void device_ends(void)
{
	struct seen seen = { 0 }, *user = &seen;
	uint16_t handle = REFERENCE_ONE;
	struct ble_client *client;
	struct ble_loop *loop;
	uint8_t buffer[8];
	struct fixture fixture;
	struct ble_op *op;
	size_t len;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	loop = fixture.loop;
	ROW("BLEDevice.register_disconnect_callback()");
	ble_client_on_disconnected(client, on_lost, user);
	CHECK_INT(ble_client_read(client, handle, on_read, user, &op), 0);
	ROW("BGAPIBackend.expect(timeout), expect_any()");
	ble_op_set_timeout(op, 10000);
	CHECK(fixture_wait(&fixture, &seen.done, 1, 15000));
	CHECK_INT(seen.error, 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(seen.disconnected, 1);
	ROW("BLEDevice.remove_disconnect_callback()");
	ble_client_on_disconnected(client, NULL, NULL);
	ROW("NotConnectedError");
	CHECK(ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len) == -ENOTCONN);
	ROW("BLEError, BGAPIError");
	CHECK(strlen(ble_error_text(loop, -ENOTCONN)) > 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void device_silent(void)
{
	const struct fixture_peer peers[2] = { { 0 }, { .faults = { .silent_after_requests = 1 } } };
	uint16_t handle = REFERENCE_ONE;
	struct ble_client *client, *other;
	struct ble_adapter *adapter;
	struct ble_address address;
	uint8_t buffer[8];
	struct fixture fixture;
	unsigned int n = 0;
	size_t len;
	int err;

	REQUIRE(fixture_open(&fixture, peers, 2) == 0);
	adapter = fixture.adapter;
	address = fixture.addresses[1];
	other = fixture_connect(&fixture, 0, false);
	ROW("several devices at a time");
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	CHECK(ble_client_connected(other));
	ble_client_set_timeout(client, 1000);
	ROW("NotificationTimeout, ExpectedResponseTimeout");
	do {
		err = ble_client_read_sync(client, handle, buffer, sizeof(buffer), &len);
	} while (!err && n++ < 3);
	CHECK(err == -ETIMEDOUT);
	CHECK_INT(ble_client_read_sync(other, handle, buffer, sizeof(buffer), &len), 0);
	ble_client_unref(client);
	ble_client_unref(other);
	fixture_close(&fixture);
}

struct again {
	struct ble_client *client;
	struct seen seen;
};

static void on_connected(void *user, int error)
{
	struct again *again = user;

	seen_done(&again->seen, error);
}

static void on_lost_again(void *user, uint8_t reason, bool asked)
{
	struct again *again = user;
	struct ble_client *client = again->client;

	(void)reason;
	CHECK(asked);
	ROW("GATTToolBackend.connect(auto_reconnect)");
	CHECK_INT(ble_client_connect(client, NULL, on_connected, user, NULL), 0);
}

static void auto_reconnect(void)
{
	struct again again = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	again.client = fixture_connect(&fixture, 0, false);
	ble_client_on_disconnected(again.client, on_lost_again, &again);
	ble_client_disconnect(again.client);
	CHECK(fixture_wait(&fixture, &again.seen.done, 1, 25000));
	CHECK_INT(again.seen.error, 0);
	CHECK(ble_client_connected(again.client));
	ble_client_unref(again.client);
	fixture_close(&fixture);
}

const struct conformance_case conformance_map_pygatt[] = {
	CASE("map: pygatt's tree", device_tree),
	CASE("map: pygatt's values", device_values),
	CASE("map: pygatt's subscriptions", device_subscriptions),
	CASE("map: pygatt's ends", device_ends),
	CASE("map: pygatt's time-outs", device_silent),
	CASE("map: pygatt's auto_reconnect", auto_reconnect),
	{ 0 }
};
