/* SPDX-License-Identifier: MIT */
/*
 * A program that was built against an older header, with a newer library: this
 * file knows blewire.h; the library's calls were built against a copy of it in
 * which each struct that callers fill in has a new member, made of reserved room
 * by sed (local.mk). What the program sets arrives, and the new members are 0.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/fixture.h"
#include "tests/grown_library.h"
#include "tests/harness.h"

static const uint8_t octets[4] = { 1, 2, 3, 4 };

static const struct ble_scan_params scan = { .name = "reference 60", .keep = 3 };
static const struct ble_connect_params connect = {
	.timeout_ms = 5000, .mtu = 100,
	.link = { .interval_min = 24, .interval_max = 40, .timeout = 500 },
};
static const struct ble_link_params slow = {
	.interval_min = 80, .interval_max = 100, .latency = 2, .timeout = 600,
};
static const struct ble_write writes[] = {
	{ .handle = REFERENCE_EMPTY, .value = { octets, 4 } },
	{ .handle = REFERENCE_ONE, .value = { octets, 1 } },
};
static const struct ble_keeper_params keeping = {
	.connect = { .timeout_ms = 5000, .mtu = 100 }, .from_ms = 20, .to_ms = 30, .jitter = 7,
	.idle_ms = 40, .give_up_ms = 50,
};
static const struct ble_advertisement adv = {
	.tx_power = -7, .scan_response = { (const uint8_t *)"\x03\x09hi", 4 },
};

static void layout(void)
{
	static const struct {
		size_t size;
		const void *caller;
	} rows[GROWN_STRUCTS] = {
		[GROWN_SCAN] = { sizeof(scan), &scan },
		[GROWN_CONNECT] = { sizeof(connect), &connect },
		[GROWN_LINK] = { sizeof(slow), &slow },
		[GROWN_WRITE] = { sizeof(writes[0]), &writes[1] },
		[GROWN_KEEPER] = { sizeof(keeping), &keeping },
		[GROWN_ADVERTISEMENT] = { sizeof(adv), &adv },
	};

	for (int i = 0; i < GROWN_STRUCTS; i++) {
		harness_about("struct %d", i);
		CHECK_INT(grown_size((enum grown_struct)i), rows[i].size);
		CHECK_INT(grown_newer((enum grown_struct)i, rows[i].caller), 0);
	}
}

static void is_up(void *up, const struct ble_keeper_event *event)
{
	*(unsigned int *)up += event->state == BLE_KEEPER_UP;
}

static void calls(void)
{
	struct ble_keeper *keeper;
	unsigned int up = 0;
	struct ble_link_params now = { .reserved = { 1 } };
	struct ble_scanner *scanner;
	struct ble_device *device;
	struct ble_client *client;
	struct fixture fixture;
	uint8_t back[8];
	char name[8];
	size_t len;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_adapter_scan_sync(fixture.adapter, &scan, 3000, &scanner) == 0);
	device = ble_scanner_next_device(scanner, NULL);
	REQUIRE(device);
	CHECK_STR(ble_device_name(device), scan.name);
	REQUIRE(ble_client_new_for_device(device, &client) == 0);
	ble_scanner_unref(scanner);
	REQUIRE(ble_client_connect_sync(client, &connect) == 0);
	CHECK_INT(ble_client_mtu(client), 100);
	CHECK_INT(ble_client_link(client, &now), 0);
	CHECK_INT(now.interval_max, 40);
	CHECK_INT(now.reserved[0], 0); /* all of it is filled */
	CHECK_INT(ble_client_update_link_sync(client, &slow), 0);
	CHECK_INT(ble_client_link(client, &now), 0);
	CHECK_INT(now.latency, 2);
	CHECK_INT(ble_client_write_reliable_sync(client, writes, 2), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_ONE, back, sizeof(back), &len), 0);
	CHECK(len == 1 && back[0] == 1);
	CHECK_INT(ble_advertisement_name(&adv, name, sizeof(name)), 2);
	CHECK_INT(ble_advertisement_tx_power(&adv), -7);
	ble_client_disconnect_sync(client);
	REQUIRE(ble_keeper_new(client, &keeping, is_up, &up, &keeper) == 0);
	CHECK(fixture_wait(&fixture, &up, 1, 10000));
	CHECK_INT(ble_client_mtu(client), 100);
	CHECK_INT(keeper->params.from_ms, 20);
	CHECK_INT(keeper->params.give_up_ms, 50);
	ble_keeper_free(keeper);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* A member that this library knows is no longer reserved; what is behind it is. */
static void newer_caller(void)
{
	struct ble_scan_params params = scan;
	struct ble_device *device;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	memset(params.reserved, 0xff, sizeof(uint64_t));
	CHECK(grown_newer(GROWN_SCAN, &params) == UINT64_MAX);
	CHECK_INT(ble_adapter_find_sync(fixture.adapter, &params, 3000, &device), 0);
	ble_device_unref(device);
	params.reserved[1] = 1;
	CHECK_INT(ble_adapter_find_sync(fixture.adapter, &params, 3000, &device), -EINVAL);
	fixture_close(&fixture);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		TEST(layout), { "calls", calls, &fixture_sim },
		{ "newer_caller", newer_caller, &fixture_sim }, { 0 },
	};
	const struct test_suite suites[] = {
		{ "grown", cases }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
