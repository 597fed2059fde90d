/* SPDX-License-Identifier: MIT */
/* Reads "services": the attributes of the database and the values that change. */
#include <errno.h>
#include <string.h>

#include "sim/load.h"

enum { MANY = 4096 }; /* services, characteristics, descriptors in one array */

static bool missing(const struct ble_uuid *uuid)
{
	static const struct ble_uuid none;

	return ble_uuid_equal(uuid, &none);
}

/* After the checks here, a table's -EINVAL is about handles. */
static int added(struct reader *r, const struct sim_peripheral *p, int err)
{
	if (err == -EINVAL)
		return reader_fail(r, err, "handles must rise, up to 0xffff; the "
				   "one before is 0x%04x",
				   gatt_table_last(&p->table));
	return err ? reader_error(r, err) : 0;
}

/* -- Generators ----------------------------------------------------------------------- */

struct generator {
	const char *kind;
	struct sim_generator like;
};

#define GENERATOR(member) offsetof(struct generator, like.member)

static const struct field generator_fields[] = {
	{ "kind", read_text, offsetof(struct generator, kind), 0, 32 },
	{ "size", read_u8, GENERATOR(size), 1, 4 },
	{ "min", read_i64, GENERATOR(min), INT32_MIN, UINT32_MAX },
	{ "max", read_i64, GENERATOR(max), INT32_MIN, UINT32_MAX },
	{ "step", read_i64, GENERATOR(step), INT32_MIN, INT32_MAX },
	{ "period", read_uint, GENERATOR(period), 2, 1000000 },
	{ "seed", read_uint, GENERATOR(seed), 0, UINT32_MAX },
};

static int read_generator(struct reader *r, struct json_object *value,
			  const struct field *field, void *target)
{
	struct generator g = {
		.kind = "",
		.like = { .size = 2, .max = 100, .step = 1, .period = 60 },
	};
	enum sim_kind kind = SIM_CONSTANT + 1;
	int err = read_object(r, value, generator_fields,
			      N_FIELDS(generator_fields), &g);

	(void)field; /* nothing to limit */
	if (err)
		return err;
	while (kind < SIM_KINDS && strcmp(sim_kind_text(kind), g.kind))
		kind++;
	if (kind == SIM_KINDS)
		return reader_fail(r, -EINVAL, "needs a \"kind\": \"counter\", "
				   "\"sine\", \"walk\" or \"heart-rate\"");
	g.like.kind = kind;
	if (g.like.min > g.like.max)
		return reader_fail(r, -EINVAL, "\"min\" is above \"max\"");
	if (kind == SIM_WALK && g.like.step < 0)
		return reader_fail(r, -EINVAL, "a walk's \"step\" is not negative");
	if (kind == SIM_HEART_RATE && (g.like.min < 20 || g.like.max > 250))
		return reader_fail(r, -EINVAL, "a heart beats 20 (\"min\") to "
				   "250 (\"max\") times a minute");
	*(struct sim_generator *)target = g.like;
	return 0;
}

/* -- Descriptors ------------------------------------------------------------------------ */

/* What characteristic values and descriptors share. */
struct holder {
	struct ble_uuid uuid;
	uint16_t handle, max;
	bool fixed;
	uint8_t properties;
	struct octets value;
	struct sim_source source;
};

/* All that a simulated peripheral can do: up to indicate, the sixth bit. */
static int read_property(struct reader *r, struct json_object *value,
			 void *target)
{
	const char *text = r->json.object_is_type(value, json_type_string) ?
				   r->json.object_get_string(value) : "";

	for (unsigned int bit = BLE_BROADCAST; bit <= BLE_INDICATE; bit <<= 1) {
		if (!strcmp(text, ble_property_text((enum ble_property)bit))) {
			*(uint8_t *)target |= (uint8_t)bit;
			return 0;
		}
	}
	return reader_fail(r, -EINVAL, "must be \"read\", \"write\", "
			   "\"write-without-response\", \"notify\", \"indicate\" "
			   "or \"broadcast\"");
}

static int read_properties(struct reader *r, struct json_object *value,
			   const struct field *field, void *target)
{
	(void)field; /* nothing to limit */
	*(uint8_t *)target = 0;
	return read_array(r, value, 8, read_property, target);
}

/* The fields of both; base is the offset of the struct that has them. */
#define HOLDER_FIELDS(base) \
	{ "uuid", read_uuid, (base) + offsetof(struct holder, uuid), 0, 0 }, \
	{ "handle", read_u16, (base) + offsetof(struct holder, handle), 1, 0xffff }, \
	{ "properties", read_properties, \
	  (base) + offsetof(struct holder, properties), 0, 0 }, \
	{ "value", read_value, (base) + offsetof(struct holder, value), 0, \
	  ATT_VALUE_MAX }, \
	{ "max", read_u16, (base) + offsetof(struct holder, max), 1, ATT_VALUE_MAX }, \
	{ "fixed", read_bool, (base) + offsetof(struct holder, fixed), 0, 0 }, \
	{ "read_error", read_u8, \
	  (base) + offsetof(struct holder, source.read_error), 1, 255 }, \
	{ "write_error", read_u8, \
	  (base) + offsetof(struct holder, source.write_error), 1, 255 }

/* Checks the holder and makes a table's value of it. */
static int check(struct reader *r, const struct holder *h, bool writable,
		 struct gatt_value *ret_value)
{
	size_t max = h->max;

	if (missing(&h->uuid))
		return reader_fail(r, -EINVAL, "needs a \"uuid\"");
	if (max && max < h->value.len)
		return reader_fail(r, -EINVAL, "\"value\" has %zu octets and "
				   "\"max\" is %zu", h->value.len, max);
	if (!max && writable && !h->fixed)
		max = ATT_VALUE_MAX;
	if (!max && h->source.generator.kind)
		max = h->source.generator.kind == SIM_HEART_RATE ?
			      SIM_SAMPLE_MAX : h->source.generator.size;
	if (max < h->value.len)
		max = h->value.len;
	*ret_value = (struct gatt_value){
		.start = { h->value.data, h->value.len },
		.max = (uint16_t)max,
		.permissions = h->fixed ? GATT_FIXED : 0,
	};
	return 0;
}

static const struct field descriptor_fields[] = { HOLDER_FIELDS(0) };

static int load_descriptor(struct reader *r, struct json_object *value,
			   void *target)
{
	struct sim_peripheral *p = target;
	struct holder h;
	struct gatt_value v;
	bool writable, plain;
	int err;

	memset(&h, 0, sizeof(h));
	h.properties = BLE_READ;
	err = read_object(r, value, descriptor_fields,
			  N_FIELDS(descriptor_fields), &h);
	writable = h.properties & BLE_WRITE;
	if (!err)
		err = check(r, &h, writable, &v);
	if (err)
		return err;
	if (h.properties & ~(BLE_READ | BLE_WRITE))
		return reader_fail(r, -EINVAL, "a descriptor can be \"read\" and "
				   "\"write\" only");
	if (ble_uuid_short(&h.uuid) == GATT_CLIENT_CONFIGURATION)
		return reader_fail(r, -EINVAL, "2902 is there by itself; its "
				   "handle is the characteristic's \"configuration\"");
	v.permissions |= (uint8_t)((h.properties & BLE_READ ? GATT_MAY_READ : 0) |
				   (writable ? GATT_MAY_WRITE : 0));
	plain = !h.source.read_error && !h.source.write_error;
	return added(r, p, sim_add_descriptor(p, h.handle, &h.uuid, &v,
					      plain ? NULL : &h.source));
}

/* -- Characteristics ----------------------------------------------------------------------- */

struct characteristic {
	struct holder holder;
	uint16_t value_handle;
	struct json_object *configuration, *descriptors;
};

#define SOURCE(member) offsetof(struct characteristic, holder.source.member)

static const struct field characteristic_fields[] = {
	HOLDER_FIELDS(0),
	{ "value_handle", read_u16,
	  offsetof(struct characteristic, value_handle), 1, 0xffff },
	{ "configuration", read_later,
	  offsetof(struct characteristic, configuration), 0, 0 },
	{ "interval_ms", read_uint, SOURCE(interval_ms), 1, 86400000 },
	{ "burst", read_uint, SOURCE(burst), 1, SIM_BURST_MAX },
	{ "on_write", read_bool, SOURCE(on_write), 0, 0 },
	{ "generator", read_generator, SOURCE(generator), 0, 0 },
	{ "descriptors", read_later,
	  offsetof(struct characteristic, descriptors), 0, 0 },
};

/* false: the peripheral lacks it; a number: its handle. */
static int read_configuration(struct reader *r, struct json_object *value,
			      struct gatt_characteristic *c)
{
	size_t place = reader_enter(r, "configuration");
	int64_t handle = 0;
	int err = 0;

	if (r->json.object_is_type(value, json_type_boolean))
		c->without_configuration = !r->json.object_get_boolean(value);
	else
		err = read_number(r, value, 1, 0xffff, &handle);
	c->configuration_handle = (uint16_t)handle;
	if (!err)
		reader_leave(r, place);
	return err;
}

static int check_source(struct reader *r, const struct holder *h)
{
	bool sends = h->properties & (BLE_NOTIFY | BLE_INDICATE);

	if ((h->source.interval_ms || h->source.on_write) && !sends)
		return reader_fail(r, -EINVAL, "\"interval_ms\" and \"on_write\" "
				   "need \"notify\" or \"indicate\" among the "
				   "properties");
	if ((h->source.generator.kind || h->source.burst) &&
	    !h->source.interval_ms)
		return reader_fail(r, -EINVAL, "\"generator\" and \"burst\" need "
				   "\"interval_ms\"");
	return 0;
}

static int load_characteristic(struct reader *r, struct json_object *value,
			       void *target)
{
	struct sim_peripheral *p = target;
	struct characteristic c;
	struct holder *h = &c.holder;
	struct gatt_characteristic made = { .properties = 0 };
	bool plain;
	size_t place;
	int err;

	memset(&c, 0, sizeof(c));
	err = read_object(r, value, characteristic_fields,
			  N_FIELDS(characteristic_fields), &c);
	if (!err)
		err = check(r, h, h->properties & (BLE_WRITE | BLE_WRITE_COMMAND),
			    &made.value);
	if (!err)
		err = check_source(r, h);
	if (!err && c.configuration)
		err = read_configuration(r, c.configuration, &made);
	if (err)
		return err;
	made.uuid = h->uuid;
	made.properties = h->properties;
	made.handle = h->handle;
	made.value_handle = c.value_handle;
	plain = !h->source.read_error && !h->source.write_error &&
		!h->source.interval_ms && !h->source.on_write;
	err = added(r, p, sim_add_characteristic(p, &made,
						 plain ? NULL : &h->source, NULL));
	if (err || !c.descriptors)
		return err;
	place = reader_enter(r, "descriptors");
	err = read_array(r, c.descriptors, MANY, load_descriptor, p);
	if (!err)
		reader_leave(r, place);
	return err;
}

/* -- Services -------------------------------------------------------------------------------- */

struct service {
	struct ble_uuid uuid;
	uint16_t handle, end;
	bool primary;
	struct json_object *includes, *characteristics;
};

static const struct field service_fields[] = {
	{ "uuid", read_uuid, offsetof(struct service, uuid), 0, 0 },
	{ "handle", read_u16, offsetof(struct service, handle), 1, 0xffff },
	{ "end", read_u16, offsetof(struct service, end), 1, 0xffff },
	{ "primary", read_bool, offsetof(struct service, primary), 0, 0 },
	{ "includes", read_later, offsetof(struct service, includes), 0, 0 },
	{ "characteristics", read_later,
	  offsetof(struct service, characteristics), 0, 0 },
};

static int load_include(struct reader *r, struct json_object *value,
			void *target)
{
	struct sim_peripheral *p = target;
	int64_t handle;
	int err = read_number(r, value, 1, 0xffff, &handle);

	return err ? err : added(r, p, gatt_add_include(&p->table, 0,
							(uint16_t)handle));
}

static int load_members(struct reader *r, const char *key,
			struct json_object *value, struct sim_peripheral *p,
			int (*load_one)(struct reader *r,
					struct json_object *value, void *target))
{
	size_t place = reader_enter(r, key);
	int err = value ? read_array(r, value, MANY, load_one, p) : 0;

	if (!err)
		reader_leave(r, place);
	return err;
}

static int load_service(struct reader *r, struct json_object *value,
			void *target)
{
	struct sim_peripheral *p = target;
	struct service s;
	int err;

	memset(&s, 0, sizeof(s));
	s.primary = true;
	err = read_object(r, value, service_fields, N_FIELDS(service_fields), &s);
	if (err)
		return err;
	if (missing(&s.uuid))
		return reader_fail(r, -EINVAL, "needs a \"uuid\"");
	err = added(r, p, gatt_add_service(&p->table, s.handle, s.primary, &s.uuid));
	if (!err)
		err = load_members(r, "includes", s.includes, p, load_include);
	if (!err)
		err = load_members(r, "characteristics", s.characteristics, p,
				   load_characteristic);
	if (!err && s.end && gatt_end_service(&p->table, s.end))
		return reader_fail(r, -EINVAL, "\"end\" is below the last handle, "
				   "0x%04x", gatt_table_last(&p->table));
	return err;
}

int load_services(struct reader *r, struct json_object *value,
		  struct sim_peripheral *peripheral)
{
	return read_array(r, value, MANY, load_service, peripheral);
}
