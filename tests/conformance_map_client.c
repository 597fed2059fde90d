/* SPDX-License-Identifier: MIT */
/* doc/from-bleak-and-pygatt.md, the rows about bleak's client and its errors: each
 * ROW is one of them, with its line of C unchanged below it. */
#include <errno.h>
#include <stdio.h>
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

static bool is_backend(const char *name)
{
	return strcmp(name, "hci") == 0 || strcmp(name, "bgapi") == 0 || strcmp(name, "sim") == 0;
}

static void connection(void)
{
	struct seen seen = { 0 }, *user = &seen;
	struct ble_connect_params params = { 0 };
	struct ble_adapter *adapter;
	struct ble_address address;
	struct ble_client *client;
	struct fixture fixture;
	struct ble_uuid uuid;
	const char *folder;
	int err;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	CHECK_INT(ble_uuid_parse(REFERENCE_LENGTHS, &uuid), 0);
	adapter = fixture.adapter;
	address = fixture.addresses[0];
	ROW("get_platform_client_backend_type()");
	CHECK(is_backend(ble_adapter_info(adapter)->backend));
	ROW("get_platform_scanner_backend_type()");
	CHECK(is_backend(ble_adapter_info(adapter)->backend));
	ROW("BleakClient(address)");
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	ROW("BleakClient(timeout)");
	params.timeout_ms = 10000;
	ROW("BleakClient(disconnected_callback)");
	ble_client_on_disconnected(client, on_lost, user);
	ROW("BleakClient.connect()");
	REQUIRE(ble_client_connect_sync(client, &params) == 0);
	CHECK_INT(ble_client_connect_sync(client, &params), -EISCONN);
	ROW("BleakClient.is_connected");
	CHECK(ble_client_connected(client));
	ROW("BleakClient.mtu_size");
	CHECK_INT(ble_client_mtu(client), fixture_mtu(&fixture, 517));
	ROW("BleakClient.get_services()");
	CHECK_INT(ble_client_discover_sync(client), 0);
	ROW("BleakClient.services");
	CHECK(ble_services_count(ble_client_services(client)) > 0);
	ROW("BleakClient(services)");
	CHECK_INT(ble_client_discover_only_sync(client, &uuid, 1), 0);
	CHECK_INT(ble_services_count(ble_client_services(client)), 1);
	CHECK_INT(ble_services_next(ble_client_services(client), NULL)->handle, 0x0020);
	folder = "conformance-map-cache";
	ROW("BleakClient(winrt=dict(use_cached_services=True))");
	err = ble_adapter_set_cache(adapter, folder);
#ifdef _WIN32
	CHECK_INT(err, -EOPNOTSUPP);
#else
	CHECK_INT(err, 0);
	CHECK_INT(remove(folder), 0); /* it was made, and holds nothing yet */
#endif
	CHECK_INT(ble_adapter_set_cache(adapter, ""), 0);
	ROW("BleakClient.disconnect()");
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(seen.disconnected, 1);
	CHECK(seen.asked);
	CHECK(!ble_client_connected(client));
	ROW("BleakClient.set_disconnected_callback(None)");
	ble_client_on_disconnected(client, NULL, NULL);
	REQUIRE(ble_client_connect_sync(client, &params) == 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(seen.disconnected, 1);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static struct ble_client *open_one(struct fixture *fixture)
{
	REQUIRE(fixture_open(fixture, NULL, 0) == 0);
	return fixture_connect(fixture, 0, true);
}

static void on_name(void *user, uint16_t handle, struct ble_bytes value)
{
	seen_value(user, handle == 0, value);
}

static void identity(void)
{
	struct ble_uuid uuid = ble_uuid16(0x2a00);
	struct seen seen = { 0 }, *user = &seen;
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	adapter = fixture.adapter;
	client = fixture_connect(&fixture, 0, false);
	ROW("BleakClient.address");
	CHECK(ble_address_equal(ble_client_address(client), &fixture.addresses[0]));
	ROW("BleakClient.name");
	CHECK_INT(ble_client_read_by_uuid_sync(client, &uuid, 1, 0xffff, on_name, user), 0);
	CHECK_INT(seen.done, 1);
	CHECK_INT(seen.len, strlen("reference")); /* advertised is a longer one */
	CHECK_MEM(seen.value, "reference", strlen("reference"));
	ROW("BleakClient.backend_id, BleakScanner.backend_id, BleakBackend");
	CHECK(is_backend(ble_adapter_info(adapter)->backend));
	ROW("async with BleakClient(address)");
	CHECK(ble_client_unref(client) == NULL);
	client = fixture_connect(&fixture, 0, false);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* A second adapter beside the fixture's, with peripherals of its own. */
static void other_adapter(void)
{
	struct ble_connect_params params = { .timeout_ms = 1000 };
	struct ble_adapter *adapter;
	struct ble_device *device;
	struct ble_address address;
	struct ble_client *client;
	const char *name = "sim";
	struct ble_loop *loop;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	loop = fixture.loop;
	ROW("BleakScanner(adapter), BleakScanner(bluez=dict(adapter))");
	REQUIRE(ble_adapter_open(loop, name, &adapter) == 0);
	REQUIRE(ble_adapter_find_sync(adapter, NULL, 10000, &device) == 0);
	CHECK(ble_device_adapter(device) == adapter);
	CHECK_INT(strncmp(ble_device_name(device), "Sim ", 4), 0);
	address = *ble_device_address(device);
	ble_device_unref(device);
	ROW("BleakClient(winrt=dict(address_type))");
	address.type = BLE_ADDRESS_RANDOM;
	ROW("BleakClient(adapter), BleakClient(bluez=dict(adapter))");
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	CHECK_INT(ble_client_connect_sync(client, &params), 0);
	ble_client_unref(client);
	REQUIRE(ble_client_new(adapter, &fixture.addresses[0], &client) == 0);
	CHECK_INT(ble_client_connect_sync(client, &params), -ETIMEDOUT);
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ROW("BleakAdapter.get()");
	REQUIRE(ble_adapter_open(loop, name, &adapter) == 0);
	CHECK_STR(ble_adapter_info(adapter)->name, name);
	ble_adapter_unref(adapter);
	fixture_close(&fixture);
}

static void values(void)
{
	struct ble_bytes value = { (const uint8_t *)"four", 4 };
	const struct ble_characteristic *c, *other;
	const struct ble_services *tree;
	const struct ble_descriptor *d;
	struct ble_client *client;
	struct fixture fixture;
	struct ble_uuid uuid;
	uint8_t buffer[512];
	size_t len = 0;

	client = open_one(&fixture);
	tree = ble_client_services(client);
	CHECK_INT(ble_uuid_parse("7e570023-0000-4000-8000-0000b1e00000", &uuid), 0);
	REQUIRE(ble_services_find_characteristic(tree, &uuid, &c) == 0);
	other = ble_services_characteristic(tree, REFERENCE_COMMAND);
	d = ble_services_descriptor(tree, 0x0045);
	REQUIRE(other && d);
	ROW("BleakClient.write_gatt_char(response=None)");
	CHECK_INT(ble_client_write_auto_sync(client, c->value_handle, value), 0);
	ROW("BleakClient.read_gatt_char()");
	CHECK_INT(ble_client_read_sync(client, c->value_handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 4);
	CHECK_MEM(buffer, "four", 4);
	ROW("BleakClient.write_gatt_char(response=True)");
	CHECK_INT(ble_client_write_sync(client, c->value_handle, value), 0);
	c = other;
	ROW("BleakClient.write_gatt_char(response=False)");
	CHECK_INT(ble_client_write_command_sync(client, c->value_handle, value), 0);
	CHECK_INT(ble_client_read_sync(client, c->value_handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 4);
	ROW("BleakClient.read_gatt_descriptor()");
	CHECK_INT(ble_client_read_sync(client, d->handle, buffer, sizeof(buffer), &len), 0);
	CHECK_INT(len, 10);
	CHECK_INT(buffer[0], reference_octet(0));
	value.len = 2;
	ROW("BleakClient.write_gatt_descriptor()");
	CHECK_INT(ble_client_write_sync(client, d->handle, value), 0);
	CHECK_INT(ble_client_read_sync(client, d->handle, buffer, sizeof(buffer), &len), 0);
	CHECK_MEM(buffer, "fo", 2);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void notifications(void)
{
	struct seen seen = { 0 }, *user = &seen;
	struct ble_subscription *subscription;
	const struct ble_characteristic *c;
	struct ble_client *client;
	struct fixture fixture;

	client = open_one(&fixture);
	c = ble_services_characteristic(ble_client_services(client), REFERENCE_BOTH);
	REQUIRE(c != NULL);
	ROW("BleakClient.start_notify()");
	CHECK_INT(ble_client_subscribe_sync(client, c->value_handle, BLE_SUBSCRIBE_AUTO, on_value,
					    user, &subscription), 0);
	CHECK(fixture_wait(&fixture, &seen.values, 3, 10000));
	ROW("BleakClient.stop_notify()");
	CHECK_INT(ble_subscription_free_sync(subscription), 0);
	memset(&seen, 0, sizeof(seen));
	fixture_run(&fixture, 300);
	CHECK_INT(seen.values, 0);
	ROW("BleakClient.start_notify(force_indicate)");
	CHECK_INT(ble_client_subscribe_sync(client, c->value_handle, BLE_SUBSCRIBE_INDICATE,
					    on_value, user, &subscription), 0);
	CHECK(fixture_wait(&fixture, &seen.values, 3, 10000));
	CHECK_INT(ble_subscription_free_sync(subscription), 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void errors(void)
{
	const struct ble_characteristic *c = NULL;
	const struct ble_services *tree;
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct ble_loop *loop;
	struct fixture fixture;
	struct ble_uuid uuid = ble_uuid16(0x1899);
	uint8_t buffer[8];
	size_t len = 7;
	int err;

	client = open_one(&fixture);
	loop = fixture.loop;
	tree = ble_client_services(client);
	ROW("BleakCharacteristicNotFoundError");
	CHECK(ble_services_find_characteristic(tree, &uuid, &c) == -ENOENT);
	ROW("BleakCharacteristicNotFoundError.char_specifier, BleakDeviceNotFoundError.identifier");
	CHECK(strstr(ble_error_text(loop, -ENOENT), "1899") != NULL);
	ROW("BleakGATTProtocolError");
	err = ble_client_read_sync(client, 0xfff0, buffer, sizeof(buffer), &len);
	CHECK(ble_error_att(err) > 0);
	CHECK_INT(err, BLE_ERROR_ATT(0x01)); /* Invalid Handle */
	CHECK_INT(len, 7);
	ROW("BleakGATTProtocolError.code, BleakGATTProtocolErrorCode");
	CHECK_STR(ble_strerror(err), "invalid handle");
	ROW("PROTOCOL_ERROR_CODES");
	CHECK_STR(ble_strerror(BLE_ERROR_ATT(0x0a)), "attribute not found");
	ROW("CONTROLLER_ERROR_CODES");
	CHECK_STR(ble_hci_text(0x08), "connection timeout");
	ROW("BleakError");
	CHECK(strstr(ble_error_text(loop, err), ble_strerror(err)) != NULL);
	ROW("BleakBluetoothNotAvailableError");
	err = ble_adapter_open(loop, "no such adapter", &adapter);
	CHECK(err == -ENODEV);
	ROW("BleakBluetoothNotAvailableError.reason");
	CHECK(strstr(ble_error_text(loop, -ENODEV), "no such adapter") != NULL);
	ble_client_unref(client);
	fixture_close(&fixture);
}

const struct conformance_case conformance_map_client[] = {
	CASE("map: connection", connection),
	CASE("map: identity", identity),
	CASE("map: another adapter", other_adapter),
	CASE("map: values", values),
	CASE("map: notifications", notifications),
	CASE("map: errors", errors),
	{ 0 }
};
