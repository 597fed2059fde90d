/* SPDX-License-Identifier: MIT */
/* Advertising reports: valid, too short, too long, and with wrong lengths. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "hci/report.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"

enum { SECOND = 1000000000 };

static struct report_parser parser;

struct event {
	size_t len;
	uint8_t bytes[4096];
};

static void add(struct event *event, const void *data, size_t len)
{
	REQUIRE(event->len + len <= sizeof(event->bytes));
	memcpy(event->bytes + event->len, data, len);
	event->len += len;
}

static struct event begin(uint8_t subevent, uint8_t reports)
{
	struct event event = { .len = 2, .bytes = { subevent, reports } };

	memset(&parser, 0, sizeof(parser));
	return event;
}

static void add_legacy(struct event *event, uint8_t type, uint8_t last, const char *data)
{
	uint8_t head[9] = { type, 1, 0x11, 0x22, 0x33, 0x44, 0x55, last,
			    (uint8_t)strlen(data) };
	uint8_t rssi = 0xc4;

	add(event, head, sizeof(head));
	add(event, data, strlen(data));
	add(event, &rssi, 1);
}

static void add_extended(struct event *event, uint16_t type, uint8_t last, uint8_t sid,
			 const void *data, size_t len)
{
	uint8_t head[24] = { 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, last, 3, 2,
			     sid, 0xf6, 0xb0, 0x34, 0x12 };

	put_le16(head, type);
	head[23] = (uint8_t)len;
	add(event, head, sizeof(head));
	add(event, data, len);
}

/* Parses the first len octets; *ret_adv is the last advertisement. They are copied
 * to memory of that size, so that a sanitizer detects a read behind the end. */
static size_t parse_part(const struct event *event, size_t len, uint64_t time,
			 struct ble_advertisement *ret_adv)
{
	static uint8_t data[REPORT_DATA_MAX];
	uint8_t *copy = malloc(len ? len : 1);
	struct report_walk walk;
	size_t count = 0;

	REQUIRE(copy != NULL);
	memcpy(copy, event->bytes, len);
	if (report_begin(&walk, bytes(copy, len), time))
		while (report_next(&parser, &walk, ret_adv)) {
			REQUIRE(ret_adv->data.len <= sizeof(data));
			if (ret_adv->data.len)
				memcpy(data, ret_adv->data.data, ret_adv->data.len);
			ret_adv->data.data = data;
			count++;
		}
	free(copy);
	return count;
}

static size_t parse(const struct event *event, struct ble_advertisement *ret_adv)
{
	return parse_part(event, event->len, SECOND, ret_adv);
}

static void check_data(const struct ble_advertisement *adv, const char *text)
{
	if (CHECK_INT(adv->data.len, strlen(text)))
		CHECK_MEM(adv->data.data, text, strlen(text));
}

/* -- Legacy -------------------------------------------------------------------- */

static void legacy(void)
{
	struct event event = begin(REPORT_EVENT_LEGACY, 1);
	struct ble_advertisement adv;

	add_legacy(&event, 0, 0x66, "hello");
	CHECK_INT(parse(&event, &adv), 1);
	CHECK_INT(adv.event, BLE_EVENT_CONNECTABLE | BLE_EVENT_SCANNABLE | BLE_EVENT_LEGACY);
	CHECK_INT(adv.address.type, BLE_ADDRESS_RANDOM);
	CHECK_MEM(adv.address.octet, "\x11\x22\x33\x44\x55\x66", 6);
	CHECK_INT(adv.rssi, -60);
	CHECK_INT(adv.tx_power, BLE_NO_TX_POWER);
	CHECK_INT(adv.sid, BLE_NO_SID);
	CHECK_INT(adv.primary_phy, 1);
	CHECK_INT(adv.secondary_phy, 0);
	CHECK_INT(adv.periodic, 0);
	CHECK_INT(adv.time, SECOND);
	check_data(&adv, "hello");
}

static void legacy_types(void)
{
	static const uint8_t events[] = {
		BLE_EVENT_CONNECTABLE | BLE_EVENT_SCANNABLE,
		BLE_EVENT_CONNECTABLE | BLE_EVENT_DIRECTED,
		BLE_EVENT_SCANNABLE,
		0,
		BLE_EVENT_SCANNABLE | BLE_EVENT_SCAN_RESPONSE,
	};
	struct ble_advertisement adv;

	for (uint8_t type = 0; type < sizeof(events); type++) {
		struct event event = begin(REPORT_EVENT_LEGACY, 1);

		add_legacy(&event, type, 1, "");
		CHECK_INT(parse(&event, &adv), 1);
		CHECK_INT(adv.event, events[type] | BLE_EVENT_LEGACY);
		CHECK_INT(adv.data.len, 0);
	}
}

/* An unknown event type does not hide the next report. */
static void legacy_unknown_type(void)
{
	struct event event = begin(REPORT_EVENT_LEGACY, 2);
	struct ble_advertisement adv;

	add_legacy(&event, 9, 1, "what is this");
	add_legacy(&event, 3, 2, "known");
	CHECK_INT(parse(&event, &adv), 1);
	CHECK_INT(adv.address.octet[5], 2);
	check_data(&adv, "known");
}

static void legacy_several(void)
{
	struct event event = begin(REPORT_EVENT_LEGACY, 3);
	struct ble_advertisement adv;

	add_legacy(&event, 0, 1, "first");
	add_legacy(&event, 4, 2, "");
	add_legacy(&event, 3, 3, "third of them");
	CHECK_INT(parse(&event, &adv), 3);
	CHECK_INT(adv.address.octet[5], 3);
	check_data(&adv, "third of them");
}

/* Wherever the event is cut, the reports before the cut are delivered. */
static void legacy_short(void)
{
	struct event event = begin(REPORT_EVENT_LEGACY, 2);
	struct ble_advertisement adv;
	size_t first;

	add_legacy(&event, 0, 1, "first");
	first = event.len;
	add_legacy(&event, 0, 2, "second");
	for (size_t len = 0; len < event.len; len++)
		CHECK_INT(parse_part(&event, len, SECOND, &adv), len >= first ? 1 : 0);
}

static void legacy_long(void)
{
	struct event event = begin(REPORT_EVENT_LEGACY, 1);
	struct ble_advertisement adv;

	add_legacy(&event, 0, 1, "hello");
	add(&event, "more than was promised", 22);
	CHECK_INT(parse(&event, &adv), 1);
	check_data(&adv, "hello");
}

static void legacy_lying(void)
{
	struct event event = begin(REPORT_EVENT_LEGACY, 200);
	struct ble_advertisement adv;

	add_legacy(&event, 0, 1, "hello");
	CHECK_INT(parse(&event, &adv), 1);
	event.bytes[2 + 8] = 6; /* the length of the data: includes the RSSI */
	CHECK_INT(parse(&event, &adv), 0);
	event.bytes[2 + 8] = 255;
	CHECK_INT(parse(&event, &adv), 0);
	event.bytes[2 + 8] = 4; /* the rest is no report */
	CHECK_INT(parse(&event, &adv), 1);
	event.bytes[1] = 0;
	CHECK_INT(parse(&event, &adv), 0);
}

static void other_events(void)
{
	struct event event = begin(0x01, 1);
	struct ble_advertisement adv;

	add_legacy(&event, 0, 1, "not a report");
	CHECK_INT(parse(&event, &adv), 0);
}

/* -- Directed ------------------------------------------------------------------- */

static void directed(void)
{
	static const uint8_t report[16] = { 1, 3, 1, 2, 3, 4, 5, 6, 1, 9, 9, 9, 9, 9, 9, 0xd0 };
	struct event event = begin(REPORT_EVENT_DIRECTED, 1);
	struct ble_advertisement adv;

	add(&event, report, sizeof(report));
	for (size_t len = 0; len < event.len; len++)
		CHECK_INT(parse_part(&event, len, SECOND, &adv), 0);
	CHECK_INT(parse(&event, &adv), 1);
	CHECK_INT(adv.event, BLE_EVENT_CONNECTABLE | BLE_EVENT_DIRECTED | BLE_EVENT_LEGACY);
	CHECK_INT(adv.address.type, BLE_ADDRESS_RANDOM); /* an identity, resolved */
	CHECK_MEM(adv.address.octet, report + 2, 6);
	CHECK_INT(adv.rssi, -48);
}

/* -- Extended -------------------------------------------------------------------- */

static void extended(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 1);
	struct ble_advertisement adv;

	add_extended(&event, 0x0001, 0x66, 5, "hello", 5);
	CHECK_INT(parse(&event, &adv), 1);
	CHECK_INT(adv.event, BLE_EVENT_CONNECTABLE);
	CHECK_INT(adv.address.type, BLE_ADDRESS_PUBLIC);
	CHECK_MEM(adv.address.octet, "\x11\x22\x33\x44\x55\x66", 6);
	CHECK_INT(adv.primary_phy, 3);
	CHECK_INT(adv.secondary_phy, 2);
	CHECK_INT(adv.sid, 5);
	CHECK_INT(adv.tx_power, -10);
	CHECK_INT(adv.rssi, -80);
	CHECK_INT(adv.periodic, 0x1234);
	check_data(&adv, "hello");
}

/* A legacy advertisement in an extended report (table 7.7.65.13) */
static void extended_legacy(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 2);
	struct ble_advertisement adv;

	add_extended(&event, 0x0013, 1, 0xff, "adv", 3);
	add_extended(&event, 0x001b, 1, 0xff, "response", 8);
	CHECK_INT(parse(&event, &adv), 2);
	CHECK_INT(adv.event, 0x1b);
	CHECK_INT(adv.sid, BLE_NO_SID);
	check_data(&adv, "response");
}

static void extended_anonymous(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 1);
	struct ble_advertisement adv;

	add_extended(&event, 0, 1, 3, "x", 1);
	event.bytes[2 + 2] = 0xff;
	CHECK_INT(parse(&event, &adv), 1);
	CHECK_INT(adv.address.type, BLE_ADDRESS_UNKNOWN);
}

static void extended_mutations(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 2);
	struct ble_advertisement adv;
	size_t first;

	add_extended(&event, 0, 1, 1, "first", 5);
	first = event.len;
	add_extended(&event, 0, 2, 2, "second", 6);
	for (size_t len = 0; len < event.len; len++)
		CHECK_INT(parse_part(&event, len, SECOND, &adv), len >= first ? 1 : 0);
	add(&event, "tail", 4);
	CHECK_INT(parse(&event, &adv), 2);
	event.bytes[2 + 23] = 229;
	CHECK_INT(parse(&event, &adv), 0);
}

/* -- Fragments ---------------------------------------------------------------------- */

enum { MORE = 0x20, LOST = 0x40 };

static void fragments(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 3);
	struct ble_advertisement adv;

	add_extended(&event, 1 | MORE, 1, 7, "one, ", 5);
	add_extended(&event, 1 | MORE, 1, 7, "two, ", 5);
	add_extended(&event, 1, 1, 7, "three", 5);
	CHECK_INT(parse(&event, &adv), 1);
	CHECK_INT(adv.event, BLE_EVENT_CONNECTABLE);
	check_data(&adv, "one, two, three");
	/* the next one is a new advertisement */
	event = begin(REPORT_EVENT_EXTENDED, 1);
	add_extended(&event, 1, 1, 7, "four", 4);
	CHECK_INT(parse(&event, &adv), 1);
	check_data(&adv, "four");
}

/* Interleaved fragments of several advertisers, and of several sets of one */
static void fragments_mixed(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 6);
	struct ble_advertisement adv;

	add_extended(&event, 1 | MORE, 1, 7, "a1", 2);
	add_extended(&event, 1 | MORE, 2, 7, "b1", 2);
	add_extended(&event, 1 | MORE, 1, 8, "c1", 2);
	add_extended(&event, 9 | MORE, 1, 7, "d1", 2); /* its scan response */
	add_extended(&event, 1, 1, 8, "c2", 2);
	CHECK_INT(parse(&event, &adv), 1);
	check_data(&adv, "c1c2");
	event.len = 2;
	event.bytes[1] = 1;
	add_extended(&event, 9, 1, 7, "d2", 2);
	CHECK_INT(parse(&event, &adv), 1);
	check_data(&adv, "d1d2");
	event.len = 2;
	add_extended(&event, 1, 2, 7, "b2", 2);
	CHECK_INT(parse(&event, &adv), 1);
	check_data(&adv, "b1b2");
	event.len = 2;
	add_extended(&event, 1 | LOST, 1, 7, "a2", 2);
	CHECK_INT(parse(&event, &adv), 1);
	check_data(&adv, "a1a2");
	CHECK_INT(adv.event, BLE_EVENT_CONNECTABLE | BLE_EVENT_TRUNCATED);
}

/* The end of one was lost; a later fragment belongs to another. */
static void fragments_stale(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 1);
	struct ble_advertisement adv;

	add_extended(&event, 1 | MORE, 1, 7, "old", 3);
	CHECK_INT(parse_part(&event, event.len, SECOND, &adv), 0);
	event.len = 2;
	add_extended(&event, 1, 1, 7, "new", 3);
	CHECK_INT(parse_part(&event, event.len, UINT64_C(7) * SECOND, &adv), 1);
	check_data(&adv, "new");
}

/* More data than an advertisement can have: truncated, and marked so. */
static void fragments_endless(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 1);
	struct ble_advertisement adv;
	uint8_t data[229];

	memset(data, 'x', sizeof(data));
	add_extended(&event, 1 | MORE, 1, 7, data, sizeof(data));
	for (int i = 0; i < 50; i++)
		CHECK_INT(parse(&event, &adv), 0);
	event.bytes[2] = 1;
	CHECK_INT(parse(&event, &adv), 1);
	CHECK_INT(adv.data.len, REPORT_DATA_MAX);
	CHECK_INT(adv.event, BLE_EVENT_CONNECTABLE | BLE_EVENT_TRUNCATED);
}

/* More incomplete ones than there are chains: the oldest is dropped. */
static void fragments_crowded(void)
{
	struct ble_advertisement adv;
	struct event event;

	event = begin(REPORT_EVENT_EXTENDED, 1);
	for (uint8_t i = 0; i <= REPORT_CHAINS; i++) {
		event.len = 2;
		add_extended(&event, 1 | MORE, i, 7, "begin ", 6);
		CHECK_INT(parse_part(&event, event.len, SECOND + i, &adv), 0);
	}
	for (uint8_t i = 0; i <= REPORT_CHAINS; i++) {
		event.len = 2;
		add_extended(&event, 1, i, 7, "end", 3);
		CHECK_INT(parse_part(&event, event.len, SECOND + 10, &adv), 1);
		check_data(&adv, i == 0 ? "end" : "begin end");
	}
}

/* -- Anything ------------------------------------------------------------------------ */

static void anything(void)
{
	static const uint8_t subevents[] = { REPORT_EVENT_LEGACY, REPORT_EVENT_DIRECTED,
					     REPORT_EVENT_EXTENDED };
	struct event event = begin(0, 0);
	struct ble_advertisement adv;
	unsigned long reports = 0;

	for (int i = 0; i < 20000; i++) {
		event.len = 2 + harness_below(253);
		for (size_t k = 2; k < event.len; k++)
			event.bytes[k] = (uint8_t)harness_random();
		event.bytes[0] = subevents[harness_below(3)];
		event.bytes[1] = (uint8_t)harness_below(5);
		/* few addresses and sets, so that fragments meet */
		if (event.bytes[0] == REPORT_EVENT_EXTENDED && event.len > 16) {
			memset(event.bytes + 4, 0, 7);
			event.bytes[13] &= 3;
			event.bytes[25] %= 230;
		}
		reports += parse_part(&event, event.len, (uint64_t)i * 1000000, &adv);
	}
	CHECK(reports > 1000);
}

static void no_allocation(void)
{
	struct event event = begin(REPORT_EVENT_EXTENDED, 2);
	struct ble_advertisement adv;
	struct report_walk walk;
	unsigned long before;

	add_extended(&event, 1 | MORE, 1, 7, "one, ", 5);
	add_extended(&event, 1, 1, 7, "two", 3);
	before = failmalloc_count();
	REQUIRE(report_begin(&walk, bytes(event.bytes, event.len), SECOND));
	CHECK(report_next(&parser, &walk, &adv));
	CHECK(!report_next(&parser, &walk, &adv));
	CHECK_INT(failmalloc_count(), before);
}

int main(int argc, char **argv)
{
	static const struct test_case legacy_cases[] = {
		TEST(legacy), TEST(legacy_types), TEST(legacy_unknown_type),
		TEST(legacy_several), TEST(legacy_short), TEST(legacy_long),
		TEST(legacy_lying), TEST(other_events), TEST(directed), { 0 },
	};
	static const struct test_case extended_cases[] = {
		TEST(extended), TEST(extended_legacy), TEST(extended_anonymous),
		TEST(extended_mutations), TEST(fragments), TEST(fragments_mixed),
		TEST(fragments_stale), TEST(fragments_endless),
		TEST(fragments_crowded), { 0 },
	};
	static const struct test_case any_cases[] = {
		TEST(anything), TEST(no_allocation), { 0 },
	};
	static const struct test_suite suites[] = {
		{ "legacy", legacy_cases }, { "extended", extended_cases },
		{ "any", any_cases }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
