/* SPDX-License-Identifier: MIT */
/* blewire adapters */
#include "cli/json.h"

struct listing {
	struct cli *cli;
	size_t n;
};

/* The address of a dongle that is not open is unknown. */
static const char *address_of(const struct ble_adapter_info *info,
			      char text[BLE_ADDRESS_TEXT])
{
	return info->address.type == BLE_ADDRESS_UNKNOWN
		? NULL : ble_address_text(&info->address, text);
}

static void show(void *user, const struct ble_adapter_info *info)
{
	struct listing *listing = user;
	char text[BLE_ADDRESS_TEXT];
	const char *address = address_of(info, text);

	listing->n++;
	if (listing->cli->json) {
		struct json_object *object = js_new("adapter");

		js_bytes(object, "name", text_bytes(info->name));
		js_text(object, "backend", info->backend);
		js_text(object, "address", address);
		js_bool(object, "powered", info->powered);
		js_bool(object, "low_energy", info->low_energy);
		js_bool(object, "extended_scanning", info->extended);
		js_print(object);
		return;
	}
	put_escaped(text_bytes(info->name));
	put("  %-17s  %-3s  %-5s  %s scanning\n", address ? address : "-",
	    info->powered ? "on" : "off", info->low_energy ? "LE" : "no LE",
	    info->extended ? "extended" : "legacy");
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	struct listing listing = { .cli = cli };
	int err, status;

	(void)options;
	(void)arguments;
	if (cli->adapter_name) {
		status = adapter_open(cli);
		if (!status)
			show(&listing, ble_adapter_info(cli->adapter));
		return status;
	}
	err = ble_adapter_list(cli->loop, show, &listing);
	if (err == -ENOMEM)
		return fail_error(cli, STEP_ADAPTER, err, "adapters");
	return err || !listing.n ? no_adapter(cli, err) : STATUS_OK;
}

const struct command adapters_command = {
	.name = "adapters",
	.arguments = "",
	.summary = "List the Bluetooth adapters and dongles of this machine",
	.details = "Dongles are not opened, so their address is unknown: \"-\".\n"
		   "With -a, only this adapter is listed; it is opened.\n",
	.run = run,
};
