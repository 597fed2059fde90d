/* SPDX-License-Identifier: MIT */
/* blewire write */
#include "cli/json.h"

struct write_options {
	enum value_format format;
	bool no_response, read;
};

static void show(struct cli *cli, const struct found *found, size_t len, bool response)
{
	struct json_object *object;
	char count[TEXT_COUNT];

	if (!cli->json) {
		print_verbose(cli, "wrote %s to handle 0x%04x, %s response",
			      text_count(count, len, "byte"), found->handle,
			      response ? "with" : "without");
		return;
	}
	object = js_about("written", &cli->peer, found->handle,
			  found->known ? &found->uuid : NULL);
	js_number(object, "length", (long long)len);
	js_bool(object, "response", response);
	js_print(object);
}

enum { WRITE_NOT_PERMITTED = BLE_ERROR_ATT(0x03) };

static int report_failure(struct cli *cli, int err, const struct target *target,
			  const struct found *found, bool no_response)
{
	if (err == WRITE_NOT_PERMITTED && !no_response &&
	    (found->properties & BLE_WRITE_COMMAND))
		return peer_fail(cli, err,
				 "write to %s, which takes writes with --no-response only",
				 target->text);
	return peer_fail(cli, err, "write to %s", target->text);
}

static int send_value(struct cli *cli, uint16_t handle, struct ble_bytes value,
		      const struct write_options *o)
{
	struct ble_client *client = peer_client(cli);

	return o->no_response ? ble_client_write_command_sync(client, handle, value) :
				ble_client_write_sync(client, handle, value);
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct write_options *o = options;
	uint8_t buffer[VALUE_MAX];
	struct ble_bytes value = { buffer, 0 };
	struct target target;
	struct found found;
	char why[200];
	int err, status = peer_parse(cli, arguments[0]);

	if (!status)
		status = target_parse(cli, arguments[1], &target);
	if (!status && value_parse(arguments[2], o->format, buffer, &value.len, why))
		status = fail(cli, STATUS_USAGE, "%s", why);
	if (!status)
		status = peer_connect(cli);
	if (!status)
		status = target_attribute(cli, &target, &found);
	if (status)
		goto out;
	err = send_value(cli, found.handle, value, o);
	if (err)
		status = report_failure(cli, err, &target, &found, o->no_response);
	else
		show(cli, &found, value.len, !o->no_response);
	if (!status && o->read)
		status = read_and_show(cli, &target, &found, o->format);
out:
	peer_close(cli);
	return status;
}

#define FIELD(name) offsetof(struct write_options, name)
static const struct cli_option options[] = {
	{ 'f', "format", "FORMAT", "of a VALUE that does not name its own (hex)",
	  set_format, FIELD(format), WANTS_FORMAT },
	{ 0, "no-response", NULL, "send it without asking for an acknowledgement",
	  set_flag, FIELD(no_response), "" },
	{ 0, "read", NULL, "then read it back, and show it in the format of -f",
	  set_flag, FIELD(read), "" },
};
#undef FIELD

const struct command write_command = {
	.name = "write",
	.arguments = "ADDRESS CHARACTERISTIC[/DESCRIPTOR] VALUE",
	.takes_address = true,
	.summary = "Write a value",
	.details = "CHARACTERISTIC is a UUID (2a39), a handle (@0x0025, any attribute's, and quick:\n"
		   "nothing is discovered) or a standard name (\"alert level\"). DESCRIPTOR is one\n"
		   "of its descriptors, by UUID or name: 2a39/2901.\n"
		   "VALUE is hex:0a0b, text:hello, u16:500 or i8:-5,7 (u8, u16, u32, i8, i16, i32;\n"
		   "little-endian); without a format in front it is hex. At most 512 bytes.\n",
	.n_arguments = 3,
	.options = options,
	.n_options = COUNT_OF(options),
	.options_size = sizeof(struct write_options),
	.run = run,
};
