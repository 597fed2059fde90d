/* SPDX-License-Identifier: MIT */
#include "tests/reference.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/uuid.h"

/* The table that is filled; after the first error nothing is added. */
struct building {
	struct gatt_table *table;
	struct sim_peripheral *peripheral; /* NULL: nothing moves */
	struct sim_source counting;
	uint8_t octets[ATT_VALUE_MAX];
	int err;
};

static struct ble_uuid vendor(uint16_t number)
{
	struct ble_uuid uuid = { {
		0x7e, 0x57, 0x00, 0x00, 0x00, 0x00, 0x40, 0x00,
		0x80, 0x00, 0x00, 0x00, 0xb1, 0xe0, 0x00, 0x00,
	} };

	uuid.octet[2] = (uint8_t)(number >> 8);
	uuid.octet[3] = (uint8_t)number;
	return uuid;
}

static void service(struct building *b, uint16_t handle, bool primary,
		    struct ble_uuid uuid)
{
	if (!b->err)
		b->err = gatt_add_service(b->table, handle, primary, &uuid);
}

static void include(struct building *b, uint16_t handle, uint16_t of)
{
	if (!b->err)
		b->err = gatt_add_include(b->table, handle, of);
}

/* handle is that of the value; its declaration lies just below. */
static void value(struct building *b, uint16_t handle, struct ble_uuid uuid,
		  uint8_t properties, size_t len, uint16_t max)
{
	bool moves = b->peripheral && properties & (BLE_NOTIFY | BLE_INDICATE);
	struct gatt_characteristic c = {
		.uuid = uuid,
		.properties = properties,
		.handle = (uint16_t)(handle - 1),
		.value_handle = handle,
		.value = { .start = { b->octets, len }, .max = max },
	};

	if (handle == REFERENCE_ONE)
		c.value.permissions = GATT_FIXED;
	if (b->err)
		return;
	b->err = moves ? sim_add_characteristic(b->peripheral, &c, &b->counting,
						NULL) :
			 gatt_add_characteristic(b->table, &c);
}

static void descriptor(struct building *b, struct ble_uuid uuid, size_t len)
{
	struct gatt_value v = {
		.start = { b->octets, len },
		.permissions = GATT_MAY_READ | GATT_MAY_WRITE,
	};

	if (!b->err)
		b->err = gatt_add_descriptor(b->table, 0, &uuid, &v);
}

static void small(struct building *b)
{
	service(b, 0, true, ble_uuid16(0x1800));
	value(b, 3, ble_uuid16(0x2a00), BLE_READ, 9, 0);
	service(b, 0, true, ble_uuid16(0x180f));
	value(b, 6, ble_uuid16(0x2a19), BLE_READ | BLE_NOTIFY, 1, 4);
	descriptor(b, ble_uuid16(GATT_PRESENTATION_FORMAT), 7);
}

static void lengths(struct building *b)
{
	const uint8_t rw = BLE_READ | BLE_WRITE;

	service(b, 0x0020, true, vendor(0x0020));
	include(b, 0x0021, 0x0010);
	value(b, REFERENCE_EMPTY, vendor(0x0023), rw, 0, ATT_VALUE_MAX);
	value(b, REFERENCE_ONE, vendor(0x0025), rw, 1, 1);
	value(b, REFERENCE_22, vendor(0x0027), BLE_READ, 22, 0);
	value(b, REFERENCE_23, vendor(0x0029), BLE_READ, 23, 0);
	value(b, REFERENCE_512, vendor(0x002b), rw, ATT_VALUE_MAX, 0);
	value(b, REFERENCE_COMMAND, vendor(0x002d), BLE_READ | BLE_WRITE_COMMAND,
	      0, ATT_VALUE_MAX);
	value(b, REFERENCE_NOTIFY, vendor(0x0030), BLE_READ | BLE_NOTIFY, 4, 0);
	value(b, REFERENCE_INDICATE, vendor(0x0033), BLE_READ | BLE_INDICATE, 4, 0);
	value(b, REFERENCE_BOTH, vendor(0x0036),
	      BLE_READ | BLE_NOTIFY | BLE_INDICATE, 4, 0);
	value(b, REFERENCE_SECRET, vendor(0x0039), 0, 4, 0);
}

static void middle(struct building *b)
{
	const struct ble_uuid duplicate = ble_uuid16(0x2a56);

	if (!b->err)
		b->err = gatt_add_generic(b->table, "reference", 0x0540);
	service(b, 0x0010, false, vendor(0x0010));
	value(b, 0x0012, ble_uuid16(0x2a3d), BLE_READ, 5, 0);
	lengths(b);
	service(b, 0x0040, true, ble_uuid16(0x1815));
	value(b, REFERENCE_SAME_A, duplicate, BLE_READ, 2, 0);
	value(b, 0x0044, duplicate, BLE_READ | BLE_WRITE, 2, 0);
	descriptor(b, ble_uuid16(GATT_USER_DESCRIPTION), 10);
	descriptor(b, ble_uuid16(GATT_PRESENTATION_FORMAT), 7);
	if (!b->err)
		b->err = gatt_end_service(b->table, 0x005f);
	service(b, 0x0080, true, ble_uuid16(0x1815));
	value(b, REFERENCE_SAME_B, duplicate, BLE_READ, 3, 0);
	descriptor(b, ble_uuid16(GATT_USER_DESCRIPTION), 30);
	descriptor(b, vendor(0x0084), 1);
	service(b, 0x0100, true, ble_uuid16(0x181a));
	include(b, 0x0101, 0x0080);
	for (uint16_t i = 0; i < 6; i++)
		value(b, (uint16_t)(0x0111 + 5 * i),
		      i % 2 ? vendor((uint16_t)(0x0100 + i)) :
			      ble_uuid16((uint16_t)(0x2a6d + i)),
		      BLE_READ, 2u + i, 0);
}

static void large(struct building *b)
{
	middle(b);
	for (uint16_t i = 0; i < 44; i++) {
		uint16_t handle = (uint16_t)(0x0200 + 0x10 * i);

		service(b, handle, true, i % 3 == 2 ? vendor(handle) :
				ble_uuid16((uint16_t)(0xff00 + i)));
		for (uint16_t j = 0; j < 3; j++)
			value(b, (uint16_t)(handle + 2 + 3 * j),
			      i % 3 == 2 ? vendor((uint16_t)(handle + j)) :
					   ble_uuid16((uint16_t)(0xfe00 + j)),
			      BLE_READ | BLE_NOTIFY, 8, 0);
	}
}

static int build(struct building *b, unsigned int n)
{
	for (size_t i = 0; i < sizeof(b->octets); i++)
		b->octets[i] = reference_octet(i);
	if (n == REFERENCE_SMALL)
		small(b);
	else if (n == REFERENCE_MIDDLE)
		middle(b);
	else if (n == REFERENCE_LARGE)
		large(b);
	else if (n == REFERENCE_CHANGING && b->peripheral)
		b->err = reference_changing(b->peripheral, &b->counting);
	else
		return -EINVAL;
	if (!b->err && b->table->n != n)
		b->err = -EDOM; /* the numbers in the header would lie */
	return b->err;
}

int reference_build(struct gatt_table *table, unsigned int n)
{
	struct building b = { .table = table };
	int err;

	gatt_table_init(table);
	err = build(&b, n);
	if (!err)
		err = gatt_table_finish(table);
	if (err)
		gatt_table_release(table);
	return err;
}

int reference_peripheral(struct sim_model *model, unsigned int n,
			 unsigned int interval_ms,
			 struct sim_peripheral **ret_peripheral)
{
	return reference_peripheral_at(model, n, interval_ms, 0, ret_peripheral);
}

/* The name and a short UUID; asked, a long one and manufacturer data. */
static void advertise(struct sim_peripheral *p)
{
	static const uint8_t company[] = { 0xff, 0xff, 'r', 'e', 'f' };
	static const uint8_t charge[] = { 0x0f, 0x18, REFERENCE_CHARGE };
	static const uint8_t power = REFERENCE_TX_POWER & 0xff;
	const struct ble_uuid lengths = vendor(0x0020);
	struct sim_advertising *adv = &p->advertising;
	uint8_t wire[16];

	sim_advertise_name(p);
	put_le16(wire, REFERENCE_SERVICE);
	sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, BLE_AD_SERVICES_16,
		   bytes(wire, 2));
	sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, BLE_AD_SERVICE_DATA_16,
		   bytes(charge, sizeof(charge)));
	sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, BLE_AD_TX_POWER, bytes(&power, 1));
	sim_add_ad(adv->response, &adv->response_len, SIM_AD_LEGACY,
		   BLE_AD_SERVICES_128_SOME, bytes(wire, uuid_to_wire(&lengths, wire)));
	sim_add_ad(adv->response, &adv->response_len, SIM_AD_LEGACY,
		   BLE_AD_MANUFACTURER, bytes(company, sizeof(company)));
}

int reference_peripheral_at(struct sim_model *model, unsigned int n,
			    unsigned int interval_ms, uint8_t index,
			    struct sim_peripheral **ret_peripheral)
{
	struct ble_address address = { { 0, 0, 0, 0, 0, 0xc0 }, BLE_ADDRESS_RANDOM };
	struct building b = {
		.counting = {
			.interval_ms = interval_ms,
			.generator = { .kind = SIM_COUNTER, .size = 4,
				       .max = UINT32_MAX, .step = 1 },
		},
	};
	char name[24];
	int err;

	put_le16(address.octet, (uint16_t)n);
	address.octet[2] = index;
	snprintf(name, sizeof(name), "reference %u", n);
	err = sim_add_peripheral(model, name, &address, &b.peripheral);
	if (err)
		return err;
	advertise(b.peripheral);
	b.table = &b.peripheral->table;
	err = build(&b, n);
	if (!err)
		err = sim_peripheral_finish(b.peripheral);
	if (!err)
		*ret_peripheral = b.peripheral;
	return err;
}
