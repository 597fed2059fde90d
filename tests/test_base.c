/* SPDX-License-Identifier: MIT */
/* UUIDs, addresses, error words, lists, the version. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/list.h"
#include "base/uuid.h"
#include "tests/harness.h"

/* -- UUIDs ---------------------------------------------------------------------- */

static void uuid_good(void)
{
	static const struct {
		const char *text, *shortest;
		unsigned int value;
	} rows[] = {
		{ "180d", "180d", 0x180d },
		{ "0x180D", "180d", 0x180d },
		{ "0X180d", "180d", 0x180d },
		{ "0000180d", "180d", 0x180d },
		{ "0x0000180d", "180d", 0x180d },
		{ "0000180D-0000-1000-8000-00805F9B34FB", "180d", 0x180d },
		{ "ffff", "ffff", 0xffff },
		{ "0000", "0000", 0 },
		{ "12345678", "12345678", 0 },
		{ "12345678-0000-1000-8000-00805f9b34fb", "12345678", 0 },
		{ "00010000", "00010000", 0 },
		{ "0000180d-0000-1000-8000-00805f9b34fc",
		  "0000180d-0000-1000-8000-00805f9b34fc", 0 },
		{ "ABCDEF01-2345-6789-abcd-ef0123456789",
		  "abcdef01-2345-6789-abcd-ef0123456789", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ble_uuid uuid, again;
		char text[BLE_UUID_TEXT];

		harness_about("%s", rows[i].text);
		CHECK_INT(ble_uuid_parse(rows[i].text, &uuid), 0);
		CHECK_INT(ble_uuid_short(&uuid), rows[i].value);
		CHECK(ble_uuid_text(&uuid, text) == text);
		CHECK_STR(text, rows[i].shortest);
		CHECK_INT(ble_uuid_parse(text, &again), 0);
		CHECK(ble_uuid_equal(&uuid, &again));
	}
}

static void uuid_bad(void)
{
	static const char *const rows[] = {
		"", "1", "18", "180", "180dd", "180ddd", "0000180", "0000180d0",
		"0x", "0x1", "0x18", "0x180", "0x180dd", "x180d", "00x180d",
		"180g", "g80d", " 180d", "180d ", "18 d", "-180", "+180", "1-80",
		"0x0000180d-0000-1000-8000-00805f9b34fb",
		"0000180d-0000-1000-8000-00805f9b34f",
		"0000180d-0000-1000-8000-00805f9b34fbb",
		"0000180d00001000800000805f9b34fb",
		"0000180d-0000-1000-8000000805f9b34fb",
		"0000180d-0000-1000-800000-805f9b34fb",
		"0000180d_0000-1000-8000-00805f9b34fb",
		"-000180d-0000-1000-8000-00805f9b34fb",
		"0000180d-0000-1000-8000-00805f9b34-b",
		"{000180d-0000-1000-8000-00805f9b34f}",
		"\303\2510d", "heart",
	};
	struct ble_uuid uuid, before;

	memset(&uuid, 0x5a, sizeof(uuid));
	before = uuid;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		harness_about("%s", rows[i]);
		CHECK_INT(ble_uuid_parse(rows[i], &uuid), -EINVAL);
		CHECK(ble_uuid_equal(&uuid, &before));
	}
}

static void uuid_numbers(void)
{
	struct ble_uuid a = ble_uuid16(0x2a37), b = ble_uuid32(0x2a37);
	struct ble_uuid c = ble_uuid32(0x12342a37);

	CHECK(ble_uuid_equal(&a, &b));
	CHECK(!ble_uuid_equal(&a, &c));
	CHECK_INT(ble_uuid_short(&c), 0);
	for (unsigned int i = 0; i <= 0xffff; i++) {
		struct ble_uuid uuid = ble_uuid16((uint16_t)i);

		if (ble_uuid_short(&uuid) != i) {
			CHECK_INT(ble_uuid_short(&uuid), i);
			return;
		}
	}
}

static void uuid_wire(void)
{
	static const uint8_t wire[16] = { 0, 1, 2,  3,	4,  5,	6,  7,
					  8, 9, 10, 11, 12, 13, 14, 15 };
	struct ble_uuid uuid, other = ble_uuid16(0x0100), before;
	uint8_t out[16];

	for (size_t len = 0; len <= 16; len++) {
		bool good = len == 2 || len == 4 || len == 16;

		harness_about("%zu octets", len);
		memset(&uuid, 0x5a, sizeof(uuid));
		before = uuid;
		CHECK_INT(uuid_from_wire(wire, len, &uuid), good ? 0 : -EINVAL);
		if (!good)
			CHECK(ble_uuid_equal(&uuid, &before));
	}
	CHECK_INT(uuid_from_wire(wire, 2, &uuid), 0);
	CHECK(ble_uuid_equal(&uuid, &other));
	CHECK_INT(uuid_to_wire(&uuid, out), 2);
	CHECK_MEM(out, wire, 2);
	other = ble_uuid32(0x03020100);
	CHECK_INT(uuid_from_wire(wire, 4, &uuid), 0);
	CHECK(ble_uuid_equal(&uuid, &other));
	CHECK_INT(uuid_to_wire(&uuid, out), 16); /* no 32-bit form in ATT */
	CHECK_INT(get_le32(out + 12), 0x03020100);
	CHECK_INT(uuid_from_wire(wire, 16, &uuid), 0);
	CHECK_INT(uuid.octet[0], 15);
	CHECK_INT(uuid_to_wire(&uuid, out), 16);
	CHECK_MEM(out, wire, 16);
	/* The long form of a short one travels short. */
	CHECK_INT(ble_uuid_parse("00002a37-0000-1000-8000-00805f9b34fb", &uuid), 0);
	CHECK_INT(uuid_to_wire(&uuid, out), 2);
	CHECK_INT(get_le16(out), 0x2a37);
}

static void byte_order(void)
{
	uint8_t p[4] = { 0x01, 0x82, 0x03, 0x84 };

	CHECK_INT(get_le16(p), 0x8201);
	CHECK_INT(get_le24(p), 0x038201);
	CHECK_INT(get_le32(p), 0x84038201);
	put_le16(p, 0xfedc);
	CHECK_INT(p[0], 0xdc);
	CHECK_INT(p[1], 0xfe);
	put_le32(p, 0xfedcba98);
	CHECK_INT(get_le32(p), 0xfedcba98);
}

/* -- Addresses -------------------------------------------------------------------- */

static void address_good(void)
{
	static const struct {
		const char *text, *form;
		int type;
	} rows[] = {
		{ "00:11:22:AA:BB:FF", "00:11:22:AA:BB:FF", BLE_ADDRESS_UNKNOWN },
		{ "00:11:22:aa:bb:ff", "00:11:22:AA:BB:FF", BLE_ADDRESS_UNKNOWN },
		{ "C0:11:22:aA:Bb:fF/random", "C0:11:22:AA:BB:FF",
		  BLE_ADDRESS_RANDOM },
		{ "00:00:00:00:00:00/public", "00:00:00:00:00:00",
		  BLE_ADDRESS_PUBLIC },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ble_address address;
		char text[BLE_ADDRESS_TEXT];

		harness_about("%s", rows[i].text);
		CHECK_INT(ble_address_parse(rows[i].text, &address), 0);
		CHECK_INT(address.type, rows[i].type);
		CHECK(ble_address_text(&address, text) == text);
		CHECK_STR(text, rows[i].form);
	}
}

static void address_order(void)
{
	static const uint8_t octets[6] = { 6, 5, 4, 3, 2, 1 };
	struct ble_address a, b;

	CHECK_INT(ble_address_parse("01:02:03:04:05:06/public", &a), 0);
	CHECK_MEM(a.octet, octets, 6);
	b = a;
	CHECK(ble_address_equal(&a, &b));
	b.type = BLE_ADDRESS_RANDOM;
	CHECK(!ble_address_equal(&a, &b));
	CHECK_STR(ble_address_type_text(&a), "public");
	CHECK_STR(ble_address_type_text(&b), "random");
	b.type = BLE_ADDRESS_UNKNOWN;
	CHECK_STR(ble_address_type_text(&b), "unknown");
	b.type = 77;
	CHECK_STR(ble_address_type_text(&b), "unknown");
	b.type = BLE_ADDRESS_PUBLIC;
	b.octet[5] ^= 1;
	CHECK(!ble_address_equal(&a, &b));
}

static void address_bad(void)
{
	static const char *const rows[] = {
		"", ":", "00", "00:11:22:33:44", "00:11:22:33:44:", "hci0",
		"00:11:22:33:44:5", "00:11:22:33:44:555", "00:11:22:33:44:55:",
		"00:11:22:33:44:55:66", "0:11:22:33:44:55", "000:11:22:33:44:55",
		"00-11-22-33-44-55", "001122334455", "0011:22:33:44:55",
		"00:11:22:33:44:gg", "00:11:22:33:44:0x", "0x:11:22:33:44:55",
		" 00:11:22:33:44:55", "00:11:22:33:44:55 ", "+0:11:22:33:44:55",
		"00:+1:22:33:44:55", "00: 1:22:33:44:55", "00:11:22:33:44: 5",
		"::11:22:33:44:55", "00:::22:33:44:55", "00:11:22:33:44:5:",
		"00:11:22:33:44:55/", "00:11:22:33:44:55/publi",
		"00:11:22:33:44:55/public ", "00:11:22:33:44:55/Random",
		"00:11:22:33:44:55/unknown", "00:11:22:33:44:55/public/random",
		"00:11:22:33:44:55public", "/public",
	};
	struct ble_address address, before;

	memset(&address, 0x5a, sizeof(address));
	before = address;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		harness_about("%s", rows[i]);
		CHECK_INT(ble_address_parse(rows[i], &address), -EINVAL);
		CHECK(ble_address_equal(&address, &before));
	}
}

/* -- Errors ------------------------------------------------------------------------ */

static bool one_line(const char *text)
{
	return text && text[0] && !strchr(text, '\n') && strlen(text) < 120;
}

static void error_words(void)
{
	for (int error = -200; error <= 300; error++) {
		harness_about("%d", error);
		CHECK(one_line(ble_strerror(error)));
	}
	CHECK(one_line(ble_strerror(INT_MIN)));
	CHECK(one_line(ble_strerror(INT_MAX)));
	CHECK_STR(ble_strerror(0), "success");
	harness_about(NULL);
	/* Those that the specification defines have words of their own. */
	for (int error = 1; error <= 0xff; error++) {
		bool defined = error <= 0x13 || error >= 0xfc;
		bool profile = error >= 0x80 && error <= 0x9f;
		const char *text = ble_strerror(BLE_ERROR_ATT(error));

		harness_about("ATT 0x%02x", (unsigned int)error);
		CHECK_INT(strcmp(text, "unknown ATT error") != 0, defined || profile);
		for (int other = 1; defined && other < error; other++)
			CHECK(strcmp(text, ble_strerror(BLE_ERROR_ATT(other))) != 0);
	}
}

/* ATT errors are negative, and no -errno is taken for one. */
static void att_codes(void)
{
	for (int code = 1; code <= 0xff; code++) {
		CHECK(BLE_ERROR_ATT(code) < -4095);
		CHECK_INT(ble_error_att(BLE_ERROR_ATT(code)), code);
	}
	for (int error = -4096; error <= 0x200; error++)
		CHECK_INT(ble_error_att(error), 0);
	CHECK_INT(ble_error_att(BLE_ERROR_ATT(0x100)), 0);
	CHECK_INT(ble_error_att(INT_MIN), 0);
	CHECK_INT(ble_error_att(INT_MAX), 0);
	CHECK_STR(ble_strerror(0x0a), "unknown error");
}

static void controller_words(void)
{
	for (unsigned int code = 0; code <= 0xff; code++) {
		/* 0x2b, 0x31 and 0x33 are reserved. */
		bool defined = code <= 0x48 && code != 0x2b && code != 0x31 &&
			       code != 0x33;
		const char *text = ble_hci_text((uint8_t)code);
		int error = error_from_hci((uint8_t)code);

		harness_about("HCI 0x%02x", code);
		CHECK(one_line(text));
		CHECK_INT(strcmp(text, "unknown reason") != 0, defined);
		CHECK(code ? error < 0 && error > -200 : error == 0);
		if (!defined)
			CHECK_INT(error, -EIO);
	}
	CHECK_STR(ble_hci_text(0x08), "connection timeout");
	CHECK_INT(error_from_hci(0x08), -ETIMEDOUT);
	CHECK_INT(error_from_hci(0x3e), -ECONNABORTED);
	CHECK_INT(error_from_hci(0x02), -ENOTCONN);
	CHECK_INT(error_from_hci(0x0c), -EBUSY);
}

/* -- Lists --------------------------------------------------------------------------- */

struct item {
	struct list link;
	int number;
};

static void list_basics(void)
{
	struct list head, other;
	struct item items[4] = { { .number = 0 }, { .number = 1 },
				 { .number = 2 }, { .number = 3 } };
	int seen = 0;

	list_init(&head);
	list_init(&other);
	CHECK(list_empty(&head));
	CHECK(list_pop(&head) == NULL);
	CHECK(!list_queued(&items[0].link)); /* zeroed */
	list_remove(&items[0].link);	     /* fine */
	list_append(&head, &items[1].link);
	list_append(&head, &items[2].link);
	list_prepend(&head, &items[0].link);
	list_insert_before(&items[2].link, &items[3].link);
	CHECK(list_queued(&items[3].link));
	list_remove(&items[3].link);
	CHECK(!list_queued(&items[3].link));
	list_remove(&items[3].link); /* twice is fine */
	list_for_each(link, &head) {
		CHECK_INT(list_entry(link, struct item, link)->number, seen);
		seen++;
		list_remove(link);
	}
	CHECK_INT(seen, 3);
	CHECK(list_empty(&head));
	list_append(&head, &items[0].link);
	list_append(&other, &items[1].link);
	list_append(&other, &items[2].link);
	list_splice(&head, &other);
	CHECK(list_empty(&other));
	list_splice(&head, &other);
	for (int i = 0; i < 3; i++)
		CHECK(list_pop(&head) == &items[i].link);
	CHECK(list_empty(&head));
	CHECK(!list_queued(&items[2].link));
}

/* Against an array. */
static void list_random(void)
{
	enum { N = 16 };
	struct item items[N] = { 0 };
	int model[N], n = 0;
	struct list head;

	list_init(&head);
	for (int i = 0; i < N; i++)
		items[i].number = i;
	for (int step = 0; step < 20000; step++) {
		int i = (int)harness_below(N), at = 0, k = 0;

		if (list_queued(&items[i].link)) {
			list_remove(&items[i].link);
			while (model[at] != i)
				at++;
			memmove(model + at, model + at + 1,
				(size_t)(--n - at) * sizeof(model[0]));
		} else if (harness_below(2)) {
			list_append(&head, &items[i].link);
			model[n++] = i;
		} else {
			list_prepend(&head, &items[i].link);
			memmove(model + 1, model, (size_t)n++ * sizeof(model[0]));
			model[0] = i;
		}
		list_for_each(link, &head) {
			if (k >= n || list_entry(link, struct item, link)->number !=
				      model[k]) {
				FAIL("the same order");
				return;
			}
			k++;
		}
		if (k != n) {
			CHECK_INT(k, n);
			return;
		}
	}
}

/* -- Names the other way round ----------------------------------------------------- */

static void uuid_names(void)
{
	static const struct { const char *name, *uuid; int error; } rows[] = {
		{ "Heart Rate Measurement", "2a37", 0 },
		{ "heart_rate_measurement", "2a37", 0 },
		{ "battery level", "2a19", 0 },
		{ "  Battery--Level_", "2a19", 0 },
		{ "BatteryLevel", "2a19", 0 },
		{ "battery service", "180f", 0 },
		{ "client characteristic configuration", "2902", 0 },
		{ "primary service", "2800", 0 },
		{ "Magnetic Flux Density 2D", "2aa0", 0 },
		{ "DFU Packet", "8ec90002-f315-4f60-9fb8-838830daea50", 0 },
		{ "Device Time", NULL, -ENOTUNIQ },
		{ "Battery Leve", NULL, -ENOENT },
		{ "Battery Levels", NULL, -ENOENT },
		{ "180f", NULL, -ENOENT },
		{ " ", NULL, -ENOENT },
		{ "", NULL, -ENOENT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ble_uuid uuid, before;
		char text[BLE_UUID_TEXT];

		harness_about("%s", rows[i].name);
		memset(&uuid, 0x5a, sizeof(uuid));
		before = uuid;
		CHECK_INT(ble_uuid_from_name(rows[i].name, &uuid),
			  harness_named ? rows[i].error : -ENOENT);
		if (rows[i].uuid && harness_named)
			CHECK_STR(ble_uuid_text(&uuid, text), rows[i].uuid);
		else
			CHECK(ble_uuid_equal(&uuid, &before));
	}
}

/* Every name leads back, but for those that two things have. */
static void uuid_names_back(void)
{
	unsigned int several = 0, all = 0;
	char known[BLE_NAME_TEXT];

	for (unsigned int i = 1; i <= 0xffff; i++) {
		struct ble_uuid uuid = ble_uuid16((uint16_t)i), back;
		const char *name = ble_uuid_name(&uuid, known);
		int error = name ? ble_uuid_from_name(name, &back) : 0;

		if (!name)
			continue;
		all++;
		several += error == -ENOTUNIQ;
		harness_about("%04x %s", i, name);
		CHECK(error == -ENOTUNIQ || (!error && ble_uuid_equal(&uuid, &back)));
	}
	CHECK(harness_named ? all > 500 : all == 0);
	CHECK(several < 10);
}

/* -- Text ------------------------------------------------------------------- */

static void escaped(void)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "", "" }, { "abc", "abc" }, { "a\\b", "a\\\\b" },
		{ "gr\xc3\xbc\xc3\x9f dich \xe6\xb8\xa9", "gr\xc3\xbc\xc3\x9f dich \xe6\xb8\xa9" },
		{ "\033[2J\n\177", "\\x1b[2J\\x0a\\x7f" },
		{ "\xc2\x9b" "2J", "\\xc2\\x9b2J" }, /* the same in 8 bits */
		{ "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb" }, /* the other way round */
		{ "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" }, /* unseen */
		{ "a\xe6\xb8", "a\\xe6\\xb8" }, { "\xff", "\\xff" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
	};
	char out[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(ble_text_escape(rows[i].text, out, sizeof(out)) == out);
		CHECK_STR(out, rows[i].expected);
	}
}

static void decoded(void)
{
	static const struct {
		const char *text;
		int32_t character;
		size_t len;
		bool unsafe;
	} rows[] = {
		{ "a", 'a', 1, false }, { "\n", '\n', 1, true },
		{ "\xc3\xbc", 0xfc, 2, false }, { "\xe6\xb8\xa9", 0x6e29, 3, false },
		{ "\xf0\x9f\x8c\xa1", 0x1f321, 4, false },
		{ "\xe2\x80\xae", 0x202e, 3, true }, { "\xe2\x80", -1, 1, true },
		{ "\x80", -1, 1, true }, { "\xf8\x88\x80\x80", -1, 1, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *text = (const uint8_t *)rows[i].text;
		size_t len = 0;

		CHECK_INT(ble_text_decode(bytes(text, strlen(rows[i].text)), &len),
			  rows[i].character);
		CHECK_INT(len, rows[i].len);
		CHECK(ble_text_unsafe(rows[i].character) == rows[i].unsafe);
	}
}

/* Whole characters and whole escapes, whatever the room; without any, nothing. */
static void escaped_room(void)
{
	static const char *const fits[] = {
		"", "", "", "", "", "\\x1b", "\\x1b", "\\x1b\xc3\xbc", "\\x1b\xc3\xbc",
		"\\x1b\xc3\xbc\\\\", "\\x1b\xc3\xbc\\\\",
	};
	char out[16];

	for (size_t size = 0; size < sizeof(fits) / sizeof(fits[0]); size++) {
		memset(out, '#', sizeof(out));
		ble_text_escape("\033\xc3\xbc\\", out, size);
		if (size)
			CHECK_STR(out, fits[size]);
		CHECK_INT(out[size], '#');
	}
}

/* The library says what its package is, and so does the header. */
static void version(void)
{
	CHECK_STR(ble_version(), PACKAGE_VERSION);
	CHECK_STR(BLE_VERSION, PACKAGE_VERSION);
}

/* -- NULL -------------------------------------------------------------------------------- */

/* Each call that counts a reference or gives something back takes NULL; tests/architecture.sh compares this
 * list with blewire.h. */
#define GIVES_NULL(function) \
	static bool function##_null(void) { return function(NULL) == NULL; }
#define GIVES_NOTHING(function) \
	static bool function##_null(void) { function(NULL); return true; }

GIVES_NULL(ble_loop_ref)
GIVES_NULL(ble_adapter_ref)
GIVES_NULL(ble_device_ref)
GIVES_NULL(ble_scanner_ref)
GIVES_NULL(ble_client_ref)
GIVES_NULL(ble_loop_unref)
GIVES_NULL(ble_timer_free)
GIVES_NULL(ble_adapter_unref)
GIVES_NULL(ble_adapter_watch_free)
GIVES_NULL(ble_device_unref)
GIVES_NULL(ble_scanner_unref)
GIVES_NULL(ble_client_unref)
GIVES_NULL(ble_keeper_free)
GIVES_NOTHING(ble_op_cancel)
GIVES_NOTHING(ble_listener_free)

static void never(void *user, int error)
{
	(void)user;
	(void)error;
	CHECK(false);
}

static bool ble_subscription_free_null(void)
{
	struct ble_op *op = (struct ble_op *)(uintptr_t)1;

	return ble_subscription_free(NULL, never, NULL, &op) == 0 && !op &&
	       ble_subscription_free(NULL, NULL, NULL, NULL) == 0;
}

static bool ble_subscription_free_sync_null(void)
{
	return ble_subscription_free_sync(NULL) == 0;
}

static void null_is_harmless(void)
{
	static const struct {
		const char *name;
		bool (*call)(void);
	} calls[] = {
#define CALL(function) { #function, function##_null }
		CALL(ble_loop_ref), CALL(ble_adapter_ref), CALL(ble_device_ref),
		CALL(ble_scanner_ref), CALL(ble_client_ref),
		CALL(ble_loop_unref), CALL(ble_timer_free), CALL(ble_adapter_unref), CALL(ble_adapter_watch_free),
		CALL(ble_device_unref), CALL(ble_scanner_unref), CALL(ble_client_unref),
		CALL(ble_keeper_free),
		CALL(ble_op_cancel), CALL(ble_listener_free),
		CALL(ble_subscription_free), CALL(ble_subscription_free_sync),
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		harness_about("%s", calls[i].name);
		CHECK(calls[i].call());
	}
}

int main(int argc, char **argv)
{
	static const struct test_case uuids[] = {
		TEST(uuid_good), TEST(uuid_bad), TEST(uuid_numbers),
		TEST(uuid_wire), TEST(byte_order), TEST(uuid_names),
		TEST(uuid_names_back), { 0 },
	};
	static const struct test_case addresses[] = {
		TEST(address_good), TEST(address_order), TEST(address_bad), { 0 },
	};
	static const struct test_case errors[] = {
		TEST(error_words), TEST(att_codes), TEST(controller_words), { 0 },
	};
	static const struct test_case lists[] = {
		TEST(list_basics), TEST(list_random), { 0 },
	};
	static const struct test_case texts[] = {
		TEST(escaped), TEST(decoded), TEST(escaped_room), TEST(version),
		TEST(null_is_harmless), { 0 },
	};
	static const struct test_suite suites[] = {
		{ "uuid", uuids }, { "address", addresses },
		{ "error", errors }, { "list", lists },
		{ "text", texts }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
