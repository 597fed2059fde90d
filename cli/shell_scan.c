/* SPDX-License-Identifier: MIT */
/* The shell's scan, which runs in the background. It prints a line for each device when
 * the device is first heard, and one more when its name is. */
#include "cli/json.h"
#include "cli/scan.h"
#include "cli/shell.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT = 1000 };

struct known {
	struct ble_address address;
	bool named;
};

struct shell_scan {
	struct cli *cli;
	struct ble_scanner *scanner;
	struct waiting *waiting; /* a command waits for its end; or NULL */
	int error;
	bool running;
	char name[100]; /* the filter */
	size_t n;
	struct known known[KEPT];
};

static struct known *known_of(struct shell_scan *scan, const struct ble_address *address)
{
	for (size_t i = 0; i < scan->n; i++)
		if (ble_address_equal(&scan->known[i].address, address))
			return &scan->known[i];
	return NULL;
}

static void on_seen(void *user, struct ble_device *device,
		    const struct ble_advertisement *adv)
{
	struct shell_scan *scan = user;
	struct known *known = known_of(scan, &adv->address);
	bool named = *ble_device_name(device);

	if (known && (known->named || !named))
		return;
	if (!known) {
		if (scan->n == KEPT)
			return;
		known = &scan->known[scan->n++];
		known->address = adv->address;
	}
	known->named = named;
	scan_show(scan->cli, adv);
}

static void on_ended(void *user, int error)
{
	struct shell_scan *scan = user;

	scan->running = false;
	scan->error = error;
	if (scan->waiting)
		scan->waiting->done = true;
	else
		fail_error(scan->cli, STEP_SCAN, error, "scan");
}

static int scan_new(struct cli *cli)
{
	struct shell_scan *scan = calloc(1, sizeof(*scan));
	int err;

	if (!scan)
		return -ENOMEM;
	scan->cli = cli;
	err = ble_scanner_new(cli->adapter, on_seen, on_ended, scan, &scan->scanner);
	if (err) {
		free(scan);
		return err;
	}
	cli->shell->scan = scan;
	return 0;
}

void shell_scan_free(struct shell_scan *scan)
{
	if (scan)
		ble_scanner_unref(scan->scanner);
	free(scan);
}

struct ble_device *shell_scan_device(const struct shell_scan *scan,
				     const struct ble_device *previous)
{
	return scan ? ble_scanner_next_device(scan->scanner, previous) : NULL;
}

static void stop(struct shell_scan *scan)
{
	if (scan)
		ble_scanner_stop(scan->scanner);
	if (scan)
		scan->running = false;
}

static int start(struct cli *cli, const struct scan_options *o)
{
	struct ble_scan_params params = scan_params(o);
	struct shell_scan *scan;
	int err, status = adapter_open(cli);

	if (status)
		return status;
	err = cli->shell->scan ? 0 : scan_new(cli);
	scan = cli->shell->scan;
	if (!err) {
		stop(scan); /* to change filters, or to print all devices again */
		if (o->name)
			snprintf(scan->name, sizeof(scan->name), "%s", o->name);
		params.name = o->name ? scan->name : NULL;
		params.keep = KEPT;
		scan->n = 0;
		scan->error = 0;
		err = ble_scanner_start(scan->scanner, &params);
	}
	if (err)
		return fail_error(cli, STEP_SCAN, err, "scan on %s",
				  ble_adapter_info(cli->adapter)->name);
	scan->running = true;
	return STATUS_OK;
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct scan_options *o = options;
	struct waiting waiting = { .limit_ms = o->time_ms };
	bool off = arguments[0] && strcmp(arguments[0], "off") == 0;
	int err, status;

	if (arguments[0] && !off && strcmp(arguments[0], "on") != 0)
		return fail(cli, STATUS_USAGE, "scan wants on or off, not \"%s\": see help scan",
			    arguments[0]);
	if (off) {
		stop(cli->shell->scan);
		return STATUS_OK;
	}
	status = start(cli, o);
	if (status || !o->time_ms)
		return status;
	cli->shell->scan->waiting = &waiting;
	err = wait_for(cli, &waiting);
	cli->shell->scan->waiting = NULL;
	if (cli->shell->scan->error)
		err = cli->shell->scan->error;
	stop(cli->shell->scan);
	if (err && err != -ETIMEDOUT)
		return fail_error(cli, STEP_SCAN, err, "scan");
	return STATUS_OK;
}

const struct command shell_scan_command = {
	.name = "scan",
	.arguments = "[on|off]",
	.n_more = 1,
	.summary = "Show what advertises nearby, until scan off",
	.details = "A line for each device when it is first heard, while other commands go on.\n"
		   "With -t, the command waits until the scan ends.\n",
	.options = scan_table,
	.n_options = SCAN_SHELL_OPTIONS,
	.options_size = sizeof(struct scan_options),
	.run = run,
};

static int list(struct cli *cli, const void *options, char **arguments)
{
	struct ble_device *device = NULL;

	(void)options;
	(void)arguments;
	while ((device = shell_scan_device(cli->shell->scan, device)) != NULL) {
		const struct ble_address *address = ble_device_address(device);
		const char *name = ble_device_name(device);
		char text[BLE_ADDRESS_TEXT];

		if (cli->json) {
			struct json_object *object = js_new("device");

			js_address(object, address);
			if (ble_device_rssi(device) == BLE_NO_RSSI)
				js_null(object, "rssi");
			else
				js_number(object, "rssi", ble_device_rssi(device));
			js_bytes(object, "name", text_bytes(name));
			js_print(object);
			continue;
		}
		put("%s/%-7s  ", ble_address_text(address, text),
		    ble_address_type_text(address));
		if (ble_device_rssi(device) == BLE_NO_RSSI)
			put("   ?");
		else
			put("%4d", ble_device_rssi(device));
		put("  \"");
		put_escaped(text_bytes(name));
		put("\"\n");
	}
	return STATUS_OK;
}

const struct command devices_command = {
	.name = "devices",
	.arguments = "",
	.summary = "List the devices that the last scan heard, the newest last",
	.run = list,
};
