/* SPDX-License-Identifier: MIT */
/* Escapes text from peers, so that it can be shown on a terminal. */
#include <stdio.h>
#include <string.h>

#include "blewire.h"

int32_t ble_text_decode(struct ble_bytes text, size_t *ret_len)
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
	/* Overlong forms, surrogates, and beyond U+10FFFF */
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return -1;
	*ret_len = len;
	return c;
}

bool ble_text_unsafe(int32_t c)
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

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return c < 0;
}

char *ble_text_escape(const char *text, char *escaped, size_t size)
{
	struct ble_bytes rest = { (const uint8_t *)text, strlen(text) };
	size_t at = 0, len;

	for (; rest.len; rest.data += len, rest.len -= len) {
		int32_t c = ble_text_decode(rest, &len);
		bool hidden = ble_text_unsafe(c);
		size_t need = c == '\\' ? 2 : hidden ? 4 * len : len;

		if (at + need >= size)
			break;
		memcpy(escaped + at, c == '\\' ? (const void *)"\\\\" : rest.data,
		       hidden ? 0 : need);
		for (size_t i = 0; hidden && i < len; i++)
			snprintf(escaped + at + 4 * i, 5, "\\x%02x", rest.data[i]);
		at += need;
	}
	if (size)
		escaped[at] = '\0';
	return escaped;
}
