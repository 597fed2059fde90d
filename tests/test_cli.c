/* SPDX-License-Identifier: MIT */
/* The program's values and text: what it accepts on its command line, and what it
 * escapes before a terminal gets it. */
#include <locale.h>
#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"
#include "tests/harness.h"

/* The program's output goes here instead. */
static char printed[4096];

void put(const char *format, ...)
{
	size_t len = strlen(printed);
	va_list ap;

	va_start(ap, format);
	vsnprintf(printed + len, sizeof(printed) - len, format, ap);
	va_end(ap);
}

void put_hex(struct ble_bytes bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		put("%02x", bytes.data[i]);
}

void put_escaped(struct ble_bytes text)
{
	char out[2100];

	text_escape(out, sizeof(out), text);
	put("%s", out);
}

/* -- Values ---------------------------------------------------------------- */

static void good_values(void)
{
	static const struct {
		const char *text;
		enum value_format format;
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "", FORMAT_HEX, "", 0 },
		{ "hex:", FORMAT_TEXT, "", 0 },
		{ "00ff", FORMAT_HEX, "\0\xff", 2 },
		{ "0x0AfB", FORMAT_HEX, "\x0a\xfb", 2 },
		{ "hex:0a:0b-0c 0d", FORMAT_TEXT, "\x0a\x0b\x0c\x0d", 4 },
		{ "text:hex:00", FORMAT_HEX, "hex:00", 6 },
		{ "text:", FORMAT_HEX, "", 0 },
		{ "a:b", FORMAT_TEXT, "a:b", 3 },
		{ "u8:0,255,0x7f", FORMAT_HEX, "\0\xff\x7f", 3 },
		{ "u16:500", FORMAT_HEX, "\xf4\x01", 2 },
		{ "500", FORMAT_U16, "\xf4\x01", 2 },
		{ "u32:4294967295", FORMAT_HEX, "\xff\xff\xff\xff", 4 },
		{ "i8:-128,127", FORMAT_HEX, "\x80\x7f", 2 },
		{ "i16:-2", FORMAT_HEX, "\xfe\xff", 2 },
		{ "i32:-2147483648", FORMAT_HEX, "\0\0\0\x80", 4 },
	};
	uint8_t value[VALUE_MAX];
	char why[200];
	size_t len;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		harness_about("%s", rows[i].text);
		len = 999;
		CHECK_INT(value_parse(rows[i].text, rows[i].format, value, &len, why), 0);
		if (CHECK_INT(len, rows[i].len))
			CHECK_MEM(value, rows[i].bytes, len);
	}
	harness_about(NULL);
}

static void bad_values(void)
{
	static const struct {
		const char *text;
		enum value_format format;
		const char *why; /* the sentence contains this */
	} rows[] = {
		{ "0", FORMAT_HEX, "pairs" },
		{ "0a0", FORMAT_HEX, "pairs" },
		{ "0 a", FORMAT_HEX, "pairs" },
		{ "0a::0b", FORMAT_HEX, "not hex" },
		{ "0a:", FORMAT_HEX, "not hex" },
		{ "xyz", FORMAT_HEX, "not hex" },
		{ "u64:1", FORMAT_HEX, "not hex" },
		{ "hex:0g", FORMAT_U8, "pairs" },
		{ "u8:", FORMAT_HEX, "from 0 to 255" },
		{ "u8:1,", FORMAT_HEX, "from 0 to 255" },
		{ "u8:256", FORMAT_HEX, "from 0 to 255" },
		{ "u8:-1", FORMAT_HEX, "from 0 to 255" },
		{ "u8: 1", FORMAT_HEX, "from 0 to 255" },
		{ "u8:+1", FORMAT_HEX, "from 0 to 255" },
		{ "u8:1 ", FORMAT_HEX, "from 0 to 255" },
		{ "u8:0x", FORMAT_HEX, "from 0 to 255" },
		{ "i8:128", FORMAT_HEX, "from -128 to 127" },
		{ "u32:4294967296", FORMAT_HEX, "from 0 to 4294967295" },
		{ "u32:99999999999999999999999999999", FORMAT_HEX, "from 0" },
	};
	uint8_t value[VALUE_MAX];
	char why[200];
	size_t len = 0;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		harness_about("%s", rows[i].text);
		CHECK_INT(value_parse(rows[i].text, rows[i].format, value, &len, why),
			  -EINVAL);
		CHECK(strstr(why, rows[i].why) != NULL);
	}
	harness_about(NULL);
}

static void longest_values(void)
{
	char text[2 * VALUE_MAX + 16] = "";
	uint8_t value[VALUE_MAX];
	char why[200];
	size_t len = 0;

	memset(text, 'a', 2 * VALUE_MAX);
	CHECK_INT(value_parse(text, FORMAT_HEX, value, &len, why), 0);
	CHECK_INT(len, VALUE_MAX);
	strcat(text, "aa");
	CHECK_INT(value_parse(text, FORMAT_HEX, value, &len, why), -EINVAL);
	CHECK(strstr(why, "512") != NULL);
	text[VALUE_MAX] = '\0';
	CHECK_INT(value_parse(text, FORMAT_TEXT, value, &len, why), 0);
	text[VALUE_MAX] = 'a';
	text[VALUE_MAX + 1] = '\0';
	CHECK_INT(value_parse(text, FORMAT_TEXT, value, &len, why), -EINVAL);
	CHECK(strstr(why, "512") != NULL);
	strcpy(text, "u32:0");
	for (int i = 1; i < VALUE_MAX / 4; i++)
		strcat(text, ",0");
	CHECK_INT(value_parse(text, FORMAT_HEX, value, &len, why), 0);
	CHECK_INT(len, VALUE_MAX);
	strcat(text, ",0");
	CHECK_INT(value_parse(text, FORMAT_HEX, value, &len, why), -EINVAL);
	CHECK(strstr(why, "512") != NULL);
}

static void shown_values(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum value_format format;
		const char *text;
	} rows[] = {
		{ "", 0, FORMAT_HEX, "" },
		{ "\x06\x48", 2, FORMAT_HEX, "0648" },
		{ "a\nb\\", 4, FORMAT_TEXT, "a\\x0ab\\\\" },
		{ "\xff\x01", 2, FORMAT_U8, "255 1" },
		{ "\xff\x01", 2, FORMAT_I8, "-1 1" },
		{ "\xf4\x01\x07", 3, FORMAT_U16, "500 hex:07" },
		{ "\x07", 1, FORMAT_U32, "hex:07" },
		{ "\xff\xff\xff\xff", 4, FORMAT_U32, "4294967295" },
		{ "\xff\xff\xff\xff", 4, FORMAT_I32, "-1" },
		{ "\0\0\0\x80", 4, FORMAT_I32, "-2147483648" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ble_bytes value = { (const uint8_t *)rows[i].bytes, rows[i].len };

		*printed = '\0';
		put_value(value, rows[i].format);
		CHECK_STR(printed, rows[i].text);
	}
}

/* -- Options --------------------------------------------------------------- */

static void times(void)
{
	static const char *const bad[] = { "", "0", "-1", "1s", " 1", "1e3", "0x10",
					   "inf", "nan", ".", "1.2.3", "99999999999" };
	uint64_t ms = 7;

	CHECK_INT(set_time(&ms, "0.5"), 0);
	CHECK_INT(ms, 500);
	CHECK_INT(set_time(&ms, "10"), 0);
	CHECK_INT(ms, 10000);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		harness_about("%s", bad[i]);
		CHECK_INT(set_time(&ms, bad[i]), -EINVAL);
	}
	harness_about(NULL);
	CHECK_INT(ms, 10000);
}

static void numbers(void)
{
	unsigned long count = 0;
	int8_t rssi = 0;

	CHECK_INT(set_count(&count, "0"), -EINVAL);
	CHECK_INT(set_count(&count, "4294967296"), -EINVAL);
	CHECK_INT(set_count(&count, "1000"), 0);
	CHECK_INT(count, 1000);
	CHECK_INT(set_rssi(&rssi, "0"), -EINVAL);
	CHECK_INT(set_rssi(&rssi, "-128"), -EINVAL);
	CHECK_INT(set_rssi(&rssi, "-70dBm"), -EINVAL);
	CHECK_INT(set_rssi(&rssi, "-70"), 0);
	CHECK_INT(rssi, -70);
}

static void services(void)
{
	struct uuid_list list = { 0 };

	CHECK_INT(set_service(&list, "heart"), -EINVAL);
	for (size_t i = 0; i < COUNT_OF(list.uuid); i++)
		CHECK_INT(set_service(&list, "180d"), 0);
	CHECK_INT(set_service(&list, "180d"), -EINVAL);
	CHECK_INT(list.n, COUNT_OF(list.uuid));
}

/* -- Text ------------------------------------------------------------------- */

#define ESCAPED(in, out) check_escaped(in, sizeof(in) - 1, out)

static void check_escaped(const char *in, size_t len, const char *expected)
{
	char out[200];

	text_escape(out, sizeof(out), (struct ble_bytes){ (const uint8_t *)in, len });
	CHECK_STR(out, expected);
}

static void utf8_locale(void)
{
	if (!setlocale(LC_CTYPE, "C.UTF-8") && !setlocale(LC_CTYPE, "en_US.UTF-8"))
		FAIL("no UTF-8 locale here: C.UTF-8 is part of every libc");
	ESCAPED("gr\xc3\xbc\xc3\x9f dich", "gr\xc3\xbc\xc3\x9f dich");
	ESCAPED("\xe6\xb8\xa9", "\xe6\xb8\xa9");
	/* Escape sequences, in 7 and in 8 bits */
	ESCAPED("\033[2J", "\\x1b[2J");
	ESCAPED("\xc2\x9b" "2J", "\\xc2\\x9b2J");
	ESCAPED("\x9b" "2J", "\\x9b2J");
	ESCAPED("a\0b\177", "a\\x00b\\x7f");
	/* Direction, line ends, invisible text */
	ESCAPED("a\xe2\x80\xae" "b", "a\\xe2\\x80\\xaeb");
	ESCAPED("\xe2\x81\xa6\xd8\x9c", "\\xe2\\x81\\xa6\\xd8\\x9c");
	ESCAPED("\xe2\x80\xa8", "\\xe2\\x80\\xa8");
	ESCAPED("\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81");
	/* Not UTF-8: cut off, overlong, surrogate, beyond the end */
	ESCAPED("a\xe6\xb8", "a\\xe6\\xb8");
	ESCAPED("\xc0\xaf", "\\xc0\\xaf");
	ESCAPED("\xe0\x80\xaf", "\\xe0\\x80\\xaf");
	ESCAPED("\xed\xa0\x80", "\\xed\\xa0\\x80");
	ESCAPED("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
	ESCAPED("\xff", "\\xff");
	ESCAPED("\\x1b", "\\\\x1b");
}

static void other_locale(void)
{
	setlocale(LC_CTYPE, "C");
	/* Its second byte is a control in a Latin terminal */
	ESCAPED("\xc4\x9b", "\\xc4\\x9b");
	ESCAPED("abc", "abc");
}

static void room(void)
{
	struct ble_bytes text = text_bytes("\033a\xc3\xbc");
	char out[16];

	setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t size = 1; size < sizeof(out); size++) {
		size_t len;

		memset(out, 'x', sizeof(out));
		len = text_escape(out, size, text);
		CHECK_INT(len, size > 7 ? 7 : size > 5 ? 5 : size > 4 ? 4 : 0);
		CHECK_INT(out[len], 0);
		CHECK_INT(out[size], 'x');
	}
}

static void columns(void)
{
	const char *text = "a\xe6\xb8\xa9" "b\xcc\x81" "c"; /* 1, 2, 1 + combining, 1 */
	static const struct {
		int columns, used;
		size_t len;
	} rows[] = {
		{ 0, 0, 0 }, { 1, 1, 1 }, { 2, 1, 1 }, { 3, 3, 4 },
		{ 4, 4, 7 }, { 5, 5, 8 }, { 9, 5, 8 },
	};
	int used;

	setlocale(LC_CTYPE, "C.UTF-8");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		harness_about("%d columns", rows[i].columns);
		CHECK_INT(text_fit(text, rows[i].columns, &used), rows[i].len);
		CHECK_INT(used, rows[i].used);
	}
	harness_about(NULL);
}

/* Whatever comes in, what goes out is printable and short enough. */
static void anything(void)
{
	uint8_t in[64];
	char out[160];

	setlocale(LC_CTYPE, "C.UTF-8");
	for (int round = 0; round < 20000; round++) {
		struct ble_bytes text = { in, harness_below(sizeof(in)) };
		size_t len;

		for (size_t i = 0; i < text.len; i++)
			in[i] = (uint8_t)harness_random();
		len = text_escape(out, sizeof(out), text);
		if (len >= sizeof(out) || out[len] || !text_printable(text_bytes(out))) {
			FAIL("all of it is printable");
			break;
		}
	}
}

static void counts(void)
{
	char text[TEXT_COUNT];

	CHECK_STR(text_count(text, 0, "service"), "0 services");
	CHECK_STR(text_count(text, 1, "service"), "1 service");
	CHECK_STR(text_count(text, 2, "service"), "2 services");
	CHECK_STR(text_count(text, UINT64_MAX, "byte"), "18446744073709551615 bytes");
}

static const struct test_case value_cases[] = {
	TEST(good_values), TEST(bad_values), TEST(longest_values), TEST(shown_values),
	{ 0 },
};
static const struct test_case option_cases[] = {
	TEST(times), TEST(numbers), TEST(services), { 0 },
};
static const struct test_case text_cases[] = {
	TEST(utf8_locale), TEST(other_locale), TEST(room), TEST(columns), TEST(anything),
	TEST(counts),
	{ 0 },
};
static const struct test_suite suites[] = {
	{ "values", value_cases }, { "options", option_cases }, { "text", text_cases },
	{ 0 },
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
