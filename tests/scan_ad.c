/* SPDX-License-Identifier: MIT */
/* AD structures: valid ones, and each of them too short, too long and with a wrong
 * length. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/test_scan.h"

/* Octets in memory of just their size, so that a sanitizer sees a read too far. */
static struct ble_bytes exactly(const void *octets, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	REQUIRE(copy != NULL);
	if (len)
		memcpy(copy, octets, len);
	return bytes(copy, len);
}

static void drop(struct ble_bytes b)
{
	free((uint8_t *)(uintptr_t)b.data);
}

#define ADV(advertised_, response_)                                        \
	{ .tx_power = BLE_NO_TX_POWER,                                      \
	  .advertised = { (const uint8_t *)(advertised_), sizeof(advertised_) - 1 }, \
	  .scan_response = { (const uint8_t *)(response_), sizeof(response_) - 1 } }

static void check_uuid(const struct ble_uuid *seen, const char *expected)
{
	char text[BLE_UUID_TEXT];

	CHECK_STR(ble_uuid_text(seen, text), expected);
}

static void check_bytes(struct ble_bytes seen, const char *expected)
{
	if (CHECK_INT(seen.len, strlen(expected)) && seen.len)
		CHECK_MEM(seen.data, expected, seen.len);
}

/* -- One after the other --------------------------------------------------------- */

#define LONG_UUID "\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x03\x02\x01\x00"
#define LONG_TEXT "00010203-0405-0607-0809-0a0b0c0d0e0f"

static void services(void)
{
	static const char *const expected[] = {
		"180d", "180f", "1234", "12345678", "00000001-0405-0607-0809-0a0b0c0d0e0f",
		LONG_TEXT, "1801", "2233",
	};
	const struct ble_advertisement adv = ADV(
		"\x05\x02\x0d\x18\x0f\x18"
		"\x04\x03\x34\x12\x99" /* half a UUID behind it */
		"\x05\x04\x78\x56\x34\x12"
		"\x01\x05"
		"\x11\x07\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08\x07\x06\x05\x04\x01\0\0\0",
		"\x11\x06" LONG_UUID "\x03\x03\x01\x18\x05\x05\x33\x22\0\0"
		"\x03\x14\x0a\x18");
	struct ble_uuid uuid;
	size_t cursor = 0, n = 0;
	struct ble_ad ad;

	while (ble_advertisement_service(&adv, &cursor, &uuid) && n < 8) {
		check_uuid(&uuid, expected[n++]);
		CHECK(ble_advertisement_has_service(&adv, &uuid));
	}
	CHECK_INT(n, 8);
	CHECK(!ble_advertisement_service(&adv, &cursor, &uuid));
	/* One list, which knows whether it is all. */
	cursor = 0;
	CHECK(ble_advertisement_ad(&adv, &cursor, &ad));
	CHECK_INT(ad.type, BLE_AD_SERVICES_16_SOME);
	for (cursor = 0, n = 0; ble_ad_uuid(&ad, &cursor, &uuid);)
		check_uuid(&uuid, expected[n++]);
	CHECK_INT(n, 2);
	ad.type = BLE_AD_FLAGS;
	cursor = 0;
	CHECK(!ble_ad_uuid(&ad, &cursor, &uuid));
	uuid = ble_uuid16(0x180a); /* solicited is not offered */
	CHECK(!ble_advertisement_has_service(&adv, &uuid));
}

static void solicited(void)
{
	static const char *const expected[] = { "180a", "180b", LONG_TEXT, "00012345" };
	const struct ble_advertisement adv = ADV(
		"\x05\x14\x0a\x18\x0b\x18\x03\x03\x01\x18",
		"\x11\x15" LONG_UUID "\x05\x1f\x45\x23\x01\0");
	struct ble_uuid uuid;
	size_t cursor = 0, n = 0;

	while (ble_advertisement_solicited(&adv, &cursor, &uuid) && n < 4)
		check_uuid(&uuid, expected[n++]);
	CHECK_INT(n, 4);
	CHECK(!ble_advertisement_solicited(&adv, &cursor, &uuid));
}

static void service_data(void)
{
	static const struct { const char *uuid, *data; } expected[] = {
		{ "180f", "old" }, { "180d", "" }, { LONG_TEXT, "long" },
		{ "12345678", "32" }, { "180f", "new" },
	};
	const struct ble_advertisement adv = ADV(
		"\x06\x16\x0f\x18old\x02\x16\x0f\x03\x16\x0d\x18" /* one too short */
		"\x15\x21" LONG_UUID "long\x04\x21" "abc",
		"\x07\x20\x78\x56\x34\x12" "32" "\x06\x16\x0f\x18new\x01\x20");
	struct ble_bytes data = { NULL, 99 };
	struct ble_uuid uuid;
	size_t cursor = 0, n = 0;

	while (ble_advertisement_service_data(&adv, &cursor, &uuid, &data) && n < 5) {
		check_uuid(&uuid, expected[n].uuid);
		check_bytes(data, expected[n++].data);
		CHECK(ble_advertisement_has_service(&adv, &uuid));
	}
	CHECK_INT(n, 5);
	CHECK(!ble_advertisement_service_data(&adv, &cursor, &uuid, &data));
	/* Of two, the last. */
	uuid = ble_uuid16(0x180f);
	CHECK(ble_advertisement_service_data_of(&adv, &uuid, &data));
	check_bytes(data, "new");
	uuid = ble_uuid16(0x1234);
	CHECK(!ble_advertisement_service_data_of(&adv, &uuid, &data));
	check_bytes(data, "new");
	/* No list of them. */
	cursor = 0;
	CHECK(!ble_advertisement_service(&adv, &cursor, &uuid));
}

static void manufacturer(void)
{
	static const struct { uint16_t company; const char *data; } expected[] = {
		{ 0x004c, "one" }, { 0xffff, "" }, { 0x004c, "two" },
	};
	const struct ble_advertisement adv = ADV("\x06\xff\x4c\0one\x02\xff\x4c\x03\xff\xff\xff",
						 "\x06\xff\x4c\0two\x01\xff");
	struct ble_bytes data;
	size_t cursor = 0, n = 0;
	uint16_t company;

	while (ble_advertisement_manufacturer(&adv, &cursor, &company, &data) && n < 3) {
		CHECK_INT(company, expected[n].company);
		check_bytes(data, expected[n++].data);
	}
	CHECK_INT(n, 3);
	CHECK(ble_advertisement_manufacturer_of(&adv, 0x004c, &data));
	check_bytes(data, "two");
	CHECK(ble_advertisement_manufacturer_of(&adv, 0xffff, &data));
	CHECK_INT(data.len, 0);
	CHECK(!ble_advertisement_manufacturer_of(&adv, 0x004d, &data));
}

/* What is too short is passed over for what stood before it. */
static void numbers(void)
{
	static const struct ble_advertisement rows[] = {
		ADV("", ""),
		ADV("\x02\x0a\xf4\x02\x01\x06\x03\x19\xc1\x00", ""),
		ADV("\x02\x0a\x08\x02\x01\x05\x03\x19\x40\x03",
		    "\x01\x0a\x01\x01\x02\x19\x07"),
		ADV("\x02\x0a\x08\x02\x01\x05\x03\x19\x40\x03",
		    "\x03\x0a\x09\x77\x02\x01\x01\x03\x19\x01\x00"),
	};
	static const struct { int power, flags, appearance; } expected[] = {
		{ BLE_NO_TX_POWER, 0, 0 }, { -12, 6, 0x00c1 }, { 8, 5, 0x0340 }, { 9, 1, 1 },
	};
	struct ble_advertisement header = rows[0];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		harness_about("row %zu", i);
		CHECK_INT(ble_advertisement_tx_power(&rows[i]), expected[i].power);
		CHECK_INT(ble_advertisement_flags(&rows[i]), expected[i].flags);
		CHECK_INT(ble_advertisement_appearance(&rows[i]), expected[i].appearance);
	}
	header.tx_power = -20;
	CHECK_INT(ble_advertisement_tx_power(&header), -20);
	header.advertised = rows[1].advertised;
	CHECK_INT(ble_advertisement_tx_power(&header), -12);
}

static void names(void)
{
	static const struct { struct ble_advertisement adv; const char *name; } rows[] = {
		{ ADV("", ""), "" },
		{ ADV("\x04\x08" "abc", ""), "abc" },
		{ ADV("\x04\x08" "abc", "\x06\x09" "abcde"), "abcde" },
		{ ADV("\x06\x09" "abcde", "\x04\x08" "abc"), "abcde" },
		{ ADV("\x04\x09" "old", "\x04\x09" "new"), "new" },
		{ ADV("\x04\x08" "old", "\x04\x08" "new"), "new" },
		{ ADV("\x04\x08" "abc", "\x01\x09"), "abc" },
		{ ADV("\x04\x08" "abc", "\x02\x09\x00"), "abc" },
		{ ADV("\x06\x09" "ab\0cd", ""), "ab" },
		{ ADV("\x04\x09" "abc\x09\x09" "liar", ""), "abc" },
		{ ADV("\x07\x09" "abcd\xc3\xa9", ""), "abcd" }, /* the end of the room */
		{ ADV("\x07\x09" "abc\xe2\x82\xac", ""), "abc" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[6] = "";

		harness_about("row %zu", i);
		CHECK_INT(ble_advertisement_name(&rows[i].adv, name, sizeof(name)),
			  strlen(rows[i].name));
		CHECK_STR(name, rows[i].name);
	}
	CHECK_INT(ble_advertisement_name(&rows[1].adv, NULL, 0), 0);
}

/* -- Any of them ----------------------------------------------------------------------- */

/* Each of the 256 types is met, and found; the first walk meets them in order. */
static void every_type(void)
{
	uint8_t data[256 * 4];
	struct ble_advertisement adv = { .advertised = { data, 600 },
					 .scan_response = { data + 600, 424 } };
	struct ble_bytes value;
	char name[BLE_NAME_TEXT];
	unsigned int known = 0;
	size_t cursor = 0;
	struct ble_ad ad;

	for (unsigned int i = 0; i < 256; i++)
		memcpy(data + 4 * i, (uint8_t[]){ 3, (uint8_t)i, (uint8_t)~i, 7 }, 4);
	for (unsigned int i = 0; i < 256; i++) {
		harness_about("type %u", i);
		REQUIRE(ble_advertisement_ad(&adv, &cursor, &ad));
		CHECK_INT(ad.type, i);
		CHECK_INT(ad.value.len, 2);
		CHECK_INT(ad.value.data[0], (uint8_t)~i);
		CHECK(ble_advertisement_field(&adv, (uint8_t)i, &value) &&
		      value.data == ad.value.data);
		known += ble_ad_name((uint8_t)i, name) != NULL;
	}
	CHECK(!ble_advertisement_ad(&adv, &cursor, &ad));
	CHECK_INT(known, harness_named ? 50 : 0);
	CHECK_NAME(ble_ad_name(BLE_AD_FLAGS, name), "Flags");
	CHECK_NAME(ble_ad_name(BLE_AD_MANUFACTURER, name), "Manufacturer Specific Data");
	CHECK_NAME(ble_ad_name(0x2e, name), "Resolvable Set Identifier");
	CHECK(ble_ad_name(0x33, name) == NULL);
	CHECK(ble_ad_name(0, name) == NULL);
}

/* A walk by oneself. Where it ends, rest stays as it is, and so does the last one. */
static void next(void)
{
	static const struct { uint8_t data[8], len, n, taken; } rows[] = {
		{ { 2, 0x01, 6, 3, 0x19, 1, 0 }, 7, 2, 7 },
		{ { 2, 0x01, 6, 1, 0xff }, 5, 2, 5 },       /* without a value */
		{ { 2, 0x01, 6, 0, 2, 0x0a, 4 }, 7, 1, 3 }, /* early termination */
		{ { 2, 0x01, 6, 4, 0x19, 1, 0 }, 7, 1, 3 }, /* lies by one */
		{ { 2, 0x01, 6, 255, 0x19, 1, 0 }, 7, 1, 3 },
		{ { 2, 0x01, 6, 1 }, 4, 1, 3 }, /* a length, and no more */
		{ { 0, 2, 0x01, 6 }, 4, 0, 0 },
		{ { 4, 0x01, 6, 0 }, 4, 0, 0 },
		{ { 0 }, 1, 0, 0 },
		{ { 0 }, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ble_bytes data = exactly(rows[i].data, rows[i].len), rest = data;
		struct ble_ad ad = { 0x77, { NULL, 99 } };
		unsigned int n = 0;

		harness_about("row %zu", i);
		while (n < 8 && ble_ad_next(&rest, &ad)) {
			CHECK_INT(ad.type, n ? rows[i].data[4] : 0x01);
			CHECK(ad.value.data == data.data + 2 + (n ? 3 : 0));
			n++;
		}
		CHECK_INT(n, rows[i].n);
		CHECK(rest.data == data.data + rows[i].taken);
		CHECK_INT(rest.len, rows[i].len - rows[i].taken);
		if (!n)
			CHECK(ad.type == 0x77 && ad.value.len == 99);
		drop(data);
	}
}

/* Wherever the data is cut, and whichever length is wrong, the structures before that
 * place are found, and none behind it. */
static void short_and_lying(void)
{
	static const uint8_t data[] = "\x02\x01\x06\x05\x02\x0d\x18\x0f\x18\x04\x09" "abc"
		"\x06\x16\x0f\x18xyz\x05\xff\x4c\0hi\x02\x0a\x04";
	static const size_t ends[] = { 3, 9, 14, 21, 27, 30 };
	enum { N = sizeof(ends) / sizeof(ends[0]), LEN = sizeof(data) - 1 };

	CHECK_INT(LEN, ends[N - 1]);
	for (size_t len = 0; len <= LEN; len++) {
		struct ble_advertisement adv = { .advertised = exactly(data, len) };
		size_t cursor = 0, whole = 0;
		struct ble_ad ad;

		while (whole < N && ends[whole] <= len)
			whole++;
		while (ble_advertisement_ad(&adv, &cursor, &ad))
			;
		CHECK_INT(cursor, whole);
		drop(adv.advertised);
	}
	for (size_t i = 0; i < N; i++) {
		struct ble_advertisement adv = { .advertised = exactly(data, LEN) };
		uint8_t *lie = (uint8_t *)(uintptr_t)adv.advertised.data;
		size_t start = i ? ends[i - 1] : 0, cursor;
		struct ble_ad ad;

		for (unsigned int n = 0; n < 256; n++) {
			lie[start] = (uint8_t)n;
			for (cursor = 0; ble_advertisement_ad(&adv, &cursor, &ad);)
				CHECK(ad.value.data + ad.value.len <= lie + LEN);
			CHECK(cursor >= i);
			if (!n || n > LEN - start - 1)
				CHECK_INT(cursor, i);
			/* The other half is not touched by it. */
			adv.scan_response = bytes(data, 3);
			CHECK_INT(ble_advertisement_flags(&adv), 6);
			adv.scan_response = bytes(NULL, 0);
		}
		drop(adv.advertised);
	}
}

static bool part_of(const struct ble_advertisement *adv, struct ble_bytes data)
{
	const uint8_t *start = adv->advertised.data;

	return data.data >= start && data.data <= start + adv->advertised.len;
}

/* The walks and the questions agree on any octets. */
static void noise(void)
{
	for (unsigned int round = 0; round < 3000; round++) {
		uint8_t octets[2][80];
		struct ble_advertisement adv = { .tx_power = BLE_NO_TX_POWER };
		struct ble_bytes data, again;
		size_t len[2], cursor;
		struct ble_uuid uuid;
		uint16_t company;
		struct ble_ad ad;
		char name[20];

		for (size_t part = 0; part < 2; part++) {
			len[part] = harness_below(sizeof(octets[part]) + 1);
			for (size_t i = 0; i < len[part]; i++)
				octets[part][i] = (uint8_t)harness_below(
					harness_below(2) ? 256 : 34);
		}
		adv.advertised = exactly(octets[0], len[0]);
		adv.scan_response = exactly(octets[1], len[1]);
		for (cursor = 0; ble_advertisement_ad(&adv, &cursor, &ad);) {
			CHECK(ble_advertisement_field(&adv, ad.type, &data));
			for (size_t i = 0; ble_ad_uuid(&ad, &i, &uuid);)
				CHECK(i <= 40);
		}
		for (cursor = 0; ble_advertisement_service(&adv, &cursor, &uuid);)
			CHECK(ble_advertisement_has_service(&adv, &uuid));
		for (cursor = 0; ble_advertisement_solicited(&adv, &cursor, &uuid);)
			;
		for (cursor = 0;
		     ble_advertisement_service_data(&adv, &cursor, &uuid, &data);) {
			CHECK(ble_advertisement_has_service(&adv, &uuid));
			CHECK(ble_advertisement_service_data_of(&adv, &uuid, &again));
			CHECK(part_of(&adv, data) || again.data >= data.data);
		}
		for (cursor = 0;
		     ble_advertisement_manufacturer(&adv, &cursor, &company, &data);) {
			CHECK(ble_advertisement_manufacturer_of(&adv, company, &again));
			CHECK(part_of(&adv, data) || again.data >= data.data);
		}
		CHECK(ble_advertisement_name(&adv, name, sizeof(name)) < sizeof(name));
		ble_advertisement_tx_power(&adv);
		ble_advertisement_flags(&adv);
		ble_advertisement_appearance(&adv);
		drop(adv.advertised);
		drop(adv.scan_response);
	}
}

static void appearances(void)
{
	char name[BLE_NAME_TEXT];

	CHECK_NAME(ble_appearance_category(0x00c1, name), "Watch");
	CHECK_NAME(ble_appearance_name(0x00c1, name), "Sports Watch");
	CHECK_NAME(ble_appearance_name(0x00c0, name), "Watch");
	CHECK_NAME(ble_appearance_name(0x00ff, name), "Watch"); /* not assigned */
	CHECK_NAME(ble_appearance_category(0, name), "Unknown");
	CHECK_NAME(ble_appearance_name(0x0341, name), "Heart Rate Belt");
	CHECK(ble_appearance_category(0xffff, name) == NULL);
	CHECK(ble_appearance_name(0xffff, name) == NULL);
}

const struct test_case scan_ad[] = {
	TEST(services), TEST(solicited), TEST(service_data), TEST(manufacturer),
	TEST(numbers), TEST(names), TEST(every_type), TEST(next),
	TEST(short_and_lying), TEST(noise), TEST(appearances), { 0 },
};
