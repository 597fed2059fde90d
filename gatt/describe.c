/* SPDX-License-Identifier: MIT */
/*
 * Reads descriptors (Vol 3, Part G, 3.3.3) and stores their values in the
 * characteristics of the tree. Each has a read of its own: a Read By Type over all of
 * them would end at the first that may not be read. Such a descriptor is left out, as
 * is a malformed one.
 */
#include "gatt/gatt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"

enum {
	EXTENDED_PROPERTIES = 0x2900,
	USER_DESCRIPTION = 0x2901,
	PRESENTATION_FORMAT = 0x2904,
};

static void forget(struct ble_characteristic *c)
{
	gatt_tree_describe(c, NULL);
	c->extended = 0;
	c->format = (struct ble_format){ 0 };
}

static int set_description(struct ble_characteristic *c, struct ble_bytes value)
{
	char *text = malloc(value.len + 1);

	if (!text)
		return -ENOMEM;
	memcpy(text, value.data, value.len);
	text[value.len] = '\0';
	gatt_tree_describe(c, text);
	return 0;
}

/* If there are several formats, the first: 3.3.3.5.6 orders them by handle. */
static void set_format(struct ble_characteristic *c, const uint8_t *value)
{
	if (c->format.format)
		return;
	c->format = (struct ble_format){
		.format = value[0], .exponent = (int8_t)value[1],
		.unit = get_le16(value + 2), .name_space = value[4],
		.description = get_le16(value + 5),
	};
}

static int note(struct ble_characteristic *c, uint16_t type, struct ble_bytes value)
{
	if (type == USER_DESCRIPTION)
		return set_description(c, value);
	if (type == EXTENDED_PROPERTIES && value.len == 2)
		c->extended = get_le16(value.data);
	else if (type == PRESENTATION_FORMAT && value.len == 7)
		set_format(c, value.data);
	return 0;
}

static struct gatt_describe *describe_of(struct gatt_procedure *procedure)
{
	return container_of(procedure, struct gatt_describe, read.procedure);
}

static uint16_t type_at(const struct gatt_describe *describe)
{
	const struct ble_services *tree = &describe->read.procedure.client->tree;

	return ble_uuid_short(&tree->descriptors[describe->at].uuid);
}

static void read_done(struct att_op *op, int error);

/* Prepares the read of the next descriptor of these types; false after the last. */
static bool next(struct gatt_describe *describe)
{
	const struct ble_services *tree = &describe->read.procedure.client->tree;

	for (; describe->at < tree->n_descriptors; describe->at++) {
		uint16_t type = type_at(describe);

		if (type != EXTENDED_PROPERTIES && type != USER_DESCRIPTION &&
		    type != PRESENTATION_FORMAT)
			continue;
		gatt_read_op(&describe->read,
			     tree->descriptors[describe->at].handle, read_done);
		return true;
	}
	return false;
}

static void read_done(struct att_op *op, int error)
{
	struct gatt_procedure *procedure = gatt_procedure_of(op);
	struct gatt_describe *describe = describe_of(procedure);
	const struct ble_services *tree = &procedure->client->tree;

	if (error == 0) {
		size_t i = (size_t)(tree->descriptors[describe->at].characteristic -
				    tree->characteristics);

		error = note(&tree->characteristics[i], type_at(describe),
			     bytes(describe->read.value, describe->read.len));
	} else if (error != ATT_DATABASE_OUT_OF_SYNC &&
		   gatt_wait_for_remedy(procedure, error)) {
		return;
	} else if (ble_error_att(error) || error == -EBADMSG) {
		error = 0;
	}
	describe->at++;
	if (!error && next(describe))
		gatt_next(procedure);
	else
		gatt_end(procedure, error);
}

static int start(struct gatt_procedure *procedure)
{
	struct gatt_describe *describe = describe_of(procedure);
	const struct ble_services *tree = &procedure->client->tree;

	for (size_t i = 0; i < tree->n_characteristics; i++)
		forget(&tree->characteristics[i]);
	describe->at = 0;
	if (next(describe))
		return gatt_start_op(procedure);
	loop_defer(procedure->client->loop, &describe->nothing);
	return 0;
}

static void nothing(struct loop_task *task)
{
	gatt_end(&container_of(task, struct gatt_describe, nothing)->read.procedure, 0);
}

static void clear(struct gatt_procedure *procedure)
{
	loop_undefer(&describe_of(procedure)->nothing);
}

int gatt_describe(struct gatt_client *client, struct gatt_describe *describe)
{
	static const struct gatt_class class = { .start = start, .clear = clear,
						 .reset = gatt_reset_nothing };

	describe->nothing = (struct loop_task){ .run = nothing };
	describe->read.procedure.op = (struct att_op){ 0 };
	return gatt_run(client, &describe->read.procedure, &class);
}
