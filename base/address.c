/* SPDX-License-Identifier: MIT */
/* Device addresses as text. The type is part of the address: the same six
 * octets as a public and as a random address are two devices. */
#include "blewire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

static const struct {
	const char *text;
	enum ble_address_type type;
} types[] = {
	{ "public", BLE_ADDRESS_PUBLIC },
	{ "random", BLE_ADDRESS_RANDOM },
	{ "unknown", BLE_ADDRESS_UNKNOWN },
};

enum { N_TYPES = sizeof(types) / sizeof(types[0]) };

bool ble_address_equal(const struct ble_address *a, const struct ble_address *b)
{
	return a->type == b->type &&
	       memcmp(a->octet, b->octet, sizeof(a->octet)) == 0;
}

static int parse_type(const char *text, uint8_t *ret_type)
{
	for (size_t i = 0; i < N_TYPES; i++) {
		if (types[i].type != BLE_ADDRESS_UNKNOWN &&
		    strcmp(text, types[i].text) == 0) {
			*ret_type = (uint8_t)types[i].type;
			return 0;
		}
	}
	return -EINVAL;
}

int ble_address_parse(const char *text, struct ble_address *ret_address)
{
	struct ble_address address = { .type = BLE_ADDRESS_UNKNOWN };

	for (size_t i = 0; i < 6; i++) {
		if (hex_octets(text + 3 * i, 1, &address.octet[5 - i]) ||
		    (i < 5 && text[3 * i + 2] != ':'))
			return -EINVAL;
	}
	if (text[17] == '/') {
		if (parse_type(text + 18, &address.type))
			return -EINVAL;
	} else if (text[17]) {
		return -EINVAL;
	}
	*ret_address = address;
	return 0;
}

char *ble_address_text(const struct ble_address *address,
		       char text[BLE_ADDRESS_TEXT])
{
	const uint8_t *o = address->octet;

	snprintf(text, BLE_ADDRESS_TEXT, "%02X:%02X:%02X:%02X:%02X:%02X", o[5],
		 o[4], o[3], o[2], o[1], o[0]);
	return text;
}

const char *ble_address_type_text(const struct ble_address *address)
{
	for (size_t i = 0; i < N_TYPES; i++) {
		if (address->type == types[i].type)
			return types[i].text;
	}
	return "unknown";
}
