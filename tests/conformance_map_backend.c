/* SPDX-License-Identifier: MIT */
/* doc/from-bleak-and-pygatt.md, the rows about pygatt's backends and the radio:
 * see conformance_map_client.c. */
#define _GNU_SOURCE /* mkdtemp */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance.h"
#if defined(HAVE_BGAPI) && !defined(_WIN32)
#include <unistd.h>

#include "tests/child.h"
#define HAVE_PORTS
#endif

#ifdef HAVE_PORTS

static void check_port(struct ble_loop *loop, const char *port)
{
	const struct ble_address address = { { 1, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM };
	struct ble_adapter *adapter, *other;
	struct ble_client *client;

	ROW("BGAPIBackend(serial_port), start()");
	if (!CHECK_INT(ble_adapter_open(loop, port, &adapter), 0))
		return;
	CHECK_STR(ble_adapter_info(adapter)->backend, "bgapi");
	CHECK(ble_adapter_info(adapter)->address.type == BLE_ADDRESS_PUBLIC);
	CHECK_INT(ble_client_new(adapter, &address, &client), 0);
	ROW("BLEBackend.stop()");
	ble_adapter_unref(adapter);
	CHECK_INT(ble_adapter_open(loop, port, &other), -EBUSY); /* the client's still */
	ble_client_unref(client);
	if (CHECK_INT(ble_adapter_open(loop, port, &other), 0))
		ble_adapter_unref(other);
}

/* The dongle is a process of its own: an open waits for it without dispatching. */
static void port(void)
{
	char folder[] = "/tmp/blewire-XXXXXX", place[64];
	char program[] = "./blewire-dongle-emulator";
	char *argv[] = { program, place, NULL };
	struct ble_loop *loop;
	pid_t dongle;

	REQUIRE(ble_loop_new(&loop) == 0);
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(place, sizeof(place), "pty:%s/dongle", folder);
	if (CHECK_INT(child_start(argv, &dongle), 0)) {
		check_port(loop, place + strlen("pty:"));
		child_stop(dongle);
	}
	unlink(place + strlen("pty:"));
	CHECK_INT(rmdir(folder), 0);
	ble_loop_unref(loop);
}

#endif

static void backend(void)
{
	struct ble_adapter *adapter;
	char text[BLE_ADDRESS_TEXT];
	const char *name = "sim";
	struct ble_device *device;
	struct ble_loop *loop;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	loop = fixture.loop;
	ROW("GATTToolBackend(hci_device), start()");
	REQUIRE(ble_adapter_open(loop, name, &adapter) == 0);
	ROW("BGAPIBackend.get_mac()");
	CHECK_STR(ble_address_text(&ble_adapter_info(adapter)->address, text),
		  "C0:FF:EE:00:00:01");
	REQUIRE(ble_adapter_find_sync(adapter, NULL, 10000, &device) == 0);
	CHECK(ble_device_adapter(device) == adapter);
	ble_device_unref(device);
	ble_adapter_unref(adapter);
	fixture_close(&fixture);
}

/* With the type that is not the peer's it is another address. */
static void address_types(void)
{
	static const struct { uint8_t type; int error; } others[] = {
		{ BLE_ADDRESS_PUBLIC, -ETIMEDOUT }, { BLE_ADDRESS_UNKNOWN, 0 },
	};
	struct ble_connect_params params = { .mtu = 0 };
	struct ble_adapter *adapter;
	struct ble_address address;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	adapter = fixture.adapter;
	address = fixture.addresses[0];
	for (size_t i = 0; i < 2; i++) {
		address.type = others[i].type;
		REQUIRE(ble_client_new(adapter, &address, &client) == 0);
		ROW("DEFAULT_CONNECT_TIMEOUT_S");
		params.timeout_ms = 5000;
		CHECK_INT(ble_client_connect_sync(client, &params), others[i].error);
		if (!others[i].error)
			CHECK(ble_address_equal(ble_client_address(client), &fixture.addresses[0]));
		ble_client_unref(client);
	}
	ROW("BLEAddressType");
	address.type = BLE_ADDRESS_RANDOM;
	REQUIRE(ble_client_new(adapter, &address, &client) == 0);
	ROW("BLEDevice.exchange_mtu(mtu)");
	params.mtu = 100;
	ROW("BLEBackend.connect(address, timeout, address_type)");
	CHECK_INT(ble_client_connect_sync(client, &params), 0);
	CHECK_INT(ble_client_mtu(client), fixture_mtu(&fixture, 100));
	ROW("BLEDevice.disconnect()");
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void radio(void)
{
	struct ble_connect_params params = { .mtu = 0 };
	struct ble_link_params link = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	int rssi = 0;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
	ROW("connect(interval_min, interval_max, supervision_timeout, latency)");
	params.link = (struct ble_link_params){ .interval_min = 60, .interval_max = 76,
						.timeout = 100 };
	CHECK_INT(ble_client_connect_sync(client, &params), 0);
	CHECK_INT(ble_client_link(client, &link), 0);
	CHECK(link.interval_min >= 60 && link.interval_max <= 76);
	CHECK_INT(link.timeout, 100);
	ROW("BLEDevice.get_rssi()");
	CHECK_INT(ble_client_read_rssi_sync(client, &rssi), 0);
	CHECK(rssi < 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void reset(void)
{
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	adapter = fixture.adapter;
	ROW("BGAPIBackend.start(reset), GATTToolBackend.reset()");
	CHECK_INT(ble_adapter_reset_sync(adapter), 0);
	CHECK(!ble_client_connected(client));
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

#define NO_RADIO "a socket pair has no radio"
#define ONCE "it has a dongle of its own, wherever it runs"

const struct conformance_case conformance_map_backend[] = {
	CASE("map: pygatt's backend", backend),
#ifdef HAVE_PORTS
	CASE("map: pygatt's port", port, .not_socket = ONCE, .not_dongle = ONCE),
#endif
	CASE("map: pygatt's address types", address_types),
	CASE("map: pygatt's radio", radio, .not_socket = NO_RADIO),
	CASE("map: pygatt's reset", reset, .not_socket = NO_RADIO,
	     .not_dongle = "coming back wants a loop of its own"),
	{ 0 }
};
