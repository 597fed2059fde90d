/* SPDX-License-Identifier: MIT */
/* doc/from-bleak-and-pygatt.md, the rows about adapters, scanning and what it
 * finds: see conformance_map_client.c. */
#include <errno.h>
#include <string.h>

#include "tests/conformance.h"

struct heard {
	unsigned int reports, others;
};

static void on_seen(void *user, struct ble_device *device,
		    const struct ble_advertisement *adv)
{
	struct heard *heard = user;

	CHECK(ble_address_equal(ble_device_address(device), &adv->address));
	heard->reports++;
}

static void on_other(void *user, struct ble_device *device,
		     const struct ble_advertisement *adv)
{
	struct heard *heard = user;

	(void)device;
	(void)adv;
	heard->others++;
}

static void on_ended(void *user, int error)
{
	(void)user;
	CHECK_INT(error, 0);
}

static bool is_named(void *user, struct ble_device *device,
		     const struct ble_advertisement *adv)
{
	(void)user;
	(void)adv;
	return strncmp(ble_device_name(device), "reference", 9) == 0;
}

static void scanner(void)
{
	struct heard heard = { 0 }, *user = &heard;
	struct ble_scan_params params = { .keep = 8 };
	ble_seen_func callback = NULL;
	struct ble_listener *listener;
	struct ble_adapter *adapter;
	struct ble_scanner *scanner;
	struct ble_device *device;
	unsigned int found = 0;
	struct ble_loop *loop;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	adapter = fixture.adapter;
	loop = fixture.loop;
	ROW("AdvertisementDataCallback");
	callback = on_seen;
	ROW("BleakScanner(detection_callback)");
	REQUIRE(ble_scanner_new(adapter, callback, on_ended, user, &scanner) == 0);
	ROW("AdvertisementDataFilter");
	params.accept = is_named;
	ROW("BleakScanner.start()");
	CHECK_INT(ble_scanner_start(scanner, &params), 0);
	ROW("BleakScanner.register_detection_callback()");
	CHECK_INT(ble_scanner_listen(scanner, on_other, user, &listener), 0);
	ROW("BleakScanner.call_detection_callbacks()");
	CHECK_INT(ble_loop_dispatch(loop, 1000), 0);
	CHECK(fixture_wait(&fixture, &heard.others, 2, 10000));
	CHECK(heard.reports >= heard.others);
	ROW("the function that register_detection_callback() returns");
	ble_listener_free(listener);
	heard.others = 0;
	heard.reports = 0;
	CHECK(fixture_wait(&fixture, &heard.reports, 2, 10000));
	CHECK_INT(heard.others, 0);
	ROW("BleakScanner.seen_devices");
	for (device = NULL; (device = ble_scanner_next_device(scanner, device));)
		found++;
	CHECK_INT(found, 1);
	ROW("BleakScanner.stop()");
	ble_scanner_stop(scanner);
	heard.reports = 0;
	fixture_run(&fixture, 500);
	CHECK_INT(heard.reports, 0);
	params.min_rssi = 20;
	ROW("BleakScanner.set_scanning_filter()");
	CHECK_INT(ble_scanner_start(scanner, &params), 0);
	fixture_run(&fixture, 500);
	CHECK_INT(heard.reports, 0);
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
}

static void found_devices(void)
{
	struct ble_scan_params by_address = { .n_addresses = 1 };
	const struct ble_advertisement *adv;
	struct ble_scan_params params = { 0 };
	struct ble_scanner *scanner;
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct ble_device *device;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	adapter = fixture.adapter;
	ROW("BleakScanner.discover(timeout)");
	REQUIRE(ble_adapter_scan_sync(adapter, NULL, 5000, &scanner) == 0);
	ROW("BleakScanner.discovered_devices");
	REQUIRE((device = ble_scanner_next_device(scanner, NULL)));
	ROW("BleakScanner.get_discovered_devices()");
	CHECK(ble_scanner_next_device(scanner, NULL) == device);
	ROW("BleakScanner.discovered_devices_and_advertisement_data");
	adv = ble_device_advertisement(device);
	CHECK(ble_address_equal(&adv->address, &fixture.addresses[0]));
	ROW("BLEDevice.address");
	CHECK(ble_address_equal(ble_device_address(device), &fixture.addresses[0]));
	ROW("BLEDevice.name");
	CHECK_INT(strncmp(ble_device_name(device), "reference", 9), 0);
	ROW("BLEDevice.details");
	CHECK(ble_device_adapter(device) == adapter);
	ROW("BleakScanner.create_or_update_device()");
	device = ble_device_ref(device);
	ble_scanner_unref(scanner);
	ROW("BleakClient(device)");
	REQUIRE(ble_client_new_for_device(device, &client) == 0);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	ble_client_unref(client);
	ble_device_unref(device);
	by_address.addresses = &fixture.addresses[0];
	ROW("BleakScanner.find_device_by_address()");
	REQUIRE(ble_adapter_find_sync(adapter, &by_address, 10000, &device) == 0);
	ble_device_unref(device);
	ROW("BleakScanner.find_device_by_filter()");
	params.accept = is_named;
	REQUIRE(ble_adapter_find_sync(adapter, &params, 10000, &device) == 0);
	ble_device_unref(device);
	ROW("BleakDeviceNotFoundError");
	by_address.min_rssi = 20;
	CHECK(ble_adapter_find_sync(adapter, &by_address, 700, &device) == -ETIMEDOUT);
	fixture_close(&fixture);
}

struct iteration {
	struct ble_listener *listener;
	unsigned int left, heard;
};

static void on_each(void *user, struct ble_device *device,
		    const struct ble_advertisement *adv)
{
	struct iteration *iteration = user;

	(void)device;
	(void)adv;
	iteration->heard++;
	if (!--iteration->left)
		ble_listener_free(iteration->listener); /* break */
}

static void iterator(void)
{
	struct iteration iteration = { .left = 3 }, *user = &iteration;
	struct heard heard = { 0 };
	struct ble_listener *listener;
	struct ble_scanner *scanner;
	struct ble_device *device;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_scanner_new(fixture.adapter, on_seen, on_ended, &heard, &scanner) == 0);
	CHECK_INT(ble_scanner_start(scanner, &(struct ble_scan_params){ .keep = 1 }), 0);
	ROW("BleakScanner.advertisement_data()");
	CHECK_INT(ble_scanner_listen(scanner, on_each, user, &listener), 0);
	iteration.listener = listener;
	CHECK(fixture_wait(&fixture, &heard.reports, 6, 10000));
	CHECK_INT(iteration.heard, 3);
	ROW("BLEDevice");
	device = ble_scanner_next_device(scanner, NULL);
	REQUIRE(device != NULL);
	ROW("BLEDevice.rssi");
	CHECK(ble_device_rssi(device) < 20 || ble_device_rssi(device) == BLE_NO_RSSI);
	ROW("async with BleakScanner()");
	CHECK(ble_scanner_unref(scanner) == NULL);
	heard.reports = 0;
	fixture_run(&fixture, 500);
	CHECK_INT(heard.reports, 0);
	fixture_close(&fixture);
}

/* The company 0xffff, at the start of a maker's data. */
static bool has_pattern(void *user, struct ble_device *device,
			const struct ble_advertisement *adv)
{
	struct ble_bytes value;

	(void)user;
	(void)device;
	return ble_advertisement_field(adv, BLE_AD_MANUFACTURER, &value) && value.len >= 2 &&
	       memcmp(value.data, "\xff\xff", 2) == 0;
}

static void bluez_filters(void)
{
	struct ble_scan_params params = { 0 };
	struct ble_adapter *adapter;
	struct ble_device *device;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	adapter = fixture.adapter;
	ROW("BleakScanner(bluez=dict(filters))");
	params.min_rssi = -90;
	REQUIRE(ble_adapter_find_sync(adapter, &params, 10000, &device) == 0);
	CHECK(ble_device_rssi(device) >= -90);
	ble_device_unref(device);
	params.min_rssi = 20;
	CHECK_INT(ble_adapter_find_sync(adapter, &params, 700, &device), -ETIMEDOUT);
	params.min_rssi = 0;
	ROW("OrPattern, BleakScanner(bluez=dict(or_patterns))");
	params.accept = has_pattern;
	REQUIRE(ble_adapter_find_sync(adapter, &params, 10000, &device) == 0);
	ROW("AdvertisementDataType");
	CHECK(has_pattern(NULL, device, ble_device_advertisement(device)));
	CHECK(BLE_AD_MANUFACTURER == 0xff);
	ble_device_unref(device);
	fixture_close(&fixture);
}

/* The reference's own advertisement: see advertise() in reference.c. */
static void advertisement(void)
{
	struct ble_scan_params params = { .n_services = 1 };
	const struct ble_advertisement *adv;
	struct ble_uuid uuid, first;
	struct ble_adapter *adapter;
	struct ble_device *device;
	struct ble_bytes data;
	struct fixture fixture;
	uint16_t company;
	size_t cursor = 0;
	char name[32];

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	adapter = fixture.adapter;
	ROW("BleakScanner(service_uuids)");
	CHECK_INT(ble_uuid_parse(REFERENCE_LENGTHS, &uuid), 0);
	params.services = &uuid;
	REQUIRE(ble_adapter_find_sync(adapter, &params, 10000, &device) == 0);
	ROW("AdvertisementData");
	adv = ble_device_advertisement(device);
	ROW("AdvertisementData.local_name");
	CHECK(ble_advertisement_name(adv, name, sizeof(name)) == 12);
	ROW("AdvertisementData.manufacturer_data");
	CHECK(ble_advertisement_manufacturer(adv, &cursor, &company, &data));
	CHECK_INT(company, 0xffff);
	CHECK_INT(data.len, 3);
	cursor = 0;
	ROW("AdvertisementData.service_data");
	CHECK(ble_advertisement_service_data(adv, &cursor, &first, &data));
	CHECK_INT(ble_uuid_short(&first), 0x180f);
	CHECK(data.len == 1 && data.data[0] == REFERENCE_CHARGE);
	cursor = 0;
	ROW("AdvertisementData.service_uuids");
	CHECK(ble_advertisement_service(adv, &cursor, &first));
	CHECK_INT(ble_uuid_short(&first), REFERENCE_SERVICE);
	ROW("AdvertisementData.tx_power");
	CHECK_INT(ble_advertisement_tx_power(adv), REFERENCE_TX_POWER);
	ROW("AdvertisementData.rssi");
	CHECK(adv->rssi < 20 || adv->rssi == BLE_NO_RSSI);
	ROW("AdvertisementData.platform_data");
	CHECK(adv->data.len > 0);
	ROW("advertising data and scan response, merged");
	CHECK(adv->advertised.len && adv->scan_response.len);
	ROW("BleakScanner.is_allowed_uuid()");
	CHECK(ble_advertisement_has_service(adv, &uuid));
	ble_device_unref(device);
	ROW("BleakScanner.find_device_by_name()");
	params = (struct ble_scan_params){ .name = "reference 60", .whole_name = true };
	REQUIRE(ble_adapter_find_sync(adapter, &params, 10000, &device) == 0);
	ble_device_unref(device);
	fixture_close(&fixture);
}

/* Nothing is asked for, so no scan response comes. */
static void passive_scan(void)
{
	struct ble_scan_params params = { .keep = 1 };
	const struct ble_advertisement *adv;
	struct ble_scanner *scanner;
	struct ble_device *device;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	ROW("BleakScanner(scanning_mode)");
	params.passive = true;
	REQUIRE(ble_adapter_scan_sync(fixture.adapter, &params, 5000, &scanner) == 0);
	REQUIRE((device = ble_scanner_next_device(scanner, NULL)));
	adv = ble_device_advertisement(device);
	CHECK(adv->advertised.len > 0);
	CHECK_INT(adv->scan_response.len, 0);
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
}

/* What pygatt has in a dict. */
static void check_result(const struct fixture *fixture, struct ble_device *device)
{
	const struct ble_advertisement *adv;
	unsigned int names = 0;
	size_t cursor = 0;
	struct ble_ad ad;

	REQUIRE(device != NULL);
	adv = ble_device_advertisement(device);
	ROW("BLEBackend.scan()['address']");
	CHECK(ble_address_equal(ble_device_address(device), &fixture->addresses[0]));
	ROW("BLEBackend.scan()['name']");
	CHECK_STR(ble_device_name(device), "reference 60");
	ROW("BLEBackend.scan()['rssi']");
	CHECK(ble_device_rssi(device) < 20);
	ROW("BLEBackend.scan()['packet_data']");
	while (ble_advertisement_ad(adv, &cursor, &ad))
		names += ad.type == BLE_AD_NAME && ad.value.len == strlen("reference 60");
	CHECK_INT(names, 1);
}

static void pygatt_scan(void)
{
	struct ble_scan_params params = { 0 };
	struct heard heard = { 0 }, *user = &heard;
	struct ble_scanner *scanner;
	struct ble_adapter *adapter;
	struct ble_device *device;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	adapter = fixture.adapter;
	ROW("BLEBackend.scan(timeout, scan_interval, scan_window, active)");
	params = (struct ble_scan_params){ .interval_ms = 75, .window_ms = 50 };
	REQUIRE(ble_adapter_scan_sync(adapter, &params, 5000, &scanner) == 0);
	CHECK(ble_scanner_next_device(scanner, NULL) != NULL);
	ble_scanner_unref(scanner);
	ROW("BLEBackend.filtered_scan(name_filter)");
	params = (struct ble_scan_params){ .name = "refer" };
	REQUIRE(ble_adapter_scan_sync(adapter, &params, 5000, &scanner) == 0);
	CHECK(ble_scanner_next_device(scanner, NULL) != NULL);
	check_result(&fixture, ble_scanner_next_device(scanner, NULL));
	ble_scanner_unref(scanner);
	ROW("BLEBackend.scan(scan_cb)");
	REQUIRE(ble_scanner_new(adapter, on_seen, on_ended, user, &scanner) == 0);
	CHECK_INT(ble_scanner_start(scanner, NULL), 0);
	CHECK(fixture_wait(&fixture, &heard.reports, 2, 10000));
	ble_scanner_unref(scanner);
	ROW("scan_cb that returns True");
	params.accept = is_named;
	REQUIRE(ble_adapter_find_sync(adapter, &params, 10000, &device) == 0);
	ble_device_unref(device);
	fixture_close(&fixture);
}

#define NO_SCAN "it cannot scan"
#define NAMES "its peripherals advertise their names alone"

const struct conformance_case conformance_map_scan[] = {
	CASE("map: scanner", scanner, .not_socket = NO_SCAN),
	CASE("map: found devices", found_devices, .not_socket = NO_SCAN),
	CASE("map: iterator", iterator, .not_socket = NO_SCAN),
	CASE("map: bluez filters", bluez_filters, .not_socket = NO_SCAN, .not_kernel = NAMES),
	CASE("map: advertisement", advertisement, .not_socket = NO_SCAN, .not_kernel = NAMES),
	CASE("map: passive scan", passive_scan, .not_socket = NO_SCAN),
	CASE("map: pygatt's scan", pygatt_scan, .not_socket = NO_SCAN),
	{ 0 }
};
