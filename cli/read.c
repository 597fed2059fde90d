/* SPDX-License-Identifier: MIT */
/* blewire read */
#include "cli/json.h"

struct read_options {
	enum value_format format;
	bool by_type;
};

void show_value(struct cli *cli, const struct found *found, struct ble_bytes value,
		enum value_format format)
{
	struct json_object *object;

	if (!cli->json) {
		put_value(value, format);
		put("\n");
		return;
	}
	object = js_about("value", &cli->peer, found->handle,
			  found->known ? &found->uuid : NULL);
	js_value(object, value, format);
	js_print(object);
}

int read_and_show(struct cli *cli, const struct target *target,
		  const struct found *found, enum value_format format)
{
	uint8_t buffer[VALUE_MAX];
	size_t len;
	int err = ble_client_read_sync(peer_client(cli), found->handle, buffer,
				       sizeof(buffer), &len);

	if (err)
		return peer_fail(cli, err, "read of %s", target->text);
	if (len > sizeof(buffer)) {
		print_verbose(cli, "the value has %zu bytes, more than Bluetooth allows: only the first %zu are shown",
			      len, sizeof(buffer));
		len = sizeof(buffer);
	}
	show_value(cli, found, (struct ble_bytes){ buffer, len }, format);
	return STATUS_OK;
}

static int read_one(struct cli *cli, const struct read_options *o, char **arguments)
{
	struct target target;
	struct found found;
	int status = target_parse(cli, arguments[1], &target);

	if (!status)
		status = peer_connect(cli);
	if (!status)
		status = target_attribute(cli, &target, &found);
	if (!status)
		status = read_and_show(cli, &target, &found, o->format);
	return status;
}

/* -- By type -------------------------------------------------------------------- */

struct sweep {
	struct cli *cli;
	const struct read_options *options;
	struct ble_uuid type;
	size_t n;
};

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct sweep *sweep = user;
	struct found found = { handle, true, sweep->type, 0 };

	sweep->n++;
	if (!sweep->cli->json)
		put("@0x%04x  ", handle);
	show_value(sweep->cli, &found, value, sweep->options->format);
}

static int read_all(struct cli *cli, const struct read_options *o, char **arguments)
{
	struct sweep sweep = { .cli = cli, .options = o };
	int err, status = type_parse(cli, arguments[1], &sweep.type);
	char hint[INFO_HINT], count[TEXT_COUNT];

	if (!status)
		status = peer_connect(cli);
	if (status)
		return status;
	err = ble_client_read_by_uuid_sync(peer_client(cli), &sweep.type, 1, 0xffff,
					   on_value, &sweep);
	if (err)
		return peer_fail(cli, err, "read of type %s after %s", arguments[1],
				 text_count(count, sweep.n, "value"));
	if (!sweep.n)
		return fail(cli, STATUS_NOT_FOUND,
			    "%s has no attribute of type %s: %s lists what it has",
			    cli->peer.name, arguments[1], info_hint(cli, hint));
	return STATUS_OK;
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct read_options *o = options;
	int status = peer_parse(cli, arguments[0]);

	if (!status)
		status = o->by_type ? read_all(cli, o, arguments) :
				      read_one(cli, o, arguments);
	peer_close(cli);
	return status;
}

#define FIELD(name) offsetof(struct read_options, name)
static const struct cli_option options[] = {
	{ 'f', "format", "FORMAT", "hex, text, u8, u16, u32, i8, i16 or i32 (hex)",
	  set_format, FIELD(format), WANTS_FORMAT },
	{ 0, "by-type", NULL, "every attribute of this type, with its handle",
	  set_flag, FIELD(by_type), "" },
};
#undef FIELD

const struct command read_command = {
	.name = "read",
	.arguments = "ADDRESS CHARACTERISTIC[/DESCRIPTOR]",
	.takes_address = true,
	.summary = "Read a value",
	.details = "CHARACTERISTIC is a UUID (2a19), a handle (@0x0025, any attribute's, and quick:\n"
		   "nothing is discovered) or a standard name (\"battery level\"). DESCRIPTOR is one of\n"
		   "its descriptors, by UUID or name: 2a19/2901. With --by-type it is the type of the\n"
		   "attributes to read, such as 2a19 or 2803; nothing is discovered.\n",
	.n_arguments = 2,
	.options = options,
	.n_options = COUNT_OF(options),
	.options_size = sizeof(struct read_options),
	.run = run,
};
