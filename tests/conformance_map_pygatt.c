/* SPDX-License-Identifier: MIT */
/* doc/from-bleak-and-pygatt.md, pygatt's rows: see conformance_map_client.c. */
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

/* Where the libraries behind real ones are not there, as under wine, other names
 * that lead to nothing. */
#ifdef _WIN32
#define NO_PORT "sim:no such file"
#define NO_NAME "sim:no such file"
#else
#define NO_PORT "./no such port"
#define NO_NAME "hci65534"
#endif

static void backend(void)
{
	struct ble_connect_params params = { .mtu = 0 };
	struct ble_adapter *adapter = NULL;
	char text[BLE_ADDRESS_TEXT];
	struct ble_address address;
	struct ble_client *client;
	struct ble_loop *loop;
	struct stand stand;
	const char *port, *name;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	loop = stand.loop;
	port = NO_PORT;
	ROW("BGAPIBackend(serial_port), start()");
	CHECK(ble_adapter_open(loop, port, &adapter) < 0);
	name = NO_NAME;
	ROW("GATTToolBackend(hci_device), start()");
	CHECK(ble_adapter_open(loop, name, &adapter) < 0);
	CHECK(adapter == NULL);
	adapter = stand.adapter;
	ROW("BGAPIBackend.get_mac()");
	CHECK_INT(strlen(ble_address_text(&ble_adapter_info(adapter)->address, text)), 17);
	address = stand.addresses[0];
	ROW("BLEAddressType");
	address.type = BLE_ADDRESS_RANDOM;
	address.type = stand.addresses[0].type;
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	ROW("BLEDevice.exchange_mtu(mtu)");
	params.mtu = 100;
	ROW("BLEBackend.connect(address, timeout, address_type)");
	CHECK_INT(ble_client_connect_sync(client, &params), 0);
	CHECK_INT(ble_client_mtu(client), stand_mtu(&stand, 100));
	ROW("BLEDevice.disconnect()");
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	ble_client_unref(client);
	adapter = ble_adapter_ref(adapter);
	ROW("BLEBackend.stop()");
	ble_adapter_unref(adapter);
	stand_close(&stand);
}

static struct ble_client *open_one(struct stand *stand)
{
	REQUIRE(stand_open(stand, NULL, 0) == 0);
	return stand_connect(stand, 0, true);
}

static void device_values(void)
{
	struct ble_bytes value = { (const uint8_t *)"four", 4 };
	const struct ble_characteristic *c = NULL;
	struct seen seen = { 0 }, *user = &seen;
	const struct ble_services *tree;
	struct ble_client *client;
	struct ble_uuid uuid;
	struct stand stand;
	uint8_t buffer[512];
	size_t len = 0;
	uint16_t handle;

	client = open_one(&stand);
	ROW("BLEDevice.discover_characteristics()");
	CHECK_INT(ble_client_discover_sync(client), 0);
	tree = ble_client_services(client);
	uuid = ble_services_characteristic(tree, REFERENCE_22)->uuid;
	ROW("BLEDevice.get_handle(uuid)");
	CHECK_INT(ble_services_find(tree, &uuid, &c), 0);
	handle = c->value_handle;
	CHECK_INT(handle, REFERENCE_22);
	ROW("BLEDevice.char_read(uuid)");
	CHECK_INT(ble_client_read_by_uuid_sync(client, &uuid, 1, 0xffff, on_each, user), 0);
	CHECK_INT(seen.values, 1);
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
	stand_close(&stand);
}

static void device_subscriptions(void)
{
	struct seen seen = { 0 }, more = { 0 }, *user = &seen;
	struct ble_subscription *subscription, *first;
	struct ble_client *client;
	struct stand stand;
	uint16_t handle = REFERENCE_NOTIFY;

	client = open_one(&stand);
	ROW("BLEDevice.subscribe(), subscribe_handle()");
	CHECK_INT(ble_client_subscribe_sync(client, handle, BLE_SUBSCRIBE_NOTIFY, on_value,
					    user, &subscription), 0);
	first = subscription;
	handle = REFERENCE_BOTH;
	user = &more;
	ROW("BLEDevice.subscribe(indication=True)");
	CHECK_INT(ble_client_subscribe_sync(client, handle, BLE_SUBSCRIBE_INDICATE, on_value,
					    user, &subscription), 0);
	CHECK(stand_wait(&stand, &seen.values, 3, 10000));
	CHECK(stand_wait(&stand, &more.values, 3, 10000));
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	memset(&seen, 0, sizeof(seen));
	memset(&more, 0, sizeof(more));
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	REQUIRE(ble_client_discover_sync(client) == 0);
	ROW("BLEDevice.resubscribe_all()");
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	CHECK(stand_wait(&stand, &seen.values, 3, 10000));
	CHECK(stand_wait(&stand, &more.values, 3, 10000));
	subscription = first;
	ROW("BLEDevice.unsubscribe(), unsubscribe_handle()");
	CHECK_INT(ble_unsubscribe_sync(subscription), 0);
	memset(&seen, 0, sizeof(seen));
	stand_run(&stand, 300);
	CHECK_INT(seen.values, 0);
	ble_client_unref(client);
	stand_close(&stand);
}

static void device_ends(void)
{
	struct seen seen = { 0 }, *user = &seen;
	uint16_t handle = REFERENCE_ONE;
	struct ble_client *client;
	struct ble_loop *loop;
	uint8_t buffer[8];
	struct stand stand;
	struct ble_op *op;
	size_t len;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	client = stand_connect(&stand, 0, false);
	loop = stand.loop;
	ROW("BLEDevice.register_disconnect_callback()");
	ble_client_on_disconnected(client, on_lost, user);
	CHECK_INT(ble_client_read(client, handle, on_read, user, &op), 0);
	ROW("BGAPIBackend.expect(timeout), expect_any()");
	ble_op_set_timeout(op, 10000);
	CHECK(stand_wait(&stand, &seen.done, 1, 15000));
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
	stand_close(&stand);
}

static void device_silent(void)
{
	const struct stand_peer peers[2] = { { 0 }, { .faults = { .silent_after_requests = 1 } } };
	uint16_t handle = REFERENCE_ONE;
	struct ble_client *client, *other;
	struct ble_adapter *adapter;
	struct ble_address address;
	uint8_t buffer[8];
	struct stand stand;
	unsigned int n = 0;
	size_t len;
	int err;

	REQUIRE(stand_open(&stand, peers, 2) == 0);
	adapter = stand.adapter;
	address = stand.addresses[1];
	other = stand_connect(&stand, 0, false);
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
	stand_close(&stand);
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
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	again.client = stand_connect(&stand, 0, false);
	ble_client_on_disconnected(again.client, on_lost_again, &again);
	ble_client_disconnect(again.client);
	CHECK(stand_wait(&stand, &again.seen.done, 1, 25000));
	CHECK_INT(again.seen.error, 0);
	CHECK(ble_client_connected(again.client));
	ble_client_unref(again.client);
	stand_close(&stand);
}

static void radio(void)
{
	struct ble_connect_params params = { .mtu = 0 };
	struct ble_link_params link = { 0 };
	struct ble_client *client;
	struct stand stand;
	int rssi = 0;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	REQUIRE(ble_client_new(stand.adapter, &stand.addresses[0], &client) == 0);
	ROW("connect(interval_min, interval_max, supervision_timeout, latency)");
	params.link = (struct ble_link_params){ 60, 76, 0, 100 };
	CHECK_INT(ble_client_connect_sync(client, &params), 0);
	CHECK_INT(ble_client_link(client, &link), 0);
	CHECK(link.interval_min >= 60 && link.interval_max <= 76);
	CHECK_INT(link.timeout, 100);
	ROW("BLEDevice.get_rssi()");
	CHECK_INT(ble_client_rssi_sync(client, &rssi), 0);
	CHECK(rssi < 0);
	ble_client_unref(client);
	stand_close(&stand);
}

static void reset(void)
{
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	client = stand_connect(&stand, 0, false);
	adapter = stand.adapter;
	ROW("BGAPIBackend.start(reset), GATTToolBackend.reset()");
	CHECK_INT(ble_adapter_reset_sync(adapter), 0);
	CHECK(!ble_client_connected(client));
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	ble_client_unref(client);
	stand_close(&stand);
}

#define NO_RADIO "a socket pair has no radio"

const struct conformance_case conformance_map_pygatt[] = {
	CASE("map: pygatt's backend", backend),
	CASE("map: pygatt's values", device_values),
	CASE("map: pygatt's subscriptions", device_subscriptions),
	CASE("map: pygatt's ends", device_ends),
	CASE("map: pygatt's time-outs", device_silent),
	CASE("map: pygatt's auto_reconnect", auto_reconnect),
	CASE("map: pygatt's radio", radio, .not_socket = NO_RADIO),
	CASE("map: pygatt's reset", reset, .not_socket = NO_RADIO,
	     .not_dongle = "coming back wants a loop of its own"),
	{ 0 }
};
