/* SPDX-License-Identifier: MIT */
/* blewire info: the services of a peripheral, with values. */
#include "cli/json.h"

struct info {
	struct cli *cli;
	const struct ble_services *tree;
	struct json_object *object; /* with --json */
	unsigned int discovery_requests;
	unsigned int generation; /* of the tree that is shown */
	unsigned int requests_before; /* before the values were read */
};

/* The result of reading one value. An ATT error is part of the output; info fails
 * only if the connection is lost or the services change. */
struct reading {
	int error;
	struct ble_bytes value;
	uint8_t buffer[VALUE_MAX];
};

static int read_value(struct info *info, uint16_t handle, struct reading *reading)
{
	size_t len = 0;
	int err;

	if (output_error())
		return STATUS_FAILURE;
	err = ble_client_read_sync(peer_client(info->cli), handle, reading->buffer,
				   sizeof(reading->buffer), &len);
	reading->error = err;
	reading->value = (struct ble_bytes){ reading->buffer,
					     len < VALUE_MAX ? len : VALUE_MAX };
	if (err && !ble_error_att(err) &&
	    (err == -ETIMEDOUT || signals_caught() ||
	     !ble_client_connected(info->cli->peer.client)))
		return peer_fail(info->cli, err, "read of @0x%04x", handle);
	/* The pointers into the tree are no longer valid then. */
	if (ble_services_generation(info->tree) != info->generation)
		return fail(info->cli, STATUS_FAILURE,
			    "the services of %s changed while they were read: try again",
			    info->cli->peer.name);
	return STATUS_OK;
}

static void put_reading(const struct reading *reading)
{
	if (reading->error) {
		put(" (unreadable: %s)", ble_strerror(reading->error));
		return;
	}
	put(" = ");
	if (!reading->value.len)
		put("(empty)");
	put_hex(reading->value);
	/* One octet is more probably a number than a letter. */
	if (reading->value.len > 1 && text_printable(reading->value)) {
		put(" \"");
		put_escaped(reading->value);
		put("\"");
	}
}

static void js_reading(struct json_object *object, const struct reading *reading)
{
	if (reading && !reading->error) {
		js_value(object, reading->value, FORMAT_HEX);
	} else {
		js_null(object, "value");
		js_null(object, "text");
		js_null(object, "integers");
	}
	js_error(object, reading ? reading->error : 0);
}

static void js_name(struct json_object *object, const struct ble_uuid *uuid)
{
	char name[BLE_NAME_TEXT];

	js_uuid(object, "uuid", uuid);
	js_text(object, "name", ble_uuid_name(uuid, name));
}

static int show_descriptor(struct info *info, const struct ble_descriptor *d,
			   struct json_object *array)
{
	struct json_object *object;
	struct reading reading;
	int status = read_value(info, d->handle, &reading);

	if (status)
		return status;
	if (info->cli->json) {
		object = js_item(array);
		js_number(object, "handle", d->handle);
		js_name(object, &d->uuid);
		js_reading(object, &reading);
		return STATUS_OK;
	}
	put("@0x%04x      ", d->handle);
	put_uuid(&d->uuid);
	put_reading(&reading);
	put("\n");
	return STATUS_OK;
}

static void put_characteristic(const struct ble_characteristic *c,
			       const struct reading *reading)
{
	const char *separator = "";

	put("@0x%04x    ", c->value_handle);
	put_uuid(&c->uuid);
	put(" [");
	for (unsigned int bit = 1; bit <= BLE_EXTENDED_PROPERTIES; bit <<= 1) {
		if (!(c->properties & bit))
			continue;
		put("%s%s", separator, ble_property_text((enum ble_property)bit));
		separator = ", ";
	}
	put("]");
	if (reading)
		put_reading(reading);
	put("\n");
}

static struct json_object *js_characteristic(const struct ble_characteristic *c,
					     const struct reading *reading,
					     struct json_object *array)
{
	struct json_object *object = js_item(array);
	struct json_object *properties;

	js_number(object, "handle", c->handle);
	js_number(object, "value_handle", c->value_handle);
	js_name(object, &c->uuid);
	properties = js_array_in(object, "properties");
	for (unsigned int bit = 1; bit <= BLE_EXTENDED_PROPERTIES; bit <<= 1)
		if (c->properties & bit)
			js_item_text(properties,
				       ble_property_text((enum ble_property)bit));
	js_reading(object, reading);
	return js_array_in(object, "descriptors");
}

static int show_characteristic(struct info *info,
			       const struct ble_characteristic *c,
			       struct json_object *array)
{
	struct json_object *descriptors = NULL;
	const struct reading *shown = NULL;
	const struct ble_descriptor *d = NULL;
	struct reading reading;
	int status = STATUS_OK;

	if (c->properties & BLE_READ) {
		status = read_value(info, c->value_handle, &reading);
		shown = &reading;
	}
	if (status)
		return status;
	if (info->cli->json)
		descriptors = js_characteristic(c, shown, array);
	else
		put_characteristic(c, shown);
	while (!status && (d = ble_characteristic_next_descriptor(c, d)))
		status = show_descriptor(info, d, descriptors);
	return status;
}

static void show_includes(struct info *info, const struct ble_service *s,
			  struct json_object *array)
{
	const struct ble_include *include = NULL;

	while ((include = ble_services_next_include(info->tree, include))) {
		struct json_object *object;

		if (include->service != s)
			continue;
		if (info->cli->json) {
			object = js_item(array);
			js_number(object, "handle", include->handle);
			js_number(object, "start", include->start);
			js_number(object, "end", include->end);
			js_name(object, &include->uuid);
			continue;
		}
		put("@0x%04x    includes ", include->handle);
		put_uuid(&include->uuid);
		put(", 0x%04x to 0x%04x\n", include->start, include->end);
	}
}

static int show_service(struct info *info, const struct ble_service *s,
			struct json_object *array)
{
	struct json_object *object, *characteristics = NULL, *includes = NULL;
	const struct ble_characteristic *c = NULL;
	int status = STATUS_OK;

	if (info->cli->json) {
		object = js_item(array);
		js_number(object, "handle", s->handle);
		js_number(object, "end", s->end);
		js_bool(object, "primary", s->primary);
		js_name(object, &s->uuid);
		includes = js_array_in(object, "includes");
		characteristics = js_array_in(object, "characteristics");
	} else {
		put("@0x%04x  %s service ", s->handle, s->primary ? "primary" : "secondary");
		put_uuid(&s->uuid);
		put(", to 0x%04x\n", s->end);
	}
	show_includes(info, s, includes);
	while (!status && (c = ble_service_next_characteristic(s, c)))
		status = show_characteristic(info, c, characteristics);
	return status;
}

static void put_count(size_t n, const char *what, const char *end)
{
	char text[TEXT_COUNT];

	put("%s%s", text_count(text, n, what), end);
}

static int show(struct info *info)
{
	struct cli *cli = info->cli;
	struct ble_client *client = info->cli->peer.client;
	const struct ble_service *s = NULL;
	struct json_object *services = NULL;
	unsigned int requests;
	int status = STATUS_OK;

	if (cli->json) {
		info->object = js_new("peripheral");
		js_address(info->object, &info->cli->peer.address);
		js_number(info->object, "mtu", ble_client_mtu(client));
		js_number(info->object, "discovery_requests", info->discovery_requests);
		services = js_array_in(info->object, "services");
	} else {
		put("%s, MTU %u\n", info->cli->peer.name, ble_client_mtu(client));
	}
	while (!status && (s = ble_services_next(info->tree, s)))
		status = show_service(info, s, services);
	if (status) {
		js_free(info->object);
		return status;
	}
	requests = info->discovery_requests + ble_client_requests(client) - info->requests_before;
	if (cli->json) {
		js_number(info->object, "requests", requests);
		js_print(info->object);
	} else {
		put_count(ble_services_count(info->tree), "service", ", ");
		put_count(ble_services_count_characteristics(info->tree), "characteristic", ", ");
		put_count(ble_services_count_descriptors(info->tree), "descriptor", "; ");
		put_count(info->discovery_requests, "request", " to discover them, ");
		put("%u with the values\n", requests);
	}
	return status;
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	struct info info = { .cli = cli };
	int status = peer_parse(cli, arguments[0]);

	(void)options;
	if (!status)
		status = peer_connect(cli);
	if (!status)
		status = peer_discover(cli);
	if (!status) {
		info.tree = ble_client_services(cli->peer.client);
		info.generation = ble_services_generation(info.tree);
		info.discovery_requests = cli->peer.discovery_requests;
		info.requests_before = ble_client_requests(cli->peer.client);
		status = show(&info);
	}
	peer_close(cli);
	return status;
}

const struct command info_command = {
	.name = "info",
	.arguments = "ADDRESS",
	.takes_address = true,
	.summary = "Show services, characteristics, descriptors and values",
	.details = "The handle at the start of a line can be given to read, write and notify.\n",
	.n_arguments = 1,
	.run = run,
};
