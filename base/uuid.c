/* SPDX-License-Identifier: MIT */
/* UUID values: text, wire forms, comparison. */
#include "base/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

/* Vol 3, Part B, 2.5.1: the short forms are in the first four octets. */
static const struct ble_uuid base_uuid = { {
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00,
	0x80, 0x00, 0x00, 0x80, 0x5f, 0x9b, 0x34, 0xfb,
} };

struct ble_uuid ble_uuid32(uint32_t value)
{
	struct ble_uuid uuid = base_uuid;

	for (int i = 0; i < 4; i++)
		uuid.octet[i] = (uint8_t)(value >> (24 - 8 * i));
	return uuid;
}

struct ble_uuid ble_uuid16(uint16_t value)
{
	return ble_uuid32(value);
}

bool ble_uuid_equal(const struct ble_uuid *a, const struct ble_uuid *b)
{
	return memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

static bool on_base(const struct ble_uuid *uuid)
{
	return memcmp(uuid->octet + 4, base_uuid.octet + 4, 12) == 0;
}

uint16_t ble_uuid_short(const struct ble_uuid *uuid)
{
	const uint8_t *o = uuid->octet;

	if (o[0] || o[1] || !on_base(uuid))
		return 0;
	return (uint16_t)(o[2] << 8 | o[3]);
}

/* 8-4-4-4-12 digits. */
static int parse_long(const char *text, struct ble_uuid *ret_uuid)
{
	static const uint8_t groups[] = { 4, 2, 2, 2, 6 };
	struct ble_uuid uuid;
	uint8_t *o = uuid.octet;

	for (size_t g = 0; g < sizeof(groups); g++) {
		if (g && *text++ != '-')
			return -EINVAL;
		if (hex_octets(text, groups[g], o))
			return -EINVAL;
		o += groups[g];
		text += 2 * groups[g];
	}
	*ret_uuid = uuid;
	return 0;
}

int ble_uuid_parse(const char *text, struct ble_uuid *ret_uuid)
{
	uint8_t o[4] = { 0 };
	size_t len;

	len = strlen(text);
	if (len == 36)
		return parse_long(text, ret_uuid);
	if (len > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
		text += 2;
		len -= 2;
	}
	if (len != 4 && len != 8)
		return -EINVAL;
	if (hex_octets(text, len / 2, o + 4 - len / 2))
		return -EINVAL;
	*ret_uuid = ble_uuid32((uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 |
			       (uint32_t)o[2] << 8 | o[3]);
	return 0;
}

char *ble_uuid_text(const struct ble_uuid *uuid, char text[BLE_UUID_TEXT])
{
	const uint8_t *o = uuid->octet;
	size_t first = on_base(uuid) && !o[0] && !o[1] ? 2 : 0;
	size_t last = on_base(uuid) ? 4 : sizeof(uuid->octet);
	char *p = text;

	for (size_t i = first; i < last; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += snprintf(p, 3, "%02x", o[i]);
	}
	return text;
}

int uuid_from_wire(const uint8_t *p, size_t len, struct ble_uuid *ret_uuid)
{
	if (len == 16) {
		for (size_t i = 0; i < 16; i++)
			ret_uuid->octet[i] = p[15 - i];
	} else if (len == 4 || len == 2) {
		*ret_uuid = base_uuid;
		for (size_t i = 0; i < len; i++)
			ret_uuid->octet[3 - i] = p[i];
	} else {
		return -EINVAL;
	}
	return 0;
}

size_t uuid_to_wire(const struct ble_uuid *uuid, uint8_t p[16])
{
	const uint8_t *o = uuid->octet;

	if (!o[0] && !o[1] && on_base(uuid)) {
		p[0] = o[3];
		p[1] = o[2];
		return 2;
	}
	for (size_t i = 0; i < 16; i++)
		p[i] = o[15 - i];
	return 16;
}
