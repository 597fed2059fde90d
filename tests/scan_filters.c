/* SPDX-License-Identifier: MIT */
/* What passes a scanner's filters. */
#include "tests/test_scan.h"

#include <string.h>

static void count(void *user, struct ble_device *device,
		  const struct ble_advertisement *adv)
{
	(void)device;
	(void)adv;
	++*(unsigned int *)user;
}

/* How many of what send() puts on the air pass. */
static unsigned int passing(const struct ble_scan_params *params,
			    void (*send)(struct air *air))
{
	struct ble_scanner *scanner;
	unsigned int told = 0;
	struct air air;

	air_open(&air);
	REQUIRE(ble_scanner_new(air.adapter, count, NULL, &told, &scanner) == 0);
	REQUIRE(ble_scanner_start(scanner, params) == 0);
	send(&air);
	ble_scanner_unref(scanner);
	air_close(&air);
	return told;
}

static void send_services(struct air *air)
{
	SEND(air, 1, false, "\x03\x03\x0d\x18");
	SEND(air, 2, false, "\x05\x05\x0d\x18\0\0");
	SEND(air, 3, false, "\x11\x06\xfb\x34\x9b\x5f\x80\0\0\x80\0\x10\0\0\x0d\x18\0\0");
	SEND(air, 4, true, "\x04\x16\x0d\x18!");
	SEND(air, 5, false, "\x03\x03\x0f\x18");
	SEND(air, 6, false, "\x03\x14\x0d\x18"); /* wants one, has none */
	SEND(air, 7, false, "");
}

/* Every form of a UUID is the same one. */
static void services(void)
{
	static const char *const forms[] = {
		"180d", "0000180d", "0000180d-0000-1000-8000-00805f9b34fb",
	};
	struct ble_uuid uuids[2] = { ble_uuid16(0x180f) };
	struct ble_scan_params params = { .services = uuids + 1, .n_services = 1 };

	for (size_t i = 0; i < 3; i++) {
		harness_about("%s", forms[i]);
		REQUIRE(ble_uuid_parse(forms[i], &uuids[1]) == 0);
		CHECK_INT(passing(&params, send_services), 4);
	}
	params = (struct ble_scan_params){ .services = uuids, .n_services = 2 };
	CHECK_INT(passing(&params, send_services), 5);
	uuids[1] = ble_uuid16(0x1800);
	params = (struct ble_scan_params){ .services = uuids + 1, .n_services = 1 };
	CHECK_INT(passing(&params, send_services), 0);
	params.n_services = 0; /* of which there are none: all pass */
	CHECK_INT(passing(&params, send_services), 7);
	CHECK_INT(passing(NULL, send_services), 7);
}

static void send_names(struct air *air)
{
	SEND(air, 1, false, "\x06\x09" "lamp1");
	SEND(air, 2, false, "\x05\x08" "lamp\x07\x09" "a lamp");
	SEND(air, 3, false, "\x02\x01\x06"); /* the name is in the response */
	SEND(air, 3, true, "\x06\x09" "lamp1");
	SEND(air, 3, false, "\x02\x01\x06");
	SEND(air, 3, false, "\x02\x01\x04");
	SEND(air, 4, false, "\x06\x09" "Lamp1");
}

static void names(void)
{
	static const struct {
		const char *name;
		unsigned int part, whole;
	} rows[] = {
		{ "lamp", 5, 0 }, { "lamp1", 4, 4 }, { "a lamp", 1, 1 }, { "LAMP", 0, 0 },
		{ "", 7, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ble_scan_params params = { .name = rows[i].name };

		harness_about("%s", rows[i].name);
		CHECK_INT(passing(&params, send_names), rows[i].part);
		params.whole_name = true;
		CHECK_INT(passing(&params, send_names), rows[i].whole);
	}
}

static void send_strengths(struct air *air)
{
	static const int8_t levels[] = { -71, -70, -69, 5, BLE_NO_RSSI };
	struct ble_advertisement report = air_report(1, false, "", 0);

	for (size_t i = 0; i < sizeof(levels); i++) {
		report.rssi = levels[i];
		air_send(air, &report);
	}
}

static void strengths(void)
{
	const struct ble_scan_params strong = { .min_rssi = -70 };

	CHECK_INT(passing(&strong, send_strengths), 3);
	CHECK_INT(passing(NULL, send_strengths), 5);
}

/* The same octets, public and random, and others. */
static void send_addresses(struct air *air)
{
	struct ble_advertisement report = air_report(1, false, "", 0);

	air_send(air, &report);
	report.address.type = BLE_ADDRESS_PUBLIC;
	air_send(air, &report);
	report.address.octet[5] ^= 1;
	air_send(air, &report);
	SEND(air, 2, false, "");
}

static void addresses(void)
{
	struct ble_address both[2] = {
		air_report(1, false, "", 0).address, air_report(2, false, "", 0).address,
	};
	struct ble_scan_params params = { .addresses = both, .n_addresses = 1 };

	CHECK_INT(passing(&params, send_addresses), 1);
	both[0].type = BLE_ADDRESS_UNKNOWN;
	CHECK_INT(passing(&params, send_addresses), 2);
	params.n_addresses = 2;
	CHECK_INT(passing(&params, send_addresses), 3);
	both[0].octet[0] = 9;
	params.n_addresses = 1;
	CHECK_INT(passing(&params, send_addresses), 0);
}

/* -- The function ------------------------------------------------------------------- */

enum answer { YES, NO, STOP, RESTART, DROP };

struct judge {
	struct ble_scanner *scanner;
	struct ble_scan_params params;
	unsigned int asked, told;
	enum answer answer;
};

static bool decide(void *user, struct ble_device *device,
		   const struct ble_advertisement *adv)
{
	struct judge *judge = user;

	CHECK(ble_address_equal(ble_device_address(device), &adv->address));
	judge->asked++;
	if (judge->answer == STOP || judge->answer == RESTART)
		ble_scanner_stop(judge->scanner);
	if (judge->answer == RESTART)
		CHECK_INT(ble_scanner_start(judge->scanner, &judge->params), 0);
	if (judge->answer == DROP)
		judge->scanner = ble_scanner_unref(judge->scanner);
	return judge->answer != NO;
}

static void judge_told(void *user, struct ble_device *device,
		       const struct ble_advertisement *adv)
{
	struct judge *judge = user;

	(void)device;
	(void)adv;
	judge->told++;
}

/* It is asked last, and whatever it does, nothing comes after an end. */
static void function(void)
{
	static const struct { unsigned int asked, told; } expected[] = {
		[YES] = { 3, 3 }, [NO] = { 3, 0 }, [STOP] = { 1, 0 },
		[RESTART] = { 3, 0 }, [DROP] = { 1, 0 },
	};

	for (enum answer answer = YES; answer <= DROP; answer++) {
		struct judge judge = {
			.params = { .accept = decide, .accept_user = &judge,
				    .name = "lamp", .keep = 5 },
			.answer = answer,
		};
		struct air air;

		harness_about("answer %d", answer);
		air_open(&air);
		REQUIRE(ble_scanner_new(air.adapter, judge_told, NULL, &judge,
					&judge.scanner) == 0);
		REQUIRE(ble_scanner_start(judge.scanner, &judge.params) == 0);
		SEND(&air, 1, false, "\x05\x09" "door");
		for (int i = 0; i < 3; i++)
			SEND(&air, 1, false, "\x05\x09" "lamp");
		CHECK_INT(judge.asked, expected[answer].asked);
		CHECK_INT(judge.told, expected[answer].told);
		if (judge.scanner)
			CHECK_INT(ble_scanner_next_device(judge.scanner, NULL) != NULL,
				  answer == YES);
		ble_scanner_unref(judge.scanner);
		air_close(&air);
	}
}

/* What it refused once it may let through unchanged, later. */
static void function_and_changes(void)
{
	struct judge judge = {
		.params = { .accept = decide, .accept_user = &judge, .changes_only = true },
		.answer = NO,
	};
	struct air air;

	air_open(&air);
	REQUIRE(ble_scanner_new(air.adapter, judge_told, NULL, &judge,
				&judge.scanner) == 0);
	REQUIRE(ble_scanner_start(judge.scanner, &judge.params) == 0);
	SEND(&air, 1, false, "\x05\x09" "lamp");
	judge.answer = YES;
	for (int i = 0; i < 3; i++)
		SEND(&air, 1, false, "\x05\x09" "lamp");
	CHECK_INT(judge.asked, 2);
	CHECK_INT(judge.told, 1);
	SEND(&air, 1, true, "\x05\x09" "lamp");
	SEND(&air, 1, false, "\x05\x09" "lamp");
	CHECK_INT(judge.told, 2);
	SEND(&air, 1, false, "\x05\x09" "lane");
	CHECK_INT(judge.told, 3);
	ble_scanner_unref(judge.scanner);
	air_close(&air);
}

const struct test_case scan_filters[] = {
	TEST(services), TEST(names), TEST(strengths), TEST(addresses), TEST(function),
	TEST(function_and_changes), { 0 },
};
