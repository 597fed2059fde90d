/* SPDX-License-Identifier: MIT */
/* Reads "advertising": interval, type and AD structures. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/uuid.h"
#include "sim/load.h"

enum { /* AD types, assigned numbers 2.3 */
	AD_FLAGS = 0x01,
	AD_SOME_UUID16 = 0x02, /* and the complete list; then 32 and 128 bits */
	AD_UUID16 = 0x03,
	AD_SHORT_NAME = 0x08,
	AD_NAME = 0x09,
	AD_TX_POWER = 0x0a,
	AD_SERVICE_DATA16 = 0x16,
	AD_APPEARANCE = 0x19,
	AD_SERVICE_DATA128 = 0x21,
	AD_MANUFACTURER = 0xff
};

/* The packet that AD structures are added to. */
struct packet {
	uint8_t *data, *len;
	size_t room;
};

/* One element of "data". Its keys tell its type. */
struct element {
	struct json_object *flags, *name, *short_name, *services, *some_services;
	struct json_object *tx_power, *appearance, *manufacturer, *service_data;
	struct json_object *type, *data, *raw;
};

#define ELEMENT(key, member) \
	{ key, read_later, offsetof(struct element, member), 0, 0 }

static const struct field element_fields[] = {
	ELEMENT("flags", flags),
	ELEMENT("name", name),
	ELEMENT("short_name", short_name),
	ELEMENT("services", services),
	ELEMENT("some_services", some_services),
	ELEMENT("tx_power", tx_power),
	ELEMENT("appearance", appearance),
	ELEMENT("manufacturer", manufacturer),
	ELEMENT("service_data", service_data),
	ELEMENT("type", type),
	ELEMENT("data", data),
	ELEMENT("raw", raw),
};

static int put(struct reader *r, const struct packet *packet, uint8_t type,
	       const struct octets *octets)
{
	if (sim_add_ad(packet->data, packet->len, packet->room, type,
		       bytes(octets->data, octets->len)))
		return reader_fail(r, -EINVAL, "does not fit: all of it may have "
				   "%zu octets", packet->room);
	return 0;
}

static int put_number(struct reader *r, const struct packet *packet,
		      uint8_t type, size_t size, struct json_object *value,
		      int64_t min, int64_t max)
{
	struct octets octets = { .len = size };
	int64_t number;
	int err = read_number(r, value, min, max, &number);

	if (err)
		return err;
	for (size_t i = 0; i < size; i++)
		octets.data[i] = (uint8_t)((uint64_t)number >> 8 * i);
	return put(r, packet, type, &octets);
}

static int put_name(struct reader *r, const struct packet *packet, uint8_t type,
		    struct json_object *value)
{
	const struct field any = { .max = SIM_NAME_MAX };
	struct octets octets;
	const char *text;
	int err = read_text(r, value, &any, &text);

	if (err)
		return err;
	octets.len = strlen(text);
	memcpy(octets.data, text, octets.len);
	return put(r, packet, type, &octets);
}

/* Separate lists for UUIDs of 16 and of 128 bits. */
struct uuid_lists {
	struct octets of16, of128;
};

static int read_list_uuid(struct reader *r, struct json_object *value,
			  void *target)
{
	struct uuid_lists *lists = target;
	struct octets *list;
	struct ble_uuid uuid;
	uint8_t wire[16];
	size_t size;
	int err = read_uuid_here(r, value, &uuid);

	if (err)
		return err;
	size = uuid_to_wire(&uuid, wire);
	list = size == 2 ? &lists->of16 : &lists->of128;
	memcpy(list->data + list->len, wire, size);
	list->len += size;
	return 0;
}

static int put_uuids(struct reader *r, const struct packet *packet,
		     uint8_t type, struct json_object *value)
{
	struct uuid_lists lists;
	int err;

	lists.of16.len = lists.of128.len = 0;
	err = read_array(r, value, ATT_VALUE_MAX / 16, read_list_uuid, &lists);
	if (!err && lists.of16.len)
		err = put(r, packet, type, &lists.of16);
	if (!err && lists.of128.len)
		err = put(r, packet, (uint8_t)(type + 4), &lists.of128);
	return err;
}

/* AD structures with a number or a UUID before the data. */
static int put_data(struct reader *r, const struct packet *packet,
		    const struct element *e)
{
	struct octets octets = { .len = 0 };
	struct ble_uuid uuid;
	uint8_t type = AD_MANUFACTURER;
	int64_t number;
	int err = 0;

	if (e->service_data) {
		err = read_uuid_here(r, e->service_data, &uuid);
		if (err)
			return err;
		octets.len = uuid_to_wire(&uuid, octets.data);
		type = octets.len == 2 ? AD_SERVICE_DATA16 : AD_SERVICE_DATA128;
	} else if (e->manufacturer) {
		err = read_number(r, e->manufacturer, 0, 0xffff, &number);
		if (err)
			return err;
		put_le16(octets.data, (uint16_t)number);
		octets.len = 2;
	} else {
		err = read_number(r, e->type, 0, 0xff, &number);
		if (err)
			return err;
		type = (uint8_t)number;
	}
	if (e->data)
		err = read_octets(r, e->data, ATT_VALUE_MAX, &octets);
	return err ? err : put(r, packet, type, &octets);
}

/* Raw octets, which need not be an AD structure. */
static int put_raw(struct reader *r, const struct packet *packet,
		   struct json_object *value)
{
	struct octets octets = { .len = 0 };
	int err = read_octets(r, value, packet->room - *packet->len, &octets);

	if (err)
		return err;
	memcpy(packet->data + *packet->len, octets.data, octets.len);
	*packet->len = (uint8_t)(*packet->len + octets.len);
	return 0;
}

static int read_element(struct reader *r, struct json_object *value,
			void *target)
{
	const struct packet *packet = target;
	struct element e;
	int err, n;

	memset(&e, 0, sizeof(e));
	err = read_object(r, value, element_fields, N_FIELDS(element_fields), &e);
	if (err)
		return err;
	n = !!e.flags + !!e.name + !!e.short_name + !!e.services +
	    !!e.some_services + !!e.tx_power + !!e.appearance +
	    !!e.manufacturer + !!e.service_data + !!e.type + !!e.raw;
	if (n != 1)
		return reader_fail(r, -EINVAL, "must have one key that says what "
				   "it is, such as \"name\", and has %d", n);
	if (e.manufacturer || e.service_data || e.type)
		return put_data(r, packet, &e);
	if (e.data)
		return reader_fail(r, -EINVAL, "\"data\" goes with "
				   "\"manufacturer\", \"service_data\" or \"type\"");
	if (e.flags)
		return put_number(r, packet, AD_FLAGS, 1, e.flags, 0, 255);
	if (e.tx_power)
		return put_number(r, packet, AD_TX_POWER, 1, e.tx_power, -127, 127);
	if (e.appearance)
		return put_number(r, packet, AD_APPEARANCE, 2, e.appearance, 0,
				  0xffff);
	if (e.name || e.short_name)
		return put_name(r, packet, e.name ? AD_NAME : AD_SHORT_NAME,
				e.name ? e.name : e.short_name);
	if (e.services || e.some_services)
		return put_uuids(r, packet,
				 e.services ? AD_UUID16 : AD_SOME_UUID16,
				 e.services ? e.services : e.some_services);
	return put_raw(r, packet, e.raw);
}

/* -- The whole of it ---------------------------------------------------------------- */

struct advertising {
	struct json_object *data, *response;
	struct sim_advertising like;
};

#define MEMBER(member) offsetof(struct advertising, like.member)

static const struct field fields[] = {
	{ "interval_ms", read_uint, MEMBER(interval_ms), 1, 10240 },
	{ "connectable", read_bool, MEMBER(connectable), 0, 0 },
	{ "extended", read_bool, MEMBER(extended), 0, 0 },
	{ "while_connected", read_bool, MEMBER(while_connected), 0, 0 },
	{ "rssi", read_i8, MEMBER(rssi), -124, 17 },
	{ "data", read_later, offsetof(struct advertising, data), 0, 0 },
	{ "scan_response", read_later, offsetof(struct advertising, response), 0, 0 },
};

static int load_packet(struct reader *r, const char *key,
		       struct json_object *value, struct packet packet)
{
	size_t place = reader_enter(r, key);
	int err;

	*packet.len = 0;
	err = read_array(r, value, packet.room, read_element, &packet);
	if (!err)
		reader_leave(r, place);
	return err;
}

int load_advertising(struct reader *r, struct json_object *value,
		     struct sim_peripheral *peripheral)
{
	struct sim_advertising *adv = &peripheral->advertising;
	struct advertising a = { .like = *adv };
	int err = read_object(r, value, fields, N_FIELDS(fields), &a);

	if (err)
		return err;
	*adv = a.like;
	if (adv->extended && a.response)
		return reader_fail(r, -EINVAL, "an extended advertisement that "
				   "takes a connection has no \"scan_response\"");
	if (a.data)
		err = load_packet(r, "data", a.data, (struct packet){
			adv->data, &adv->data_len,
			adv->extended ? SIM_AD_MAX : SIM_AD_LEGACY });
	if (!err && a.response)
		err = load_packet(r, "scan_response", a.response, (struct packet){
			adv->response, &adv->response_len, SIM_AD_LEGACY });
	return err;
}
