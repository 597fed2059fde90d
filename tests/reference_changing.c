/* SPDX-License-Identifier: MIT */
/* The reference database that changes, as reference.h describes it. */
#include "base/bytes.h"
#include "tests/reference.h"

enum { GUEST_SERVICE = 0x0040, GUEST_END = 0x0043, GUEST_ATTRIBUTES = 4 };

/* The end of the table is what a client sees of it, or not. */
static void show_guest(struct gatt_table *table, bool shown)
{
	bool is = gatt_table_last(table) >= GUEST_SERVICE;

	if (shown && !is)
		table->n += GUEST_ATTRIBUTES;
	else if (!shown && is)
		table->n -= GUEST_ATTRIBUTES;
}

static void announce(struct sim_source *changed, bool all)
{
	uint8_t range[4];

	put_le16(range, all ? 1 : GUEST_SERVICE);
	put_le16(range + 2, all ? 0xffff : GUEST_END);
	gatt_set_value(changed->attribute, bytes(range, sizeof(range)));
	changed->writes++;
}

static int controlled(struct sim_source *control, struct ble_bytes value)
{
	struct sim_source *changed = control->target, *hash = changed->target;
	struct sim_source *refused = hash->target;
	uint8_t state[16] = { 0 };

	show_guest(&control->peripheral->table, value.data[0]);
	state[0] = value.data[0];
	gatt_set_value(hash->attribute, bytes(state, sizeof(state)));
	refused->read_error = refused->write_error = value.data[1] ? 0x12 : 0;
	refused->refusals = value.data[1];
	refused->target->write_error = value.data[1] == REFERENCE_NEVER ? 0x12 : 0;
	if (value.data[2])
		announce(changed, value.data[2] == 2);
	return 0;
}

static int add(struct sim_peripheral *p, uint16_t handle, struct ble_uuid uuid,
	       uint8_t properties, size_t len, const struct sim_source *like,
	       struct sim_source **ret_source)
{
	static const uint8_t ones[16] = { 1, 1, 1, 1 };
	const struct gatt_characteristic c = {
		.uuid = uuid,
		.properties = properties,
		.handle = (uint16_t)(handle - 1),
		.value_handle = handle,
		.value = { .start = { ones, len }, .permissions = GATT_FIXED },
	};

	return sim_add_characteristic(p, &c, like, ret_source);
}

static int add_service(struct sim_peripheral *p, uint16_t handle, uint16_t number)
{
	const struct ble_uuid uuid = ble_uuid16(number);

	return gatt_add_service(&p->table, handle, true, &uuid);
}

int reference_changing(struct sim_peripheral *p, const struct sim_source *counting)
{
	struct sim_source like = { .on_write = true };
	struct sim_source *changed, *features, *hash, *value, *control;
	int err = gatt_add_generic(&p->table, "changing", 0x0540);

	if (!err)
		err = add(p, REFERENCE_CHANGED, ble_uuid16(0x2a05), BLE_INDICATE, 4,
			  &like, &changed);
	like.on_write = false;
	if (!err)
		err = add(p, REFERENCE_FEATURES, ble_uuid16(0x2b29),
			  BLE_READ | BLE_WRITE, 1, &like, &features);
	if (!err)
		err = add(p, REFERENCE_HASH, ble_uuid16(0x2b2a), BLE_READ, 16, &like,
			  &hash);
	if (!err)
		err = add_service(p, 0x0020, 0xff10);
	if (!err)
		err = add(p, REFERENCE_CONTROL, ble_uuid16(0xff11), BLE_WRITE, 3, &like,
			  &control);
	if (!err)
		err = add(p, REFERENCE_VALUE, ble_uuid16(0xff12), BLE_READ | BLE_WRITE,
			  4, &like, &value);
	if (!err)
		err = add(p, REFERENCE_STAYS, ble_uuid16(0xff13), BLE_READ | BLE_NOTIFY,
			  4, counting, NULL);
	if (!err)
		err = add_service(p, GUEST_SERVICE, 0xff20);
	if (!err)
		err = add(p, REFERENCE_GUEST, ble_uuid16(0xff21), BLE_READ | BLE_NOTIFY,
			  4, counting, NULL);
	if (err)
		return err;
	control->written = controlled;
	control->target = changed;
	changed->target = hash;
	hash->target = value;
	value->target = features;
	return 0;
}
