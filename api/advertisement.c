/* SPDX-License-Identifier: MIT */
/*
 * AD structures (Vol 3, Part C, 11, and the Core Specification Supplement,
 * Part A): nothing is decoded before somebody asks for it, and a structure that
 * lies about its length ends its data without losing what stood before it.
 */
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"
#include "base/uuid.h"

enum ad_type {
	AD_SHORT_NAME = 0x08,
	AD_NAME = 0x09,
	AD_MANUFACTURER = 0xff,
};

bool ble_ad_next(struct ble_bytes *rest, struct ble_ad *ret_ad)
{
	size_t len;

	if (rest->len < 2)
		return false;
	len = rest->data[0];
	if (len == 0 || len >= rest->len)
		return false;
	ret_ad->type = rest->data[1];
	ret_ad->value = bytes(rest->data + 2, len - 1);
	*rest = bytes(rest->data + 1 + len, rest->len - 1 - len);
	return true;
}

/* Both parts, as one series of structures. */
struct walk {
	struct ble_bytes rest, then;
};

static struct walk walk_of(const struct ble_advertisement *adv)
{
	return (struct walk){ adv->advertised, adv->scan_response };
}

static bool next(struct walk *walk, struct ble_ad *ret_ad)
{
	if (ble_ad_next(&walk->rest, ret_ad))
		return true;
	walk->rest = walk->then;
	walk->then = bytes(NULL, 0);
	return ble_ad_next(&walk->rest, ret_ad);
}

bool ble_advertisement_field(const struct ble_advertisement *adv, uint8_t type,
			     struct ble_bytes *ret_value)
{
	struct walk walk = walk_of(adv);
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		if (ad.type == type) {
			*ret_value = ad.value;
			return true;
		}
	}
	return false;
}

/* -- The name ------------------------------------------------------------------------ */

/* At most size octets, not ending inside a UTF-8 sequence. */
static size_t cut(const uint8_t *text, size_t len, size_t size)
{
	if (len <= size)
		return len;
	while (size && (text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

size_t ble_advertisement_name(const struct ble_advertisement *adv, char *name,
			      size_t size)
{
	struct ble_bytes value;
	const uint8_t *end;
	size_t len;

	if (!size || (!ble_advertisement_field(adv, AD_NAME, &value) &&
		      !ble_advertisement_field(adv, AD_SHORT_NAME, &value)))
		return 0;
	end = value.len ? memchr(value.data, 0, value.len) : NULL;
	len = end ? (size_t)(end - value.data) : value.len;
	len = cut(value.data, len, size - 1);
	if (len)
		memcpy(name, value.data, len);
	name[len] = '\0';
	return len;
}

/* -- Services ------------------------------------------------------------------------- */

/* The sizes of the UUIDs in each type that holds some; lists hold many, data
 * one at its start. */
static const struct {
	uint8_t type, size;
	bool data;
} uuid_types[] = {
	{ 0x02, 2, false }, { 0x03, 2, false }, { 0x04, 4, false },
	{ 0x05, 4, false }, { 0x06, 16, false }, { 0x07, 16, false },
	{ 0x16, 2, true }, { 0x20, 4, true }, { 0x21, 16, true },
};

static size_t uuid_size(uint8_t type, bool data)
{
	for (size_t i = 0; i < sizeof(uuid_types) / sizeof(uuid_types[0]); i++) {
		if (uuid_types[i].type == type && uuid_types[i].data == data)
			return uuid_types[i].size;
	}
	return 0;
}

/* The cursor counts UUIDs; a list's last part that is no whole UUID is left. */
bool ble_advertisement_service(const struct ble_advertisement *adv,
			       size_t *cursor, struct ble_uuid *ret_uuid)
{
	struct walk walk = walk_of(adv);
	size_t skip = *cursor;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		size_t size = uuid_size(ad.type, false);
		size_t count = size ? ad.value.len / size : 0;

		if (skip < count) {
			uuid_from_wire(ad.value.data + skip * size, size, ret_uuid);
			++*cursor;
			return true;
		}
		skip -= count;
	}
	return false;
}

/* The cursor counts structures of the kind. */
bool ble_advertisement_service_data(const struct ble_advertisement *adv,
				    size_t *cursor, struct ble_uuid *ret_uuid,
				    struct ble_bytes *ret_data)
{
	struct walk walk = walk_of(adv);
	size_t skip = *cursor;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		size_t size = uuid_size(ad.type, true);

		if (!size || ad.value.len < size || skip--)
			continue;
		uuid_from_wire(ad.value.data, size, ret_uuid);
		*ret_data = bytes(ad.value.data + size, ad.value.len - size);
		++*cursor;
		return true;
	}
	return false;
}

bool ble_advertisement_manufacturer(const struct ble_advertisement *adv,
				    size_t *cursor, uint16_t *ret_company,
				    struct ble_bytes *ret_data)
{
	struct walk walk = walk_of(adv);
	size_t skip = *cursor;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		if (ad.type != AD_MANUFACTURER || ad.value.len < 2 || skip--)
			continue;
		*ret_company = get_le16(ad.value.data);
		*ret_data = bytes(ad.value.data + 2, ad.value.len - 2);
		++*cursor;
		return true;
	}
	return false;
}

bool ble_advertisement_has_service(const struct ble_advertisement *adv,
				   const struct ble_uuid *uuid)
{
	struct ble_bytes data;
	struct ble_uuid each;

	for (size_t i = 0; ble_advertisement_service(adv, &i, &each);) {
		if (ble_uuid_equal(&each, uuid))
			return true;
	}
	for (size_t i = 0; ble_advertisement_service_data(adv, &i, &each, &data);) {
		if (ble_uuid_equal(&each, uuid))
			return true;
	}
	return false;
}
