/* SPDX-License-Identifier: MIT */
/* Parses and prints values: hex, text, or little-endian integers. One table has the
 * name and the layout of each format. */
#include "cli/cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	size_t size; /* of an integer; 0: not integers */
	bool negative;
} formats[] = {
	[FORMAT_HEX] = { "hex", 0, false }, [FORMAT_TEXT] = { "text", 0, false },
	[FORMAT_U8] = { "u8", 1, false },   [FORMAT_U16] = { "u16", 2, false },
	[FORMAT_U32] = { "u32", 4, false }, [FORMAT_I8] = { "i8", 1, true },
	[FORMAT_I16] = { "i16", 2, true },  [FORMAT_I32] = { "i32", 4, true },
};

int parse_number(const char *text, long long min, long long max,
		 long long *ret_number)
{
	const char *digits = text + (*text == '-');
	int base = digits[0] == '0' && (digits[1] | 0x20) == 'x' ? 16 : 10;
	long long number;
	char *end;

	if (base == 16 ? !isxdigit((unsigned char)digits[2]) :
	    !isdigit((unsigned char)digits[0]))
		return -EINVAL;
	errno = 0;
	number = strtoll(text, &end, base);
	if (errno || *end || number < min || number > max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

int format_find(const char *name, size_t len, enum value_format *ret_format)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		if (strlen(formats[i].name) == len &&
		    memcmp(formats[i].name, name, len) == 0) {
			*ret_format = (enum value_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool format_integer(enum value_format format)
{
	return formats[format].size;
}

bool value_integer(struct ble_bytes value, enum value_format format, size_t *at,
		   long long *ret_number)
{
	size_t size = formats[format].size;
	long long number = 0;

	if (!size || value.len - *at < size)
		return false;
	for (size_t i = 0; i < size; i++)
		number |= (long long)value.data[*at + i] << 8 * i;
	if (formats[format].negative && value.data[*at + size - 1] & 0x80)
		number -= 1LL << 8 * size;
	*at += size;
	*ret_number = number;
	return true;
}

static int too_long(char why[200])
{
	snprintf(why, 200, "the value is too long: %d bytes at most", VALUE_MAX);
	return -EINVAL;
}

static int digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Pairs of digits, separated by nothing, spaces, colons or dashes. */
static int parse_hex(const char *text, uint8_t value[VALUE_MAX], size_t *ret_len,
		     char why[200])
{
	const char *p = text + (strncmp(text, "0x", 2) == 0 ? 2 : 0);
	size_t len = 0;

	while (*p) {
		if (len && strchr(" :-", *p) && p[1])
			p++;
		if (!isxdigit((unsigned char)p[0])) {
			snprintf(why, 200,
				 "\"%.40s\" is not hex, from \"%.8s\" on: write hex:0a0b, or text:hello, or u16:500",
				 text, p);
			return -EINVAL;
		}
		if (!isxdigit((unsigned char)p[1])) {
			snprintf(why, 200,
				 "\"%.40s\" is not hex: the digits come in pairs, such as 0a",
				 text);
			return -EINVAL;
		}
		if (len == VALUE_MAX)
			return too_long(why);
		value[len++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
		p += 2;
	}
	*ret_len = len;
	return 0;
}

static int parse_text(const char *text, uint8_t value[VALUE_MAX],
		      size_t *ret_len, char why[200])
{
	size_t len = strlen(text);

	if (len > VALUE_MAX)
		return too_long(why);
	memcpy(value, text, len);
	*ret_len = len;
	return 0;
}

/* Numbers separated by commas. */
static int parse_integers(const char *text, enum value_format format,
			  uint8_t value[VALUE_MAX], size_t *ret_len, char why[200])
{
	size_t size = formats[format].size, len = 0;
	long long range = 1LL << 8 * size;
	long long min = formats[format].negative ? -range / 2 : 0;

	for (;;) {
		size_t n = strcspn(text, ",");
		long long number;
		char one[24];

		snprintf(one, sizeof(one), "%.*s", n < 23 ? (int)n : 23, text);
		if (parse_number(one, min, min + range - 1, &number)) {
			snprintf(why, 200, "\"%s\" is not a number from %lld to %lld (%s)",
				 one, min, min + range - 1, formats[format].name);
			return -EINVAL;
		}
		if (len + size > VALUE_MAX)
			return too_long(why);
		for (size_t i = 0; i < size; i++)
			value[len++] = (uint8_t)((unsigned long long)number >> 8 * i);
		if (!text[n])
			break;
		text += n + 1;
	}
	*ret_len = len;
	return 0;
}

int value_parse(const char *text, enum value_format format,
		uint8_t value[VALUE_MAX], size_t *ret_len, char why[200])
{
	size_t name = strcspn(text, ":");

	if (text[name] && format_find(text, name, &format) == 0)
		text += name + 1;
	if (format == FORMAT_HEX)
		return parse_hex(text, value, ret_len, why);
	if (format == FORMAT_TEXT)
		return parse_text(text, value, ret_len, why);
	return parse_integers(text, format, value, ret_len, why);
}

void put_value(struct ble_bytes value, enum value_format format)
{
	size_t at = 0;
	long long number;

	if (format == FORMAT_HEX) {
		put_hex(value);
		return;
	}
	if (format == FORMAT_TEXT) {
		put_escaped(value);
		return;
	}
	while (value_integer(value, format, &at, &number))
		put(at > formats[format].size ? " %lld" : "%lld", number);
	/* The bytes after the last whole integer */
	if (at < value.len) {
		put(at ? " hex:" : "hex:");
		put_hex((struct ble_bytes){ value.data + at, value.len - at });
	}
}
