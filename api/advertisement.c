/* SPDX-License-Identifier: MIT */
/*
 * AD structures (Vol 3, Part C, 11, and the Core Specification Supplement,
 * Part A). They are decoded only when a caller asks. A structure with a length
 * beyond the data ends the walk; those before it are valid.
 */
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"
#include "base/uuid.h"

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

/* Walks the advertising data, then the scan response. */
struct walk {
	struct ble_bytes rest, then;
};

static struct walk walk_of(const struct ble_advertisement *adv)
{
	if (!all_zero(adv->reserved, sizeof(adv->reserved)))
		return (struct walk){ { NULL, 0 }, { NULL, 0 } };
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

bool ble_advertisement_ad(const struct ble_advertisement *adv, size_t *cursor,
			  struct ble_ad *ret_ad)
{
	struct walk walk = walk_of(adv);
	size_t skip = *cursor;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		if (skip--)
			continue;
		*ret_ad = ad;
		++*cursor;
		return true;
	}
	return false;
}

/* -- Fields ---------------------------------------------------------------------------- */

/* The last structure of this type with at least so many octets. */
static bool last_field(const struct ble_advertisement *adv, uint8_t type,
		       size_t least, struct ble_bytes *ret_value)
{
	struct walk walk = walk_of(adv);
	bool found = false;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		if (ad.type != type || ad.value.len < least)
			continue;
		*ret_value = ad.value;
		found = true;
	}
	return found;
}

bool ble_advertisement_field(const struct ble_advertisement *adv, uint8_t type,
			     struct ble_bytes *ret_value)
{
	return last_field(adv, type, 0, ret_value);
}

int ble_advertisement_tx_power(const struct ble_advertisement *adv)
{
	struct ble_bytes value;

	if (!last_field(adv, BLE_AD_TX_POWER, 1, &value))
		return adv->tx_power;
	return (int8_t)value.data[0];
}

uint8_t ble_advertisement_flags(const struct ble_advertisement *adv)
{
	struct ble_bytes value;

	return last_field(adv, BLE_AD_FLAGS, 1, &value) ? value.data[0] : 0;
}

uint16_t ble_advertisement_appearance(const struct ble_advertisement *adv)
{
	struct ble_bytes value;

	return last_field(adv, BLE_AD_APPEARANCE, 2, &value) ? get_le16(value.data) : 0;
}

/* -- The name ------------------------------------------------------------------------ */

struct ble_bytes advertisement_name(const struct ble_advertisement *adv)
{
	struct walk walk = walk_of(adv);
	struct ble_bytes name = bytes(NULL, 0);
	uint8_t best = BLE_AD_SHORT_NAME;
	const uint8_t *end;
	struct ble_ad ad;

	/* BLE_AD_SHORT_NAME is below BLE_AD_NAME. Empty names do not count. */
	while (next(&walk, &ad)) {
		if (ad.type < best || ad.type > BLE_AD_NAME || !ad.value.len ||
		    !ad.value.data[0])
			continue;
		best = ad.type;
		name = ad.value;
	}
	end = name.len ? memchr(name.data, 0, name.len) : NULL;
	return end ? bytes(name.data, (size_t)(end - name.data)) : name;
}

/* The length of at most size octets that do not end inside a UTF-8 sequence. */
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
	struct ble_bytes value = size ? advertisement_name(adv) : bytes(NULL, 0);
	size_t len;

	if (!size)
		return 0;
	len = value.len ? cut(value.data, value.len, size - 1) : 0;
	if (len)
		memcpy(name, value.data, len);
	name[len] = '\0';
	return len;
}

/* -- Services ------------------------------------------------------------------------- */

enum uuid_kind { OFFERED, SOLICITED, DATA };

/* The types that contain UUIDs, and the size of these: a list has several, service
 * data has one at its start. */
static const struct uuid_type {
	uint8_t type, size, kind;
} uuid_types[] = {
	{ BLE_AD_SERVICES_16_SOME, 2, OFFERED },
	{ BLE_AD_SERVICES_16, 2, OFFERED },
	{ BLE_AD_SERVICES_32_SOME, 4, OFFERED },
	{ BLE_AD_SERVICES_32, 4, OFFERED },
	{ BLE_AD_SERVICES_128_SOME, 16, OFFERED },
	{ BLE_AD_SERVICES_128, 16, OFFERED },
	{ BLE_AD_SOLICITED_16, 2, SOLICITED },
	{ BLE_AD_SOLICITED_32, 4, SOLICITED },
	{ BLE_AD_SOLICITED_128, 16, SOLICITED },
	{ BLE_AD_SERVICE_DATA_16, 2, DATA },
	{ BLE_AD_SERVICE_DATA_32, 4, DATA },
	{ BLE_AD_SERVICE_DATA_128, 16, DATA },
};

static const struct uuid_type *uuid_type(uint8_t type)
{
	for (size_t i = 0; i < sizeof(uuid_types) / sizeof(uuid_types[0]); i++) {
		if (uuid_types[i].type == type)
			return &uuid_types[i];
	}
	return NULL;
}

/* An incomplete UUID at the end of a list does not count. */
static size_t uuid_count(const struct uuid_type *type, struct ble_bytes value)
{
	size_t count = value.len / type->size;

	return type->kind == DATA && count ? 1 : count;
}

bool ble_ad_uuid(const struct ble_ad *ad, size_t *cursor, struct ble_uuid *ret_uuid)
{
	const struct uuid_type *type = uuid_type(ad->type);

	if (!type || *cursor >= uuid_count(type, ad->value))
		return false;
	uuid_from_wire(ad->value.data + *cursor * type->size, type->size, ret_uuid);
	++*cursor;
	return true;
}

/* The cursor counts the UUIDs of this kind. */
static bool next_uuid(const struct ble_advertisement *adv, enum uuid_kind kind,
		      size_t *cursor, struct ble_uuid *ret_uuid)
{
	struct walk walk = walk_of(adv);
	size_t skip = *cursor;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		const struct uuid_type *type = uuid_type(ad.type);
		size_t count;

		if (!type || type->kind != kind)
			continue;
		count = uuid_count(type, ad.value);
		if (skip < count) {
			++*cursor;
			return ble_ad_uuid(&ad, &skip, ret_uuid);
		}
		skip -= count;
	}
	return false;
}

bool ble_advertisement_service(const struct ble_advertisement *adv,
			       size_t *cursor, struct ble_uuid *ret_uuid)
{
	return next_uuid(adv, OFFERED, cursor, ret_uuid);
}

bool ble_advertisement_solicited(const struct ble_advertisement *adv,
				 size_t *cursor, struct ble_uuid *ret_uuid)
{
	return next_uuid(adv, SOLICITED, cursor, ret_uuid);
}

bool ble_advertisement_has_service(const struct ble_advertisement *adv,
				   const struct ble_uuid *uuid)
{
	struct walk walk = walk_of(adv);
	struct ble_uuid each;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		const struct uuid_type *type = uuid_type(ad.type);

		if (!type || type->kind == SOLICITED)
			continue;
		for (size_t i = 0; ble_ad_uuid(&ad, &i, &each);) {
			if (ble_uuid_equal(&each, uuid))
				return true;
		}
	}
	return false;
}

/* -- Data ------------------------------------------------------------------------------ */

/* Splits service data into UUID and data; false for other types. */
static bool split_service(const struct ble_ad *ad, struct ble_uuid *ret_uuid,
			  struct ble_bytes *ret_data)
{
	const struct uuid_type *type = uuid_type(ad->type);
	size_t cursor = 0;

	if (!type || type->kind != DATA || !ble_ad_uuid(ad, &cursor, ret_uuid))
		return false;
	*ret_data = bytes(ad->value.data + type->size, ad->value.len - type->size);
	return true;
}

static bool split_manufacturer(const struct ble_ad *ad, uint16_t *ret_company,
			       struct ble_bytes *ret_data)
{
	if (ad->type != BLE_AD_MANUFACTURER || ad->value.len < 2)
		return false;
	*ret_company = get_le16(ad->value.data);
	*ret_data = bytes(ad->value.data + 2, ad->value.len - 2);
	return true;
}

/* The cursors of these two count AD structures of any type. */
bool ble_advertisement_service_data(const struct ble_advertisement *adv,
				    size_t *cursor, struct ble_uuid *ret_uuid,
				    struct ble_bytes *ret_data)
{
	struct ble_ad ad;

	while (ble_advertisement_ad(adv, cursor, &ad)) {
		if (split_service(&ad, ret_uuid, ret_data))
			return true;
	}
	return false;
}

bool ble_advertisement_manufacturer(const struct ble_advertisement *adv,
				    size_t *cursor, uint16_t *ret_company,
				    struct ble_bytes *ret_data)
{
	struct ble_ad ad;

	while (ble_advertisement_ad(adv, cursor, &ad)) {
		if (split_manufacturer(&ad, ret_company, ret_data))
			return true;
	}
	return false;
}

bool ble_advertisement_service_data_of(const struct ble_advertisement *adv,
				       const struct ble_uuid *uuid,
				       struct ble_bytes *ret_data)
{
	struct walk walk = walk_of(adv);
	struct ble_bytes data;
	struct ble_uuid each;
	bool found = false;
	struct ble_ad ad;

	while (next(&walk, &ad)) {
		if (!split_service(&ad, &each, &data) || !ble_uuid_equal(&each, uuid))
			continue;
		*ret_data = data;
		found = true;
	}
	return found;
}

bool ble_advertisement_manufacturer_of(const struct ble_advertisement *adv,
				       uint16_t company,
				       struct ble_bytes *ret_data)
{
	struct walk walk = walk_of(adv);
	struct ble_bytes data;
	bool found = false;
	struct ble_ad ad;
	uint16_t each;

	while (next(&walk, &ad)) {
		if (!split_manufacturer(&ad, &each, &data) || each != company)
			continue;
		*ret_data = data;
		found = true;
	}
	return found;
}
