/* SPDX-License-Identifier: MIT */
/* Texts that people type and that peers send: UUIDs, addresses, names of the
 * assigned numbers, values on the command line; what may reach a terminal. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/shell.h"
#include "tests/fuzz/fuzz.h"

/* The program's output ends here. */
void put(const char *format, ...)
{
	char line[64];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
}

void put_hex(struct ble_bytes octets)
{
	fuzz_touch(octets);
}

/* The library's, too. */
static void escaped(struct ble_bytes text)
{
	size_t size = 4 * text.len + 1, n;
	char *whole = malloc(text.len + 1), *out = malloc(size);
	struct ble_bytes rest;

	HOLDS(whole && out);
	memcpy(whole, text.data, text.len);
	whole[text.len] = '\0';
	HOLDS(ble_text_escape(whole, out, size) == out);
	for (rest = text_bytes(out); rest.len; rest.data += n, rest.len -= n) {
		HOLDS(!ble_text_unsafe(ble_text_decode(rest, &n)));
		HOLDS(n > 0 && n <= rest.len);
	}
	free(out);
	free(whole);
}

/* Nothing that a terminal obeys comes through, and a buffer that is too small
 * cuts between characters. */
void put_escaped(struct ble_bytes text)
{
	size_t size = 4 * text.len + 1;
	char *out = malloc(size), *cut = malloc(size / 2 + 1);
	size_t len = text_escape(out, size, text), short_len;
	int columns;

	HOLDS(len < size && strlen(out) == len);
	HOLDS(text_printable(text_bytes(out)));
	for (size_t i = 0; i < len; i++)
		HOLDS((uint8_t)out[i] >= 0x20 && out[i] != 0x7f);
	escaped(text);
	short_len = text_escape(cut, size / 2 + 1, text);
	HOLDS(short_len <= size / 2 && strlen(cut) == short_len);
	HOLDS(!strncmp(cut, out, short_len));
	HOLDS(text_fit(out, 10, &columns) <= len && columns <= 10);
	free(cut);
	free(out);
}

static void uuids(const char *text)
{
	char again[BLE_UUID_TEXT];
	struct ble_uuid uuid, same;

	if (!ble_uuid_parse(text, &uuid)) {
		HOLDS(ble_uuid_parse(ble_uuid_text(&uuid, again), &same) == 0);
		HOLDS(ble_uuid_equal(&uuid, &same));
		ble_uuid_short(&uuid);
	}
	if (!ble_uuid_from_name(text, &uuid)) {
		char *name = malloc(BLE_NAME_TEXT);

		HOLDS(ble_uuid_name(&uuid, name) == name);
		HOLDS(!ble_uuid_from_name(name, &same));
		HOLDS(ble_uuid_equal(&uuid, &same));
		free(name);
	}
}

static void addresses(const char *text)
{
	char again[BLE_ADDRESS_TEXT];
	struct ble_address address, same;

	if (ble_address_parse(text, &address))
		return;
	HOLDS(ble_address_parse(ble_address_text(&address, again), &same) == 0);
	HOLDS(!memcmp(address.octet, same.octet, 6));
	HOLDS(same.type == BLE_ADDRESS_UNKNOWN);
	HOLDS(ble_address_type_text(&address) != NULL);
}

static void named(const char *name)
{
	HOLDS(!name || strlen(name) < BLE_NAME_TEXT);
}

static void numbers(struct fuzz *fuzz)
{
	uint16_t number = fuzz_u16(fuzz);
	struct ble_uuid uuid = ble_uuid16(number), same;
	char *name = malloc(BLE_NAME_TEXT);

	if (ble_uuid_name(&uuid, name) && !ble_uuid_from_name(name, &same))
		HOLDS(ble_uuid_short(&same) == number);
	if (number)
		HOLDS(ble_uuid_short(&uuid) == number);
	named(ble_company_name(number, name));
	named(ble_ad_name((uint8_t)number, name));
	named(ble_appearance_category(number, name));
	named(ble_appearance_name(number, name));
	free(name);
	HOLDS(ble_hci_text((uint8_t)number) && ble_strerror((int16_t)number));
	ble_property_text((enum ble_property)number);
}

static void values(const char *text, enum value_format format)
{
	uint8_t *value = malloc(VALUE_MAX);
	long long number;
	char why[200];
	size_t len, at = 0;

	if (!value_parse(text, format, value, &len, why)) {
		HOLDS(len <= VALUE_MAX);
		fuzz_touch((struct ble_bytes){ value, len });
		put_value((struct ble_bytes){ value, len }, format);
		while (format_integer(format) &&
		       value_integer((struct ble_bytes){ value, len }, format, &at, &number))
			HOLDS(at <= len);
	} else {
		HOLDS(strlen(why) < sizeof(why));
	}
	free(value);
}

static void options(const char *text)
{
	struct uuid_list list = { 0 };
	enum value_format format;
	uint64_t time;
	unsigned long count;
	int8_t rssi;

	set_service(&list, text);
	if (!set_time(&time, text))
		HOLDS(time > 0);
	if (!set_count(&count, text))
		HOLDS(count > 0);
	if (!set_rssi(&rssi, text))
		HOLDS(rssi != 0);
	set_format(&format, text);
}

static void words(char *line)
{
	char *word[WORDS_MAX + 1], why[100];
	int n;

	if (words_split(line, word, &n, why))
		return;
	HOLDS(n <= WORDS_MAX && !word[n]);
	for (int i = 0; i < n; i++)
		fuzz_touch(text_bytes(word[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	uint8_t what = fuzz_u8(&fuzz);
	char *text = malloc(fuzz.len + 1);

	HOLDS(text != NULL);
	if (fuzz.len)
		memcpy(text, fuzz.data, fuzz.len);
	text[fuzz.len] = '\0';
	switch (what & 7) {
	case 0:
		uuids(text);
		break;
	case 1:
		addresses(text);
		break;
	case 2:
		values(text, (enum value_format)(what >> 5));
		break;
	case 3:
		put_escaped(text_bytes(text));
		break;
	case 4:
		options(text);
		break;
	case 5:
		words(text);
		break;
	case 6:
		put_value(text_bytes(text), (enum value_format)(what >> 5));
		break;
	default:
		numbers(&fuzz);
		break;
	}
	free(text);
	return 0;
}
