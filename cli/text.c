/* SPDX-License-Identifier: MIT */
/*
 * Text from the air on its way to a terminal. A name is whatever 248 bytes a
 * stranger chose to send: escape sequences, half a character, controls that
 * turn the rest of the line around. Nothing of that gets through.
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

int32_t text_decode(struct ble_bytes text, size_t *ret_len)
{
	const uint8_t *p = text.data;
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	int32_t c = p[0];
	size_t len = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 :
		     (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;

	*ret_len = 1;
	if (len <= 1)
		return len ? c : -1;
	if (len > text.len)
		return -1;
	c &= 0x7f >> len;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3f);
	}
	/* Overlong forms, surrogates and what lies behind Unicode's end */
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -1;
	*ret_len = len;
	return c;
}

bool text_unsafe(int32_t c)
{
	static const struct {
		int32_t first, last;
	} ranges[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, /* controls */
		{ 0x061c, 0x061c }, { 0x200e, 0x200f }, { 0x202a, 0x202e },
		{ 0x2066, 0x2069 }, /* direction */
		{ 0x2028, 0x2029 }, /* line and paragraph ends */
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xfffe, 0xffff },
		{ 0xe0000, 0xe007f }, /* tags: invisible text */
	};

	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return c < 0;
}

bool text_printable(struct ble_bytes text)
{
	size_t len;

	for (; text.len; text.data += len, text.len -= len)
		if (text_unsafe(text_decode(text, &len)))
			return false;
	return true;
}

/* A terminal that expects one byte a character may take the second byte of one
 * of ours for a control. */
static bool locale_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static bool shown(int32_t c)
{
	if (text_unsafe(c) || c == '\\')
		return false;
	return c < 0x80 || (locale_is_utf8() && wcwidth((wchar_t)c) >= 0);
}

size_t text_escape(char *out, size_t size, struct ble_bytes text)
{
	size_t at = 0, len;

	for (; text.len; text.data += len, text.len -= len) {
		int32_t c = text_decode(text, &len);
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
		int32_t c = text_decode(rest, &len);
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
