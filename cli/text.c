/* SPDX-License-Identifier: MIT */
/*
 * Makes received text safe for a terminal. A name is up to 248 arbitrary
 * bytes: escape sequences, half a character, controls that change the direction
 * of the line. All of these are escaped.
 */
#include "config.h" /* wcwidth() is an extension */

#include "cli/cli.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

struct ble_bytes text_bytes(const char *text)
{
	return (struct ble_bytes){ (const uint8_t *)text, strlen(text) };
}

const char *text_count(char text[TEXT_COUNT], unsigned long long n, const char *what)
{
	snprintf(text, TEXT_COUNT, "%llu %s%s", n, what, n == 1 ? "" : "s");
	return text;
}

bool text_printable(struct ble_bytes text)
{
	size_t len;

	for (; text.len; text.data += len, text.len -= len)
		if (ble_text_unsafe(ble_text_decode(text, &len)))
			return false;
	return true;
}

/* In a locale of one byte a character, the second byte of a UTF-8 character may be a
 * control. */
static bool locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool shown(int32_t c)
{
	if (ble_text_unsafe(c) || c == '\\')
		return false;
	return c < 0x80 || (locale_is_utf8() && wcwidth((wchar_t)c) >= 0);
}

size_t text_escape(char *out, size_t size, struct ble_bytes text)
{
	size_t at = 0, len;

	for (; text.len; text.data += len, text.len -= len) {
		int32_t c = ble_text_decode(text, &len);
		size_t need = shown(c) ? len : c == '\\' ? 2 : 4 * len;

		if (at + need >= size)
			break;
		if (shown(c))
			memcpy(out + at, text.data, len);
		else if (c == '\\')
			memcpy(out + at, "\\\\", 2);
		else
			for (size_t i = 0; i < len; i++)
				snprintf(out + at + 4 * i, 5, "\\x%02x",
					 text.data[i]);
		at += need;
	}
	out[at] = '\0';
	return at;
}

size_t text_fit(const char *text, int columns, int *ret_columns)
{
	struct ble_bytes rest = text_bytes(text);
	int used = 0;
	size_t len;

	for (; rest.len; rest.data += len, rest.len -= len) {
		int32_t c = ble_text_decode(rest, &len);
		int width = c < 0x80 ? 1 : wcwidth((wchar_t)c);

		if (width < 0)
			width = 1;
		if (used + width > columns)
			break;
		used += width;
	}
	*ret_columns = used;
	return (size_t)(rest.data - (const uint8_t *)text);
}
