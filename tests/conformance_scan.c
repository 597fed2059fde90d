/* SPDX-License-Identifier: MIT */
/* Scanning. */
#include <errno.h>
#include <string.h>

#include "tests/conformance.h"

struct heard {
	struct fixture *fixture;
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
	if (!ble_address_equal(&adv->address, &heard->fixture->addresses[0])) {
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

static struct ble_scanner *listen_to(struct heard *heard, struct fixture *fixture,
				     const struct ble_scan_params *params)
{
	struct ble_scanner *scanner;

	memset(heard, 0, sizeof(*heard));
	heard->fixture = fixture;
	REQUIRE(ble_scanner_new(fixture->adapter, on_seen, on_ended, heard, &scanner) == 0);
	REQUIRE(ble_scanner_start(scanner, params) == 0);
	heard->scanner = scanner;
	return scanner;
}

static void scan(void)
{
	struct ble_scanner *scanner;
	struct heard heard;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	for (int i = 0; i < 2; i++) {
		scanner = listen_to(&heard, &fixture, NULL);
		CHECK_INT(ble_scanner_start(scanner, NULL), -EALREADY);
		CHECK(fixture_wait(&fixture, &heard.named, 2, 10000));
		ble_scanner_stop(scanner);
		ble_scanner_stop(scanner);
		heard.stopped = true;
		fixture_run(&fixture, 500);
		CHECK_INT(heard.after, 0);
		CHECK_INT(heard.ends, 0);
		ble_scanner_unref(scanner);
	}
	fixture_close(&fixture);
}

static void passive_scan(void)
{
	const struct ble_scan_params params = { .passive = true };
	struct ble_scanner *scanner;
	struct heard heard;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	scanner = listen_to(&heard, &fixture, &params);
	CHECK(fixture_wait(&fixture, &heard.reports, 4, 15000));
	CHECK_INT(heard.responses, 0);
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
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
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	scanners[0] = listen_to(&heard[0], &fixture, &params[0]);
	scanners[1] = listen_to(&heard[1], &fixture, &params[1]);
	scanners[2] = listen_to(&heard[2], &fixture, &services);
	scanners[3] = listen_to(&heard[3], &fixture, &name);
	CHECK(fixture_wait(&fixture, &heard[3].reports, 3, 10000));
	for (int i = 0; i < 4; i++) {
		CHECK(i == 3 || heard[i].reports == 0);
		ble_scanner_unref(scanners[i]);
	}
	fixture_close(&fixture);
}

static void changes_only(void)
{
	const struct ble_scan_params params = { .changes_only = true };
	struct ble_scanner *all, *changes;
	struct heard a, c;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	changes = listen_to(&c, &fixture, &params);
	all = listen_to(&a, &fixture, NULL);
	CHECK(fixture_wait(&fixture, &a.reports, 8, 20000));
	/* Its advertisement, and its scan response if it sends one. */
	CHECK_INT(c.reports, c.responses ? 2 : 1);
	ble_scanner_unref(changes);
	ble_scanner_unref(all);
	fixture_close(&fixture);
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
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_scanner_new(fixture.adapter, on_seen, on_ended, &heard, &scanner) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(ble_scanner_start(scanner, &bad[i]), -EINVAL);
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
}

static void service_filter(void)
{
	struct ble_uuid uuids[2] = { ble_uuid16(0x1899), ble_uuid16(REFERENCE_SERVICE) };
	struct ble_scan_params params = { .services = uuids, .n_services = 2 };
	struct ble_scanner *scanner;
	struct heard heard;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	scanner = listen_to(&heard, &fixture, &params);
	CHECK(fixture_wait(&fixture, &heard.reports, 3, 10000));
	ble_scanner_unref(scanner);
	/* In the scan response, which later reports bring along. */
	REQUIRE(ble_uuid_parse(REFERENCE_LENGTHS, &uuids[1]) == 0);
	scanner = listen_to(&heard, &fixture, &params);
	CHECK(fixture_wait(&fixture, &heard.reports, 3, 10000));
	CHECK(heard.responses > 0 && heard.responses < heard.reports);
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
}

/* -- What an advertisement says ------------------------------------------------------ */

static void fields(void)
{
	struct ble_scan_params params = { .n_addresses = 1, .keep = 4 };
	const struct ble_advertisement *adv;
	struct ble_scanner *scanner;
	struct ble_device *device;
	size_t cursor = 0, n = 0;
	struct ble_bytes data;
	struct ble_uuid uuid;
	struct fixture fixture;
	struct ble_ad ad;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	params.addresses = &fixture.addresses[0];
	REQUIRE(ble_adapter_scan_sync(fixture.adapter, &params, 3000, &scanner) == 0);
	device = ble_scanner_next_device(scanner, NULL);
	REQUIRE(device != NULL);
	CHECK(!ble_scanner_next_device(scanner, device));
	CHECK(ble_device_adapter(device) == fixture.adapter);
	adv = ble_device_advertisement(device);
	CHECK(ble_device_connectable(device));
	CHECK_INT(ble_device_rssi(device), adv->rssi);
	CHECK(ble_advertisement_flags(adv) & (BLE_FLAG_GENERAL | BLE_FLAG_LE_ONLY));
	CHECK_INT(ble_advertisement_tx_power(adv), REFERENCE_TX_POWER);
	CHECK_INT(ble_advertisement_appearance(adv), 0);
	while (ble_advertisement_ad(adv, &cursor, &ad))
		n++;
	CHECK_INT(n, 7);
	CHECK(ble_advertisement_manufacturer_of(adv, 0xffff, &data));
	CHECK_INT(data.len, 3);
	uuid = ble_uuid16(0x180f);
	CHECK(ble_advertisement_service_data_of(adv, &uuid, &data));
	CHECK(data.len == 1 && data.data[0] == REFERENCE_CHARGE);
	cursor = 0;
	CHECK(ble_advertisement_service(adv, &cursor, &uuid) &&
	      ble_uuid_short(&uuid) == REFERENCE_SERVICE);
	CHECK(ble_advertisement_service(adv, &cursor, &uuid) && !ble_uuid_short(&uuid));
	CHECK(!ble_advertisement_service(adv, &cursor, &uuid));
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
}

static void connect_to_device(void)
{
	struct ble_device *device = NULL;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_adapter_find_sync(fixture.adapter,
				   &(struct ble_scan_params){ .name = "reference" }, 10000,
				   &device) == 0);
	REQUIRE(ble_client_new_for_device(device, &client) == 0);
	ble_device_unref(device);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* -- Listeners and lists -------------------------------------------------------------- */

struct second {
	struct ble_listener *listener;
	unsigned int reports;
};

static void hear_one(void *user, struct ble_device *device,
		     const struct ble_advertisement *adv)
{
	struct second *second = user;

	(void)device;
	(void)adv;
	second->reports++;
	ble_listener_free(second->listener);
	second->listener = NULL;
}

static void listeners(void)
{
	struct second leaves = { 0 }, stays = { 0 };
	struct ble_scanner *scanner;
	struct heard heard;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	scanner = listen_to(&heard, &fixture, NULL);
	CHECK_INT(ble_scanner_listen(scanner, hear_one, &leaves, &leaves.listener), 0);
	CHECK_INT(ble_scanner_listen(scanner, hear_one, &stays, &stays.listener), 0);
	ble_listener_free(stays.listener);
	stays.listener = NULL;
	CHECK(fixture_wait(&fixture, &heard.reports, 3, 10000));
	CHECK_INT(leaves.reports, 1);
	CHECK_INT(stays.reports, 0);
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
}

static bool is_user(void *user, struct ble_device *device,
		    const struct ble_advertisement *adv)
{
	(void)device;
	return ble_address_equal(&adv->address, user);
}

static void devices(void)
{
	const struct fixture_peer peers[3] = { { 0 } };
	struct ble_scan_params params = { .keep = 8, .accept = is_user };
	struct ble_device *device = NULL;
	struct ble_scanner *scanner;
	unsigned int seen[3] = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, peers, 3) == 0);
	REQUIRE(ble_adapter_scan_sync(fixture.adapter, NULL, 3000, &scanner) == 0);
	while ((device = ble_scanner_next_device(scanner, device)))
		for (int i = 0; i < 3; i++)
			seen[i] += ble_address_equal(ble_device_address(device),
						     &fixture.addresses[i]);
	for (int i = 0; i < 3; i++)
		CHECK_INT(seen[i], 1);
	ble_scanner_unref(scanner);
	params.accept_user = &fixture.addresses[1];
	REQUIRE(ble_adapter_scan_sync(fixture.adapter, &params, 3000, &scanner) == 0);
	device = ble_scanner_next_device(scanner, NULL);
	CHECK(device && is_user(&fixture.addresses[1], device,
				ble_device_advertisement(device)));
	CHECK(device && !ble_scanner_next_device(scanner, device));
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
}

/* -- Searches ------------------------------------------------------------------------- */

static void find(void)
{
	const struct ble_scan_params nobody = { .name = "no such name" };
	const struct ble_scan_params half = { .name = "reference", .whole_name = true };
	struct ble_scan_params params = { .n_addresses = 1 };
	struct ble_device *device = NULL;
	struct ble_address address;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	address = fixture.addresses[0];
	params.addresses = &address;
	for (int i = 0; i < 2; i++) {
		CHECK_INT(ble_adapter_find_sync(fixture.adapter, &params, 10000, &device), 0);
		CHECK(device && ble_address_equal(ble_device_address(device),
						  &fixture.addresses[0]));
		ble_device_unref(device);
		device = NULL;
		address.type = BLE_ADDRESS_UNKNOWN;
	}
	CHECK_INT(ble_adapter_find_sync(fixture.adapter, &nobody, 700, &device), -ETIMEDOUT);
	check_error_names(&fixture, -ETIMEDOUT, "was heard in time");
	CHECK_INT(ble_adapter_find_sync(fixture.adapter, &half, 700, &device), -ETIMEDOUT);
	CHECK(device == NULL);
	fixture_close(&fixture);
}

struct found {
	unsigned int done;
	int error;
	struct ble_address address;
};

static void on_found(void *user, int error, struct ble_device *device)
{
	struct found *found = user;

	found->done++;
	found->error = error;
	if (device)
		found->address = *ble_device_address(device);
}

static void find_async(void)
{
	const struct ble_scan_params nobody = { .name = "no such name" };
	struct found found[3] = { { 0 } };
	struct ble_scan_params params = { .accept = is_user };
	struct fixture fixture;
	struct ble_op *op;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	params.accept_user = &fixture.addresses[0];
	CHECK_INT(ble_adapter_find(fixture.adapter, &params, 10000, on_found, &found[0],
				NULL), 0);
	CHECK_INT(ble_adapter_find(fixture.adapter, &nobody, 600, on_found, &found[1],
				NULL), 0);
	CHECK_INT(ble_adapter_find(fixture.adapter, &nobody, 600, on_found, &found[2],
				&op), 0);
	CHECK_INT(found[0].done, 0);
	CHECK(fixture_wait(&fixture, &found[0].done, 1, 10000));
	CHECK_INT(found[0].error, 0);
	CHECK(ble_address_equal(&found[0].address, &fixture.addresses[0]));
	ble_op_cancel(op);
	CHECK(fixture_wait(&fixture, &found[1].done, 1, 2000));
	CHECK_INT(found[1].error, -ETIMEDOUT);
	fixture_run(&fixture, 700);
	CHECK_INT(found[0].done, 1);
	CHECK_INT(found[1].done, 1);
	CHECK_INT(found[2].done, 0);
	fixture_close(&fixture);
}

/* A scan that runs survives a connect, and goes on by itself afterwards. */
static void scan_through_connects(void)
{
	const struct fixture_peer peers[2] = { { 0 } };
	struct ble_scanner *scanner;
	struct ble_client *client;
	struct heard heard;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, peers, 2) == 0);
	scanner = listen_to(&heard, &fixture, NULL);
	CHECK(fixture_wait(&fixture, &heard.reports, 1, 10000));
	for (int i = 0; i < 3; i++) {
		unsigned int before;

		client = fixture_connect(&fixture, 1, true);
		before = heard.reports;
		CHECK(fixture_wait(&fixture, &heard.reports, before + 3, 15000));
		check_reference_value(client, REFERENCE_23, 23);
		ble_client_unref(client);
		before = heard.reports;
		CHECK(fixture_wait(&fixture, &heard.reports, before + 3, 15000));
	}
	CHECK_INT(heard.ends, 0);
	ble_scanner_unref(scanner);
	fixture_close(&fixture);
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
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_scanner_new(fixture.adapter, drop_scanner, on_ended, &heard,
				&heard.scanner) == 0);
	REQUIRE(ble_scanner_start(heard.scanner, NULL) == 0);
	CHECK(fixture_wait(&fixture, &heard.reports, 1, 10000));
	fixture_run(&fixture, 500);
	CHECK_INT(heard.reports, 1);
	CHECK_INT(heard.ends, 0);
	fixture_close(&fixture);
}

#define NO_SCAN "it cannot scan"
#define NAMES "its peripherals advertise their names alone"

const struct conformance_case conformance_scan[] = {
	CASE("scan", scan, .not_socket = NO_SCAN),
	CASE("passive scan", passive_scan, .not_socket = NO_SCAN),
	CASE("filters", filters, .not_socket = NO_SCAN),
	CASE("changes only", changes_only, .not_socket = NO_SCAN),
	CASE("bad intervals", bad_intervals),
	CASE("service filter", service_filter, .not_socket = NO_SCAN, .not_kernel = NAMES),
	CASE("fields", fields, .not_socket = NO_SCAN, .not_kernel = NAMES),
	CASE("connect to device", connect_to_device, .not_socket = NO_SCAN),
	CASE("listeners", listeners, .not_socket = NO_SCAN),
	CASE("devices", devices, .not_socket = NO_SCAN),
	CASE("find", find, .not_socket = NO_SCAN),
	CASE("find, asynchronous", find_async, .not_socket = NO_SCAN),
	CASE("scan through connects", scan_through_connects, .not_socket = NO_SCAN),
	CASE("unref inside scan", unref_inside_scan, .not_socket = NO_SCAN),
	{ 0 }
};
