/* SPDX-License-Identifier: MIT */
/* Scanning. */
#include <errno.h>
#include <string.h>

#include "tests/conformance.h"

struct heard {
	struct stand *stand;
	unsigned int reports, named, responses, others, after;
	bool stopped;
	int ended;
	unsigned int ends;
	struct ble_scanner *scanner;
};

static void on_seen(void *user, struct ble_device *device,
		    const struct ble_advertisement *adv)
{
	struct heard *heard = user;
	char name[32];

	if (heard->stopped)
		heard->after++;
	if (!ble_address_equal(&adv->address, &heard->stand->addresses[0])) {
		heard->others++;
		return;
	}
	heard->reports++;
	CHECK(ble_address_equal(ble_device_address(device), &adv->address));
	CHECK(adv->rssi == BLE_NO_RSSI || (adv->rssi < 20 && adv->rssi > -127));
	CHECK(adv->time > UINT64_C(1600000000000000000));
	if (adv->event & BLE_EVENT_SCAN_RESPONSE)
		heard->responses++;
	if (ble_advertisement_name(adv, name, sizeof(name)) &&
	    strcmp(ble_device_name(device), name) == 0)
		heard->named++;
}

static void on_ended(void *user, int error)
{
	struct heard *heard = user;

	heard->ends++;
	heard->ended = error;
}

static struct ble_scanner *listen_to(struct heard *heard, struct stand *stand,
				     const struct ble_scan_params *params)
{
	struct ble_scanner *scanner;

	memset(heard, 0, sizeof(*heard));
	heard->stand = stand;
	REQUIRE(ble_scanner_new(stand->adapter, on_seen, on_ended, heard, &scanner) == 0);
	REQUIRE(ble_scanner_start(scanner, params) == 0);
	heard->scanner = scanner;
	return scanner;
}

static void scan(void)
{
	struct ble_scanner *scanner;
	struct heard heard;
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	for (int i = 0; i < 2; i++) {
		scanner = listen_to(&heard, &stand, NULL);
		CHECK_INT(ble_scanner_start(scanner, NULL), -EALREADY);
		CHECK(stand_wait(&stand, &heard.named, 2, 10000));
		ble_scanner_stop(scanner);
		ble_scanner_stop(scanner);
		heard.stopped = true;
		stand_run(&stand, 500);
		CHECK_INT(heard.after, 0);
		CHECK_INT(heard.ends, 0);
		ble_scanner_unref(scanner);
	}
	stand_close(&stand);
}

static void passive_scan(void)
{
	const struct ble_scan_params params = { .passive = true };
	struct ble_scanner *scanner;
	struct heard heard;
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	scanner = listen_to(&heard, &stand, &params);
	CHECK(stand_wait(&stand, &heard.reports, 4, 15000));
	CHECK_INT(heard.responses, 0);
	ble_scanner_unref(scanner);
	stand_close(&stand);
}

static void filters(void)
{
	static const struct ble_scan_params params[] = {
		{ .name = "no such name" },
		{ .min_rssi = 19 },
	};
	struct ble_uuid never = ble_uuid16(0x1899);
	const struct ble_scan_params services = { .services = &never, .n_services = 1 };
	const struct ble_scan_params name = { .name = "reference" };
	struct heard heard[4];
	struct ble_scanner *scanners[4];
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	scanners[0] = listen_to(&heard[0], &stand, &params[0]);
	scanners[1] = listen_to(&heard[1], &stand, &params[1]);
	scanners[2] = listen_to(&heard[2], &stand, &services);
	scanners[3] = listen_to(&heard[3], &stand, &name);
	CHECK(stand_wait(&stand, &heard[3].reports, 3, 10000));
	for (int i = 0; i < 4; i++) {
		CHECK(i == 3 || heard[i].reports == 0);
		ble_scanner_unref(scanners[i]);
	}
	stand_close(&stand);
}

static void changes_only(void)
{
	const struct ble_scan_params params = { .changes_only = true };
	struct ble_scanner *all, *changes;
	struct heard a, c;
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	changes = listen_to(&c, &stand, &params);
	all = listen_to(&a, &stand, NULL);
	CHECK(stand_wait(&stand, &a.reports, 8, 20000));
	/* Its advertisement, and its scan response if it sends one. */
	CHECK_INT(c.reports, c.responses ? 2 : 1);
	ble_scanner_unref(changes);
	ble_scanner_unref(all);
	stand_close(&stand);
}

static void bad_intervals(void)
{
	static const struct ble_scan_params bad[] = {
		{ .interval_ms = 2 }, { .interval_ms = 10241 },
		{ .interval_ms = 100, .window_ms = 101 },
		{ .interval_ms = 100, .window_ms = 2 },
	};
	struct ble_scanner *scanner;
	struct heard heard = { 0 };
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	REQUIRE(ble_scanner_new(stand.adapter, on_seen, on_ended, &heard, &scanner) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(ble_scanner_start(scanner, &bad[i]), -EINVAL);
	ble_scanner_unref(scanner);
	stand_close(&stand);
}

static void find(void)
{
	const struct ble_scan_params nobody = { .name = "no such name" };
	struct ble_scan_params params = { .n_addresses = 1 };
	struct ble_device *device = NULL;
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	params.addresses = &stand.addresses[0];
	CHECK_INT(ble_scan_find_sync(stand.adapter, &params, 10000, &device), 0);
	CHECK(device && ble_address_equal(ble_device_address(device),
					  &stand.addresses[0]));
	ble_device_unref(device);
	device = NULL;
	CHECK_INT(ble_scan_find_sync(stand.adapter, &nobody, 700, &device), -ETIMEDOUT);
	CHECK(device == NULL);
	stand_close(&stand);
}

/* A scan that runs survives a connect, and goes on by itself afterwards. */
static void scan_through_connects(void)
{
	const struct stand_peer peers[2] = { { 0 } };
	struct ble_scanner *scanner;
	struct ble_client *client;
	struct heard heard;
	struct stand stand;

	REQUIRE(stand_open(&stand, peers, 2) == 0);
	scanner = listen_to(&heard, &stand, NULL);
	CHECK(stand_wait(&stand, &heard.reports, 1, 10000));
	for (int i = 0; i < 3; i++) {
		unsigned int before;

		client = stand_connect(&stand, 1, true);
		before = heard.reports;
		CHECK(stand_wait(&stand, &heard.reports, before + 3, 15000));
		check_reference_value(client, REFERENCE_23, 23);
		ble_client_unref(client);
		before = heard.reports;
		CHECK(stand_wait(&stand, &heard.reports, before + 3, 15000));
	}
	CHECK_INT(heard.ends, 0);
	ble_scanner_unref(scanner);
	stand_close(&stand);
}

static void drop_scanner(void *user, struct ble_device *device,
			 const struct ble_advertisement *adv)
{
	struct heard *heard = user;

	heard->reports++;
	heard->scanner = ble_scanner_unref(heard->scanner);
	/* Both are still there for the rest of the callback. */
	CHECK(ble_address_equal(ble_device_address(device), &adv->address));
}

static void unref_inside_scan(void)
{
	struct heard heard = { 0 };
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	REQUIRE(ble_scanner_new(stand.adapter, drop_scanner, on_ended, &heard,
				&heard.scanner) == 0);
	REQUIRE(ble_scanner_start(heard.scanner, NULL) == 0);
	CHECK(stand_wait(&stand, &heard.reports, 1, 10000));
	stand_run(&stand, 500);
	CHECK_INT(heard.reports, 1);
	CHECK_INT(heard.ends, 0);
	stand_close(&stand);
}

#define NO_SCAN "it cannot scan"

const struct conformance_case conformance_scan[] = {
	CASE("scan", scan, .not_socket = NO_SCAN),
	CASE("passive scan", passive_scan, .not_socket = NO_SCAN),
	CASE("filters", filters, .not_socket = NO_SCAN),
	CASE("changes only", changes_only, .not_socket = NO_SCAN),
	CASE("bad intervals", bad_intervals),
	CASE("find", find, .not_socket = NO_SCAN),
	CASE("scan through connects", scan_through_connects, .not_socket = NO_SCAN),
	CASE("unref inside scan", unref_inside_scan, .not_socket = NO_SCAN),
	{ 0 }
};
