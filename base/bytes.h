/* SPDX-License-Identifier: MIT */
/*
 * Little-endian numbers in byte buffers, which is how the air, the kernel's
 * HCI and mgmt channels and BGAPI all write them. Callers check lengths.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

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

#endif
