/* SPDX-License-Identifier: MIT */
/*
 * Little-endian numbers in byte buffers: ATT, HCI, the kernel's management
 * channel and BGAPI all use them. Callers check lengths. Also hexadecimal digits.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <errno.h>

#include "blewire.h"

static inline uint16_t get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_le24(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

static inline uint32_t get_le32(const uint8_t *p)
{
	return get_le24(p) | (uint32_t)p[3] << 24;
}

static inline void put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void put_le32(uint8_t *p, uint32_t v)
{
	put_le16(p, (uint16_t)v);
	put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline struct ble_bytes bytes(const void *data, size_t len)
{
	return (struct ble_bytes){ data, len };
}

static inline int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads two digits an octet and stops at the first other character: -EINVAL. */
static inline int hex_octets(const char *text, size_t octets, uint8_t *ret)
{
	for (size_t i = 0; i < octets; i++) {
		int high = hex_digit(text[2 * i]);
		int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

		if (low < 0)
			return -EINVAL;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

#endif
