/* SPDX-License-Identifier: MIT */
/* Service trees as octets. What is read is checked: it may be damaged or forged. */
#include "gatt/cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum {
	HEAD = 8 + 7 + GATT_HASH + 4 * 2,
	SERVICE = 21, CHARACTERISTIC = 21, DESCRIPTOR = 18, INCLUDE = 22,
	SUM = 4
};

static const uint8_t magic[8] = { 'B', 'L', 'E', 't', 'r', 'e', 'e', 1 };

static uint32_t sum_of(const uint8_t *p, size_t len)
{
	uint32_t sum = UINT32_C(2166136261);

	while (len--)
		sum = (sum ^ *p++) * UINT32_C(16777619);
	return sum;
}

static size_t size_of(size_t services, size_t characteristics,
		      size_t descriptors, size_t includes)
{
	return HEAD + services * SERVICE + characteristics * CHARACTERISTIC +
	       descriptors * DESCRIPTOR + includes * INCLUDE + SUM;
}

/* -- Writing ------------------------------------------------------------------------ */

static uint8_t *put16(uint8_t *p, size_t number)
{
	put_le16(p, (uint16_t)number);
	return p + 2;
}

static uint8_t *put(uint8_t *p, const void *octets, size_t len)
{
	memcpy(p, octets, len);
	return p + len;
}

static uint8_t *put_head(uint8_t *p, const struct gatt_cache_key *key,
			 const struct ble_services *tree)
{
	p = put(p, magic, sizeof(magic));
	p = put(p, key->address.octet, 6);
	*p++ = key->address.type;
	p = put(p, key->hash, GATT_HASH);
	p = put16(p, tree->n_services);
	p = put16(p, tree->n_characteristics);
	p = put16(p, tree->n_descriptors);
	return put16(p, tree->n_includes);
}

static uint8_t *put_items(uint8_t *p, const struct ble_services *tree)
{
	for (size_t i = 0; i < tree->n_services; i++) {
		const struct ble_service *s = &tree->services[i];

		p = put16(put16(p, s->handle), s->end);
		*p++ = s->primary;
		p = put(p, s->uuid.octet, 16);
	}
	for (size_t i = 0; i < tree->n_characteristics; i++) {
		const struct ble_characteristic *c = &tree->characteristics[i];

		p = put16(put16(p, c->handle), c->value_handle);
		*p++ = c->properties;
		p = put(p, c->uuid.octet, 16);
	}
	for (size_t i = 0; i < tree->n_descriptors; i++)
		p = put(put16(p, tree->descriptors[i].handle),
			tree->descriptors[i].uuid.octet, 16);
	for (size_t i = 0; i < tree->n_includes; i++) {
		const struct ble_include *include = &tree->includes[i];

		p = put16(put16(put16(p, include->handle), include->start), include->end);
		p = put(p, include->uuid.octet, 16);
	}
	return p;
}

int gatt_cache_pack(const struct gatt_cache_key *key, const struct ble_services *tree,
		    uint8_t **ret_data, size_t *ret_len)
{
	size_t len = size_of(tree->n_services, tree->n_characteristics,
			     tree->n_descriptors, tree->n_includes);
	uint8_t *data;

	if (len > GATT_CACHE_MAX)
		return -EMSGSIZE;
	data = malloc(len);
	if (!data)
		return -ENOMEM;
	put_items(put_head(data, key, tree), tree);
	put_le32(data + len - SUM, sum_of(data, len - SUM));
	*ret_data = data;
	*ret_len = len;
	return 0;
}

/* -- Reading ------------------------------------------------------------------------ */

static const uint8_t *get_uuid(const uint8_t *p, struct ble_uuid *uuid)
{
	memcpy(uuid->octet, p, 16);
	return p + 16;
}

/* Groups must be in ascending order and must not overlap. */
static int get_services(struct ble_services *tree, size_t n, const uint8_t *p)
{
	uint16_t last = 0;

	for (size_t i = 0; i < n; i++, p += SERVICE) {
		struct ble_service s = { .handle = get_le16(p), .end = get_le16(p + 2),
					 .primary = p[4] };
		int error;

		if (s.handle <= last || s.end < s.handle || p[4] > 1)
			return -EBADMSG;
		last = s.end;
		get_uuid(p + 5, &s.uuid);
		error = gatt_tree_add_service(tree, &s);
		if (error)
			return error;
	}
	return 0;
}

/* Each must be in a group, followed by its value, before the next one. */
static int get_characteristics(struct ble_services *tree, size_t n, const uint8_t *p)
{
	uint16_t last = 0;

	for (size_t i = 0; i < n; i++, p += CHARACTERISTIC) {
		struct ble_characteristic c = { .handle = get_le16(p),
						.value_handle = get_le16(p + 2),
						.properties = p[4] };
		const struct ble_service *group = gatt_tree_group(tree, c.handle);
		int error;

		if (c.handle <= last || !group || c.handle == group->handle ||
		    c.value_handle <= c.handle || c.value_handle > group->end)
			return -EBADMSG;
		last = c.value_handle;
		get_uuid(p + 5, &c.uuid);
		error = gatt_tree_add_characteristic(tree, &c);
		if (error)
			return error;
	}
	gatt_tree_settle(tree); /* sets their ends */
	return 0;
}

/* Each must be behind the value of its characteristic. */
static int get_descriptors(struct ble_services *tree, size_t n, const uint8_t *p)
{
	uint16_t last = 0;
	size_t c = 0;

	for (size_t i = 0; i < n; i++, p += DESCRIPTOR) {
		struct ble_descriptor d = { .handle = get_le16(p) };
		int error;

		while (c < tree->n_characteristics &&
		       tree->characteristics[c].end < d.handle)
			c++;
		if (d.handle <= last || c == tree->n_characteristics ||
		    d.handle <= tree->characteristics[c].value_handle)
			return -EBADMSG;
		last = d.handle;
		get_uuid(p + 2, &d.uuid);
		error = gatt_tree_add_descriptor(tree, &d);
		if (error)
			return error;
	}
	return 0;
}

static int get_includes(struct ble_services *tree, size_t n, const uint8_t *p)
{
	uint16_t last = 0;

	for (size_t i = 0; i < n; i++, p += INCLUDE) {
		struct ble_include include = { .handle = get_le16(p),
					       .start = get_le16(p + 2),
					       .end = get_le16(p + 4) };
		int error;

		if (include.handle <= last || !gatt_tree_group(tree, include.handle))
			return -EBADMSG;
		last = include.handle;
		get_uuid(p + 6, &include.uuid);
		error = gatt_tree_add_include(tree, &include);
		if (error)
			return error;
	}
	return 0;
}

static int get_items(struct ble_services *tree, const size_t n[4], const uint8_t *p)
{
	int error = get_services(tree, n[0], p);

	p += n[0] * SERVICE;
	if (!error)
		error = get_characteristics(tree, n[1], p);
	p += n[1] * CHARACTERISTIC;
	if (!error)
		error = get_descriptors(tree, n[2], p);
	p += n[2] * DESCRIPTOR;
	return error ? error : get_includes(tree, n[3], p);
}

int gatt_cache_unpack(struct ble_bytes data, const struct gatt_cache_key *key,
		      struct ble_services *ret_tree)
{
	const uint8_t *p = data.data;
	struct ble_services tree = { .n_services = 0 };
	size_t n[4];
	int error;

	if (data.len < HEAD + SUM || memcmp(p, magic, sizeof(magic)))
		return -EBADMSG;
	for (size_t i = 0; i < 4; i++)
		n[i] = get_le16(p + HEAD - 8 + 2 * i);
	if (data.len != size_of(n[0], n[1], n[2], n[3]) ||
	    get_le32(p + data.len - SUM) != sum_of(p, data.len - SUM))
		return -EBADMSG;
	if (memcmp(p + 8, key->address.octet, 6) || p[14] != key->address.type ||
	    memcmp(p + 15, key->hash, GATT_HASH))
		return -ENOENT;
	error = get_items(&tree, n, p + HEAD);
	if (error)
		gatt_tree_clear(&tree);
	else
		*ret_tree = tree;
	return error;
}
