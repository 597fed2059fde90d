/* SPDX-License-Identifier: MIT */
/* blewire read */
#include "cli/json.h"

struct read_options {
	enum value_format format;
};

static void show(struct cli *cli, const struct peer *peer, uint16_t handle,
		 const struct ble_characteristic *c, struct ble_bytes value,
		 enum value_format format)
{
	struct json_object *object;

	if (!cli->json) {
		put_value(value, format);
		put("\n");
		return;
	}
	object = js_about("value", peer, handle, c);
	js_value(object, value, format);
	js_print(object);
}

int read_and_show(struct cli *cli, const struct peer *peer,
		  const struct target *target, uint16_t handle,
		  const struct ble_characteristic *c, enum value_format format)
{
	uint8_t buffer[VALUE_MAX];
	size_t len;
	int err = ble_client_read_sync(peer->client, handle, buffer, sizeof(buffer), &len);

	if (err)
		return peer_fail(cli, peer, err, "read of %s", target->text);
	if (len > sizeof(buffer)) {
		say(cli, "the value has %zu bytes, more than Bluetooth allows: only the first %zu are shown",
		    len, sizeof(buffer));
		len = sizeof(buffer);
	}
	show(cli, peer, handle, c, (struct ble_bytes){ buffer, len }, format);
	return STATUS_OK;
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct read_options *o = options;
	const struct ble_characteristic *c;
	struct target target;
	struct peer peer;
	uint16_t handle;
	int status = peer_parse(cli, &peer, arguments[0]);

	if (!status)
		status = target_parse(cli, arguments[1], &target);
	if (!status)
		status = peer_connect(cli, &peer);
	if (!status)
		status = target_handle(cli, &peer, &target, &handle, &c);
	if (!status)
		status = read_and_show(cli, &peer, &target, handle, c, o->format);
	peer_close(&peer);
	return status;
}

static const struct cli_option options[] = {
	{ 'f', "format", "FORMAT", "hex, text, u8, u16, u32, i8, i16 or i32 (hex)",
	  set_format, offsetof(struct read_options, format), WANTS_FORMAT },
};

const struct command read_command = {
	.name = "read",
	.arguments = "ADDRESS CHARACTERISTIC",
	.summary = "Read a value",
	.details = "CHARACTERISTIC is a UUID (2a19), a handle (@0x0025, any attribute's, and quick:\n"
		   "nothing is discovered) or a standard name (\"battery level\").\n",
	.n_arguments = 2,
	.options = options,
	.n_options = COUNT_OF(options),
	.options_size = sizeof(struct read_options),
	.run = run,
};
