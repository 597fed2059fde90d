/* SPDX-License-Identifier: MIT */
/* blewire scan: a table on a terminal, otherwise a line for each report. If the adapter is
 * pulled out, the scan goes on once it is back. */
#include "cli/json.h"
#include "cli/scan.h"
#include "cli/table.h"

#include <string.h>
#include <unistd.h>

enum { AGAIN_MS = 1000, UNUSABLE_TRIES = 5 };

struct scan {
	struct cli *cli;
	struct ble_scan_params params;
	struct ble_scanner *scanner;
	struct table *table; /* NULL: lines */
	char title[200];     /* of the table */
	struct waiting waiting;
	int error; /* why the scan ended without being stopped */
	/* While the adapter is gone */
	bool gone;
	unsigned int unusable; /* times that it was there all the same */
	struct ble_adapter_watch *watch; /* NULL: cannot be had */
	struct ble_timer *timer;
};

static const char *const event_names[] = {
	"connectable", "scannable", "directed", "scan-response", "legacy", "truncated",
};

enum { AD_TX_POWER = 0x0a }; /* Core Specification Supplement, Part A, 1.5 */

/* In dBm, from the header or else from the data; BLE_NO_TX_POWER. */
static int tx_power(const struct ble_advertisement *adv)
{
	struct ble_bytes value;

	if (adv->tx_power == BLE_NO_TX_POWER &&
	    ble_advertisement_field(adv, AD_TX_POWER, &value) && value.len == 1)
		return (int8_t)value.data[0];
	return adv->tx_power;
}

static void js_or_null(struct json_object *object, const char *key, int number,
		       int none)
{
	if (number == none)
		js_null(object, key);
	else
		js_number(object, key, number);
}

static void js_lists(struct json_object *object,
		     const struct ble_advertisement *adv)
{
	struct json_object *array, *item;
	char text[BLE_UUID_TEXT], name[BLE_NAME_TEXT];
	struct ble_bytes data;
	struct ble_uuid uuid;
	uint16_t company;
	size_t cursor = 0;

	array = js_array_in(object, "services");
	while (ble_advertisement_service(adv, &cursor, &uuid))
		js_item_text(array, ble_uuid_text(&uuid, text));
	cursor = 0;
	array = js_array_in(object, "manufacturer_data");
	while (ble_advertisement_manufacturer(adv, &cursor, &company, &data)) {
		item = js_item(array);
		js_number(item, "company", company);
		js_text(item, "name", ble_company_name(company, name));
		js_hex(item, "data", data);
	}
	cursor = 0;
	array = js_array_in(object, "service_data");
	while (ble_advertisement_service_data(adv, &cursor, &uuid, &data)) {
		item = js_item(array);
		js_uuid(item, "uuid", &uuid);
		js_hex(item, "data", data);
	}
}

static void show_json(const struct ble_advertisement *adv, const char *name, size_t len)
{
	struct json_object *object = js_new("report"), *events;

	js_time(object, adv->time);
	js_address(object, &adv->address);
	js_or_null(object, "rssi", adv->rssi, BLE_NO_RSSI);
	js_or_null(object, "tx_power", tx_power(adv), BLE_NO_TX_POWER);
	if (len)
		js_bytes(object, "name",
			 (struct ble_bytes){ (const uint8_t *)name, len });
	else
		js_null(object, "name");
	js_lists(object, adv);
	events = js_array_in(object, "event");
	for (size_t i = 0; i < COUNT_OF(event_names); i++)
		if (adv->event & 1u << i)
			js_item_text(events, event_names[i]);
	js_number(object, "primary_phy", adv->primary_phy);
	js_or_null(object, "secondary_phy", adv->secondary_phy, 0);
	js_or_null(object, "sid", adv->sid, BLE_NO_SID);
	js_hex(object, "data", adv->data);
	js_print(object);
}

static void show_line(const struct ble_advertisement *adv, const char *name, size_t len)
{
	char text[BLE_ADDRESS_TEXT], what[400];

	ble_address_text(&adv->address, text);
	put("%s/%-7s", text, ble_address_type_text(&adv->address));
	if (adv->rssi == BLE_NO_RSSI)
		put("   ?");
	else
		put("  %4d", adv->rssi);
	if (len) {
		put("  \"");
		put_escaped((struct ble_bytes){ (const uint8_t *)name, len });
		put("\"");
	}
	describe(adv, what, sizeof(what));
	if (*what)
		put("  %s", what);
	put("  data ");
	put_hex(adv->data);
	put("%s\n", adv->event & BLE_EVENT_SCAN_RESPONSE ? " (scan response)" : "");
}

void scan_show(struct cli *cli, const struct ble_advertisement *adv)
{
	char name[249];
	size_t len = ble_advertisement_name(adv, name, sizeof(name));

	if (cli->json)
		show_json(adv, name, len);
	else
		show_line(adv, name, len);
}

static void on_seen(void *user, struct ble_device *device,
		    const struct ble_advertisement *adv)
{
	struct scan *scan = user;

	(void)device;
	if (scan->table)
		table_add(scan->table, adv);
	else
		scan_show(scan->cli, adv);
}

/* -- Over a re-plug ------------------------------------------------------------------- */

static const char *adapter_name(const struct scan *scan, char name[60])
{
	text_escape(name, 60, text_bytes(ble_adapter_info(scan->cli->adapter)->name));
	return name;
}

/* On standard error, unless the table is on the same terminal: then in its title. */
static void tell(struct scan *scan, const char *title, const char *message)
{
	snprintf(scan->title, sizeof(scan->title), "%s", title);
	if (!scan->table || !isatty(STDERR_FILENO))
		print_message("%s", message);
}

static void on_ended(void *user, int error);

static int start(struct scan *scan)
{
	int err = 0;

	if (!scan->scanner)
		err = ble_scanner_new(scan->cli->adapter, on_seen, on_ended, scan, &scan->scanner);
	return err ? err : ble_scanner_start(scan->scanner, &scan->params);
}

static void wait_no_more(struct scan *scan)
{
	scan->gone = false;
	scan->watch = ble_adapter_watch_free(scan->watch);
	scan->timer = ble_timer_free(scan->timer);
}

static void end(struct scan *scan, int error)
{
	scan->error = error;
	scan->waiting.done = true;
}

/* If -a names no certain adapter, any of the kind will do: a dongle that is plugged in at
 * another place has another name. */
static bool open_another(struct scan *scan)
{
	static const char dongle[] = "bled112";
	struct cli *cli = scan->cli;
	bool is_dongle = !strcmp(ble_adapter_info(cli->adapter)->backend, "bgapi");
	struct ble_adapter *other;

	if ((cli->adapter_name && strcmp(cli->adapter_name, dongle)) ||
	    ble_adapter_open(cli->loop, is_dongle ? dongle : NULL, &other))
		return false;
	scan->scanner = ble_scanner_unref(scan->scanner);
	ble_adapter_unref(cli->adapter);
	cli->adapter = other;
	return true;
}

/* arrived: there is an adapter more than before. */
static void look_for_it(struct scan *scan, bool arrived)
{
	char name[60], title[100], message[100];
	int err = ble_adapter_reopen(scan->cli->adapter);
	bool another = err == -ENODEV && arrived && open_another(scan);

	if (another)
		err = 0;
	/* The scan may end before its adapter is told as gone. If it stays, another program
	 * uses it exclusively. */
	if (err == -EALREADY && ++scan->unusable > UNUSABLE_TRIES) {
		end(scan, -ENODEV);
		return;
	}
	if (err) {
		if (scan->cli->until_ns && now_ns() >= scan->cli->until_ns)
			end(scan, -ENODEV);
		return;
	}
	wait_no_more(scan);
	adapter_name(scan, name);
	snprintf(title, sizeof(title), "Scanning on %s", name);
	snprintf(message, sizeof(message), another ? "scanning on %s instead" : "%s is back: scanning again", name);
	tell(scan, title, message);
	err = start(scan);
	if (err)
		end(scan, err);
}

static void on_timer(void *user)
{
	look_for_it(user, false);
}

static void on_change(void *user, enum ble_adapter_change change,
		      const struct ble_adapter_info *info)
{
	(void)info;
	if (change == BLE_ADAPTER_ARRIVED)
		look_for_it(user, true);
}

static void wait_for_adapter(struct scan *scan)
{
	struct cli *cli = scan->cli;
	char name[60], title[100], message[300];

	if (ble_timer_new(cli->loop, on_timer, scan, &scan->timer)) {
		end(scan, -ENODEV);
		return;
	}
	scan->gone = true;
	scan->unusable = 0;
	start_time_limit(cli);
	snprintf(message, sizeof(message), "%s; waiting until it is back",
		 ble_error_text(cli->loop, -ENODEV));
	snprintf(title, sizeof(title), "Waiting for %s", adapter_name(scan, name));
	tell(scan, title, message);
	/* Also for what no list of adapters has, such as a named port. */
	ble_timer_start(scan->timer, 0, AGAIN_MS);
	if (ble_adapter_watch_new(cli->loop, on_change, scan, &scan->watch))
		scan->watch = NULL;
}

static void on_ended(void *user, int error)
{
	struct scan *scan = user;

	if (error == -ENODEV)
		wait_for_adapter(scan);
	else
		end(scan, error);
}

/* -- The command ---------------------------------------------------------------------- */

static void draw(void *user)
{
	struct scan *scan = user;

	table_draw(scan->table);
}

static int run_scan(struct scan *scan, const struct scan_options *o)
{
	struct cli *cli = scan->cli;
	char name[60];
	int err;

	adapter_name(scan, name);
	snprintf(scan->title, sizeof(scan->title), "Scanning on %s", name);
	scan->waiting.limit_ms = o->time_ms;
	if (output_terminal() && !cli->json) {
		err = table_open(scan->title, o->by_rssi, &scan->table);
		if (err)
			return fail_error(cli, STEP_SCAN, err, "table");
		scan->waiting.tick_ms = 250;
		scan->waiting.tick = draw;
		scan->waiting.user = scan;
	}
	err = wait_for(cli, &scan->waiting);
	ble_scanner_stop(scan->scanner);
	table_close(scan->table);
	if (err == -ETIMEDOUT && scan->gone)
		return fail(cli, STATUS_ADAPTER, "%s was not back in time", name);
	if (scan->error)
		err = scan->error;
	if (err && err != -ETIMEDOUT)
		return fail_error(cli, STEP_SCAN, err, "scan on %s", name);
	return STATUS_OK;
}

struct ble_scan_params scan_params(const struct scan_options *o)
{
	return (struct ble_scan_params){
		.passive = o->passive,
		.name = o->name,
		.services = o->services.uuid,
		.n_services = o->services.n,
		.min_rssi = o->min_rssi,
	};
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct scan_options *o = options;
	struct scan scan = { .cli = cli, .params = scan_params(o) };
	int err, status = adapter_open(cli);

	(void)arguments;
	if (status)
		return status;
	/* The table needs every report: it counts them and shows their age. */
	scan.params.changes_only = !o->duplicates && (cli->json || !output_terminal());
	err = start(&scan);
	if (err)
		status = fail_error(cli, STEP_SCAN, err, "scan on %s",
				    ble_adapter_info(cli->adapter)->name);
	else
		status = run_scan(&scan, o);
	wait_no_more(&scan);
	ble_scanner_unref(scan.scanner);
	return status;
}

static int set_sort(void *field, const char *text)
{
	if (strcmp(text, "seen") && strcmp(text, "rssi"))
		return -EINVAL;
	*(bool *)field = strcmp(text, "rssi") == 0;
	return 0;
}

#define FIELD(name) offsetof(struct scan_options, name)
const struct cli_option scan_table[SCAN_OPTIONS] = {
	{ 't', "time", "SECONDS", "end after this time instead of with Ctrl-C",
	  set_time, FIELD(time_ms), WANTS_TIME },
	{ 0, "passive", NULL, "only listen: no scan responses, no names sent in them",
	  set_flag, FIELD(passive), "" },
	{ 0, "name", "TEXT", "only devices with this in their name", set_text,
	  FIELD(name), "" },
	{ 0, "service", "UUID", "only devices that advertise it; may be repeated",
	  set_service, FIELD(services), "a UUID, such as 180d, at most 16 times" },
	{ 0, "rssi", "DBM", "only reports at least this strong, such as -70",
	  set_rssi, FIELD(min_rssi), "dBm from -127 to -1" },
	{ 0, "duplicates", NULL, "print every report, not only those with other data",
	  set_flag, FIELD(duplicates), "" },
	{ 0, "sort", "ORDER", "of the table: seen (first seen first) or rssi (seen)",
	  set_sort, FIELD(by_rssi), "seen or rssi" },
};
#undef FIELD

const struct command scan_command = {
	.name = "scan",
	.arguments = "",
	.summary = "Show what advertises nearby",
	.details = "On a terminal a table that is kept up to date, otherwise a line for each\n"
		   "device when it is first heard and whenever its data changes.\n"
		   "If the adapter is pulled out, the scan goes on once it is back.\n",
	.options = scan_table,
	.n_options = SCAN_OPTIONS,
	.options_size = sizeof(struct scan_options),
	.run = run,
};
