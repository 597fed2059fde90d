/* SPDX-License-Identifier: MIT */
/* Building and searching the table. */
#include "gatt/server_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/uuid.h"

void gatt_table_init(struct gatt_table *table)
{
	memset(table, 0, sizeof(*table));
}

void gatt_table_release(struct gatt_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->attributes[i].max > GATT_NEAR)
			free(table->attributes[i].far);
	free(table->attributes);
	gatt_table_init(table);
}

uint16_t gatt_table_last(const struct gatt_table *table)
{
	return table->n ? table->attributes[table->n - 1].handle : 0;
}

static int make_room(struct gatt_table *table)
{
	size_t room = table->room ? table->room * 2 : 16;
	struct gatt_attribute *attributes;

	if (table->n < table->room)
		return 0;
	attributes = realloc(table->attributes, room * sizeof(*attributes));
	if (!attributes)
		return -ENOMEM;
	table->attributes = attributes;
	table->room = room;
	return 0;
}

/* Appends one attribute to the table and to the open groups. */
static int append(struct gatt_table *table, uint16_t handle, uint16_t type,
		  const struct ble_uuid *uuid, const struct gatt_value *value)
{
	uint16_t last = gatt_table_last(table);
	size_t max = value->max ? value->max : value->start.len;
	struct gatt_attribute *a;
	int err;

	if (!handle && last < 0xffff)
		handle = (uint16_t)(last + 1);
	if (handle <= last || value->start.len > max || max > ATT_VALUE_MAX)
		return -EINVAL;
	err = make_room(table);
	if (err)
		return err;

	a = &table->attributes[table->n];
	memset(a, 0, sizeof(*a));
	a->handle = a->end = handle;
	a->permissions = value->permissions;
	a->type = uuid ? *uuid : ble_uuid16(type);
	a->max = (uint16_t)max;
	a->hooks = value->hooks;
	a->user = value->user;
	if (max > GATT_NEAR) {
		a->far = malloc(max);
		if (!a->far)
			return -ENOMEM;
	}
	gatt_set_value(a, value->start);
	table->n++;
	if (table->service && table->attributes[table->service - 1].end < handle)
		table->attributes[table->service - 1].end = handle;
	if (table->characteristic)
		table->attributes[table->characteristic - 1].end = handle;
	return 0;
}

int gatt_add_service(struct gatt_table *table, uint16_t handle, bool primary,
		     const struct ble_uuid *uuid)
{
	uint16_t before = 0;
	uint8_t wire[16];
	struct gatt_value value = {
		.start = { wire, uuid_to_wire(uuid, wire) },
		.permissions = GATT_MAY_READ,
	};
	int err;

	if (table->service)
		before = table->attributes[table->service - 1].end;
	if (!handle && before < 0xffff)
		handle = (uint16_t)(before + 1);
	if (handle <= before)
		return -EINVAL;
	table->service = table->characteristic = 0;
	err = append(table, handle, primary ? GATT_PRIMARY : GATT_SECONDARY,
		     NULL, &value);
	if (!err)
		table->service = table->n;
	return err;
}

int gatt_end_service(struct gatt_table *table, uint16_t end)
{
	struct gatt_attribute *service;

	if (!table->service)
		return -EINVAL;
	service = &table->attributes[table->service - 1];
	if (end < service->end)
		return -EINVAL;
	service->end = end;
	return 0;
}

int gatt_add_include(struct gatt_table *table, uint16_t handle,
		     uint16_t service)
{
	uint8_t wire[2];
	struct gatt_value value = {
		.start = { wire, sizeof(wire) },
		.max = 6, /* the value is set by gatt_table_finish() */
		.permissions = GATT_MAY_READ,
	};

	if (!table->service || table->characteristic)
		return -EINVAL;
	put_le16(wire, service);
	return append(table, handle, GATT_INCLUDE, NULL, &value);
}

static uint8_t permissions_of(uint8_t properties)
{
	return (uint8_t)((properties & BLE_READ ? GATT_MAY_READ : 0) |
			 (properties & BLE_WRITE ? GATT_MAY_WRITE : 0) |
			 (properties & BLE_WRITE_COMMAND ? GATT_MAY_COMMAND : 0));
}

int gatt_add_characteristic(struct gatt_table *table,
			    const struct gatt_characteristic *c)
{
	uint8_t wire[3 + 16] = { c->properties };
	struct gatt_value declaration = {
		.start = { wire, 3 + uuid_to_wire(&c->uuid, wire + 3) },
		.permissions = GATT_MAY_READ,
	};
	struct gatt_value value = c->value;
	int err;

	if (!table->service)
		return -EINVAL;
	table->characteristic = 0;
	err = append(table, c->handle, GATT_CHARACTERISTIC, NULL, &declaration);
	if (err)
		return err;
	table->characteristic = table->n;
	value.permissions = (uint8_t)((value.permissions & GATT_FIXED) |
				      permissions_of(c->properties));
	err = append(table, c->value_handle, 0, &c->uuid, &value);
	if (err)
		return err;
	put_le16(table->attributes[table->characteristic - 1].near + 1,
		 gatt_table_last(table));
	if (!(c->properties & (BLE_NOTIFY | BLE_INDICATE)) ||
	    c->without_configuration)
		return 0;
	return gatt_add_configuration(table, c->configuration_handle);
}

int gatt_add_configuration(struct gatt_table *table, uint16_t handle)
{
	static const uint8_t off[2];
	static const struct gatt_value value = {
		.start = { off, sizeof(off) },
		.permissions = GATT_MAY_READ | GATT_MAY_WRITE | GATT_FIXED,
	};
	struct gatt_attribute *a;
	uint8_t properties;
	int err;

	if (!table->characteristic)
		return -EINVAL;
	err = append(table, handle, GATT_CLIENT_CONFIGURATION, NULL, &value);
	if (err)
		return err;
	properties = table->attributes[table->characteristic - 1].near[0];
	a = &table->attributes[table->n - 1];
	a->allowed = (uint8_t)((properties & BLE_NOTIFY ? 1 : 0) |
			       (properties & BLE_INDICATE ? 2 : 0));
	a->configuration = ++table->n_configurations;
	return 0;
}

int gatt_add_descriptor(struct gatt_table *table, uint16_t handle,
			const struct ble_uuid *uuid,
			const struct gatt_value *value)
{
	if (!table->characteristic)
		return -EINVAL;
	return append(table, handle, 0, uuid, value);
}

/* Part G, 3.2: handle, end and, only where it has 16 bits, UUID. */
static int resolve(const struct gatt_table *table, struct gatt_attribute *a)
{
	const struct gatt_attribute *service =
		gatt_table_find(table, get_le16(a->near));
	uint16_t type = service ? ble_uuid_short(&service->type) : 0;

	if (type != GATT_PRIMARY && type != GATT_SECONDARY)
		return -ENOENT;
	put_le16(a->near + 2, service->end);
	a->len = 4;
	if (service->len == 2) {
		memcpy(a->near + 4, service->near, 2);
		a->len = 6;
	}
	return 0;
}

int gatt_table_finish(struct gatt_table *table)
{
	int err = 0;

	for (size_t i = 0; i < table->n && !err; i++)
		if (ble_uuid_short(&table->attributes[i].type) == GATT_INCLUDE)
			err = resolve(table, &table->attributes[i]);
	return err;
}

size_t gatt_table_from(const struct gatt_table *table, uint16_t handle)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->attributes[middle].handle < handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct gatt_attribute *gatt_table_find(const struct gatt_table *table,
				       uint16_t handle)
{
	size_t i = gatt_table_from(table, handle);

	return i < table->n && table->attributes[i].handle == handle ?
		       &table->attributes[i] : NULL;
}

void gatt_set_value(struct gatt_attribute *a, struct ble_bytes value)
{
	a->len = value.len < a->max ? (uint16_t)value.len : a->max;
	if (a->len)
		memmove(a->max > GATT_NEAR ? a->far : a->near, value.data,
			a->len);
}

int gatt_add_generic(struct gatt_table *table, const char *name,
		     uint16_t appearance)
{
	struct ble_uuid access = ble_uuid16(0x1800);
	struct ble_uuid attribute = ble_uuid16(0x1801);
	uint8_t look[2];
	struct gatt_characteristic device_name = {
		.uuid = ble_uuid16(0x2a00),
		.properties = BLE_READ,
		.value.start = bytes(name, strlen(name)),
	};
	struct gatt_characteristic device_look = {
		.uuid = ble_uuid16(0x2a01),
		.properties = BLE_READ,
		.value.start = { look, sizeof(look) },
	};
	int err;

	put_le16(look, appearance);
	err = gatt_add_service(table, 0, true, &access);
	if (!err)
		err = gatt_add_characteristic(table, &device_name);
	if (!err)
		err = gatt_add_characteristic(table, &device_look);
	if (!err)
		err = gatt_add_service(table, 0, true, &attribute);
	return err;
}
