/* SPDX-License-Identifier: MIT */
/* A scanner's devices: merged reports, the list, and the limits of both. */
#include "tests/test_scan.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/failmalloc.h"

static void ignore(void *user, struct ble_device *device,
		   const struct ble_advertisement *adv)
{
	(void)user;
	(void)device;
	(void)adv;
}

static struct ble_scanner *scan(struct air *air, const struct ble_scan_params *params)
{
	struct ble_scanner *scanner;

	air_open(air);
	REQUIRE(ble_scanner_new(air->adapter, ignore, NULL, NULL, &scanner) == 0);
	REQUIRE(ble_scanner_start(scanner, params) == 0);
	return scanner;
}

static unsigned int number(const struct ble_device *device)
{
	return get_le16(ble_device_address(device)->octet);
}

/* The numbers of the devices, in order, as text. */
static const char *listed(const struct ble_scanner *scanner)
{
	static char text[100];
	struct ble_device *device = NULL;
	size_t at = 0;

	*text = '\0';
	while ((device = ble_scanner_next_device(scanner, device)) && at < sizeof(text) - 8)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%u ",
				       number(device));
	return text;
}

/* -- Merging ---------------------------------------------------------------------- */

static void check_part(struct ble_bytes part, const char *text)
{
	if (CHECK_INT(part.len, strlen(text)) && part.len)
		CHECK_MEM(part.data, text, part.len);
}

static void check_device(const struct ble_scanner *scanner, const char *advertised,
			 const char *response, const char *data, const char *name)
{
	struct ble_device *device = ble_scanner_next_device(scanner, NULL);
	const struct ble_advertisement *adv;

	REQUIRE(device != NULL);
	adv = ble_device_advertisement(device);
	check_part(adv->advertised, advertised);
	check_part(adv->scan_response, response);
	check_part(adv->data, data);
	CHECK_STR(ble_device_name(device), name);
	CHECK_INT(ble_device_rssi(device), adv->rssi);
	CHECK(ble_device_adapter(device) == scanner->adapter);
}

static void merged(void)
{
	const struct ble_scan_params params = { .keep = 1 };
	struct ble_advertisement directed, response;
	struct ble_scanner *scanner;
	struct air air;

	scanner = scan(&air, &params);
	CHECK(ble_scanner_next_device(scanner, NULL) == NULL);
	SEND(&air, 1, false, "\x04\x08" "abc");
	check_device(scanner, "\x04\x08" "abc", "", "\x04\x08" "abc", "abc");
	CHECK(ble_device_connectable(ble_scanner_next_device(scanner, NULL)));
	response = air_report(1, true, "\x06\x09" "abcde", 7);
	response.event = BLE_EVENT_LEGACY | BLE_EVENT_SCANNABLE | BLE_EVENT_SCAN_RESPONSE;
	air_send(&air, &response);
	CHECK(ble_device_connectable(ble_scanner_next_device(scanner, NULL)));
	check_device(scanner, "\x04\x08" "abc", "\x06\x09" "abcde", "\x06\x09" "abcde",
		     "abcde");
	/* A shortened name that moves does not win over the whole one. */
	SEND(&air, 1, false, "\x03\x08" "ab\x02\x0a\x05");
	check_device(scanner, "\x03\x08" "ab\x02\x0a\x05", "\x06\x09" "abcde",
		     "\x03\x08" "ab\x02\x0a\x05", "abcde");
	/* Neither does silence. */
	SEND(&air, 1, true, "\x02\x0a\x07");
	SEND(&air, 1, false, "");
	check_device(scanner, "", "\x02\x0a\x07", "", "ab");
	/* A directed one has no data, which says nothing. */
	SEND(&air, 1, false, "\x02\x01\x06");
	directed = air_report(1, false, "", 0);
	directed.event = BLE_EVENT_LEGACY | BLE_EVENT_DIRECTED | BLE_EVENT_CONNECTABLE;
	directed.rssi = -33;
	directed.time = 2000;
	air_send(&air, &directed);
	check_device(scanner, "\x02\x01\x06", "\x02\x0a\x07", "", "ab");
	CHECK_INT(ble_device_rssi(ble_scanner_next_device(scanner, NULL)), -33);
	CHECK_INT(ble_device_advertisement(ble_scanner_next_device(scanner, NULL))->time, 2000);
	directed.event = BLE_EVENT_LEGACY;
	air_send(&air, &directed);
	CHECK(!ble_device_connectable(ble_scanner_next_device(scanner, NULL)));
	ble_scanner_unref(scanner);
	air_close(&air);
}

/* Whoever sends without an address does not get another one's name. */
static void anonymous(void)
{
	const struct ble_scan_params params = { .keep = 1 };
	struct ble_advertisement report = air_report(0, false, "\x04\x09" "abc", 5);
	struct ble_scanner *scanner;
	struct air air;

	scanner = scan(&air, &params);
	report.address = (struct ble_address){ .type = BLE_ADDRESS_UNKNOWN };
	report.event = 0;
	air_send(&air, &report);
	check_device(scanner, "\x04\x09" "abc", "", "\x04\x09" "abc", "abc");
	report.data = bytes("\x02\x0a\x05", 3);
	air_send(&air, &report);
	check_device(scanner, "\x02\x0a\x05", "", "\x02\x0a\x05", "");
	ble_scanner_unref(scanner);
	air_close(&air);
}

/* -- The list --------------------------------------------------------------------- */

static void kept(void)
{
	struct ble_scan_params params = { .keep = 3, .name = "x" };
	struct ble_scanner *scanner;
	struct ble_device *gone;
	struct air air;

	scanner = scan(&air, &params);
	for (unsigned int i = 1; i <= 3; i++)
		SEND(&air, i, false, "\x02\x09x");
	CHECK_STR(listed(scanner), "1 2 3 ");
	SEND(&air, 9, false, "\x02\x09y"); /* does not pass */
	CHECK_STR(listed(scanner), "1 2 3 ");
	SEND(&air, 1, false, "\x02\x09x");
	CHECK_STR(listed(scanner), "2 3 1 ");
	gone = ble_device_ref(ble_scanner_next_device(scanner, NULL));
	SEND(&air, 4, false, "\x02\x09x");
	CHECK_STR(listed(scanner), "3 1 4 ");
	/* One that is listed no more has no next one. */
	CHECK(ble_scanner_next_device(scanner, gone) == NULL);
	ble_device_unref(gone);
	SEND(&air, 2, false, "\x02\x09x");
	CHECK_STR(listed(scanner), "1 4 2 ");
	ble_scanner_stop(scanner);
	CHECK_STR(listed(scanner), "1 4 2 ");
	params.keep = 0;
	CHECK_INT(ble_scanner_start(scanner, &params), 0);
	CHECK_STR(listed(scanner), "");
	SEND(&air, 1, false, "\x02\x09x");
	CHECK_STR(listed(scanner), "");
	ble_scanner_unref(scanner);
	air_close(&air);
}

/* Strangers do not push out what was asked for, and what is kept is bounded. */
static void bounded(void)
{
	const struct ble_scan_params params = { .keep = 2, .name = "x" };
	struct ble_scanner *scanner;
	size_t live, full = 0;
	struct air air;

	scanner = scan(&air, &params);
	SEND(&air, 1, false, "\x02\x09x");
	SEND(&air, 2, false, "\x02\x09x");
	for (unsigned int i = 100; i < 100 + 3 * MAX_DEVICES; i++) {
		struct ble_advertisement report = air_report(i, false, "\x02\x01\x06", 3);

		air_send(&air, &report);
		if (i == 100 + 2 * MAX_DEVICES)
			full = failmalloc_live();
	}
	live = failmalloc_live();
	CHECK_INT(live, full);
	CHECK_INT(HASH_COUNT(scanner->devices), MAX_DEVICES + 2);
	CHECK_INT(scanner->n_others, MAX_DEVICES);
	CHECK_STR(listed(scanner), "1 2 ");
	for (unsigned int i = 20000; i < 20010; i++)
		SEND(&air, i, false, "\x02\x09x");
	CHECK_INT(HASH_COUNT(scanner->devices), MAX_DEVICES + 2);
	CHECK_STR(listed(scanner), "20008 20009 ");
	ble_scanner_unref(scanner);
	air_close(&air);
}

/* A device may outlive its scanner; its adapter stays with it. */
static void outlives(void)
{
	const struct ble_scan_params params = { .keep = 2 };
	struct ble_client *client = NULL;
	struct ble_scanner *scanner;
	struct ble_device *device;
	struct air air;

	scanner = scan(&air, &params);
	SEND(&air, 7, false, "\x05\x09" "lamp");
	device = ble_device_ref(ble_scanner_next_device(scanner, NULL));
	ble_scanner_unref(scanner);
	CHECK_STR(ble_device_name(device), "lamp");
	CHECK_INT(ble_device_advertisement(device)->advertised.len, 6);
	CHECK(ble_device_adapter(device) == air.adapter);
	CHECK_INT(ble_client_new_for_device(device, &client), 0);
	CHECK(ble_address_equal(ble_client_address(client), ble_device_address(device)));
	ble_client_unref(client);
	ble_adapter_ref(air.adapter);
	ble_adapter_unref(air.adapter);
	ble_device_unref(device);
	air_close(&air);
}

/* What is known already costs no allocation, whatever it sends. */
static void allocates_nothing(void)
{
	static const char *const data[] = {
		"\x02\x01\x06\x05\x09" "lamp", "\x02\x01\x04\x05\x09" "land", "\x02\x01\x06",
		"", "\x05\x08" "lamp", "\x02\x0a\x01\x05\x09" "long",
	};
	const struct ble_scan_params params = { .keep = 5, .name = "l" };
	struct ble_scanner *scanner;
	unsigned long before;
	struct air air;

	scanner = scan(&air, &params);
	for (unsigned int i = 0; i < 10; i++) {
		SEND(&air, i, false, "\x02\x01\x06\x05\x09" "lamp");
		SEND(&air, i, true, "\x02\x01\x06\x05\x09" "lamp");
	}
	before = failmalloc_count();
	for (unsigned int i = 0; i < 1000; i++) {
		const char *text = data[harness_below(6)];
		struct ble_advertisement report = air_report(
			harness_below(10), harness_below(2), text, strlen(text));

		air_send(&air, &report);
	}
	CHECK_INT(failmalloc_count() - before, 0);
	ble_scanner_unref(scanner);
	air_close(&air);
}

const struct test_case scan_devices[] = {
	TEST(merged), TEST(anonymous), TEST(kept), TEST(bounded), TEST(outlives), TEST(allocates_nothing),
	{ 0 },
};
