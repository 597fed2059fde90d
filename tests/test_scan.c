/* SPDX-License-Identifier: MIT */
/* Advertisements and scanners, on an adapter whose reports come from the test;
 * searches and timers. */
#include "tests/test_scan.h"

#include <string.h>

#include "base/bytes.h"
#include "tests/failmalloc.h"

/* -- The adapter ------------------------------------------------------------------- */

static struct air *on_air; /* the one that is open */

static int scan_start(struct adapter *adapter, const struct adapter_scan *scan)
{
	int refuse = on_air->refuse;

	(void)adapter;
	on_air->refuse = 0;
	if (refuse)
		return refuse;
	on_air->scan = *scan;
	on_air->starts++;
	return 0;
}

static void scan_stop(struct adapter *adapter)
{
	(void)adapter;
	on_air->stops++;
}

static void air_free(struct adapter *adapter)
{
	(void)adapter;
}

static const struct adapter_class air_class = {
	.name = "air", .scan_start = scan_start, .scan_stop = scan_stop, .free = air_free,
};

static struct adapter backend;

void air_open(struct air *air)
{
	memset(air, 0, sizeof(*air));
	REQUIRE(ble_loop_new(&air->loop) == 0);
	loop_clock_freeze(air->loop);
	backend = (struct adapter){ .class = &air_class, .loop = air->loop };
	air->backend = &backend;
	on_air = air;
	REQUIRE(adapter_new(air->loop, &backend, &air->adapter) == 0);
}

void air_close(struct air *air)
{
	CHECK_INT(air->adapter->refs, 1);
	CHECK_INT(air->starts > air->stops, 0);
	ble_adapter_unref(air->adapter);
	ble_loop_unref(air->loop);
}

struct ble_advertisement air_report(unsigned int number, bool response,
				    const void *data, size_t len)
{
	struct ble_advertisement report = {
		.address = { { (uint8_t)number, (uint8_t)(number >> 8), 0, 0, 0, 0xc0 },
			     BLE_ADDRESS_RANDOM },
		.event = (uint8_t)(BLE_EVENT_LEGACY | BLE_EVENT_CONNECTABLE |
				   BLE_EVENT_SCANNABLE |
				   (response ? BLE_EVENT_SCAN_RESPONSE : 0)),
		.rssi = -50,
		.tx_power = BLE_NO_TX_POWER,
		.primary_phy = 1,
		.sid = BLE_NO_SID,
		.time = 1000,
		.data = bytes(data, len),
	};

	return report;
}

void air_send(struct air *air, const struct ble_advertisement *report)
{
	if (!list_empty(&air->adapter->scanners))
		air->backend->events->report(air->backend->user, report);
}

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "ad", scan_ad }, { "listeners", scan_listeners },
		{ "filters", scan_filters }, { "devices", scan_devices },
		{ "rest", scan_rest }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
