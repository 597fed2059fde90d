/* SPDX-License-Identifier: MIT */
/* blewire notify: subscribe and print what comes. */
#include "cli/json.h"

#include <string.h>

struct notify_options {
	enum value_format format;
	unsigned long count; /* 0: no end */
	uint64_t time_ms;    /* 0: no end */
	bool indicate;
};

struct notify {
	struct cli *cli;
	const struct notify_options *options;
	const struct ble_characteristic *characteristic;
	struct peer peer;
	struct waiting waiting;
	unsigned long n;
};

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct notify *notify = user;
	struct json_object *object;

	if (notify->waiting.done)
		return;
	notify->n++;
	if (notify->n == notify->options->count)
		notify->waiting.done = true;
	if (!notify->cli->json) {
		put_clock();
		put("  ");
		put_value(value, notify->options->format);
		put("\n");
		return;
	}
	object = js_new("notification");
	js_address(object, &notify->peer.address);
	js_time(object, 0);
	js_number(object, "sequence", (long long)notify->n);
	js_number(object, "handle", handle);
	js_uuid(object, "uuid", &notify->characteristic->uuid);
	js_value(object, value, notify->options->format);
	js_print(object);
}

/* The subscription stands: what ended the waiting? */
static int finish(struct notify *notify, int err, struct ble_subscription *subscription)
{
	struct cli *cli = notify->cli;
	unsigned long count = notify->options->count;

	if (notify->peer.lost && (!count || notify->n < count))
		return peer_fail(cli, &notify->peer, -ENOTCONN, "after %lu values",
				 notify->n);
	/* So that the peripheral stops at once; if it does not hear us, the
	 * end of the connection says the same. */
	if (!notify->peer.lost && (!err || err == -ETIMEDOUT))
		ble_unsubscribe_sync(subscription);
	if (err == -ETIMEDOUT && count)
		return fail(cli, STATUS_TIME, "%lu of %lu values came from %s in time: give it longer with -t",
			    notify->n, count, notify->peer.name);
	if (err && err != -ETIMEDOUT)
		return fail_error(cli, STEP_PEER, err, "notify");
	return STATUS_OK;
}

static int subscribe(struct notify *notify, const struct target *target)
{
	struct ble_subscription *subscription;
	uint16_t handle = notify->characteristic->value;
	int err = ble_client_subscribe_sync(
		notify->peer.client, handle,
		notify->options->indicate ? BLE_SUBSCRIBE_INDICATE : BLE_SUBSCRIBE_AUTO,
		on_value, notify, &subscription);

	if (err == -EOPNOTSUPP)
		return fail(notify->cli, STATUS_NOT_FOUND,
			    "%s (handle 0x%04x) of %s cannot %s: blewire info %s shows what can",
			    target->text, handle, notify->peer.name,
			    notify->options->indicate ? "indicate" : "notify or indicate",
			    notify->peer.name);
	if (err)
		return peer_fail(notify->cli, &notify->peer, err, "subscribe to %s",
				 target->text);
	say(notify->cli, "subscribed to %s (handle 0x%04x)", target->text, handle);
	err = wait_for(notify->cli, &notify->waiting);
	return finish(notify, err, subscription);
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct notify_options *o = options;
	struct notify notify = {
		.cli = cli,
		.options = o,
		.waiting = { .limit_ms = o->time_ms },
	};
	struct target target;
	int status = peer_parse(cli, &notify.peer, arguments[0]);

	notify.peer.waiting = &notify.waiting;
	if (!status)
		status = target_parse(cli, arguments[1], &target);
	if (!status)
		status = peer_connect(cli, &notify.peer);
	if (!status)
		status = target_find(cli, &notify.peer, &target,
				     &notify.characteristic);
	if (!status)
		status = subscribe(&notify, &target);
	peer_close(&notify.peer);
	return status;
}

#define FIELD(name) offsetof(struct notify_options, name)
static const struct cli_option options[] = {
	{ 'f', "format", "FORMAT", "hex, text, u8, u16, u32, i8, i16 or i32 (hex)",
	  set_format, FIELD(format), WANTS_FORMAT },
	{ 'n', "count", "COUNT", "end after this many values", set_count,
	  FIELD(count), WANTS_COUNT },
	{ 't', "time", "SECONDS", "end after this time", set_time, FIELD(time_ms),
	  WANTS_TIME },
	{ 0, "indicate", NULL, "ask for indications where both can be had",
	  set_flag, FIELD(indicate), "" },
};
#undef FIELD

const struct command notify_command = {
	.name = "notify",
	.arguments = "ADDRESS CHARACTERISTIC",
	.summary = "Print a value whenever the peripheral sends it",
	.details = "CHARACTERISTIC is a UUID (2a37), a handle (@0x0025) or a standard name\n"
		   "(\"heart rate measurement\"). It goes on until Ctrl-C, -n or -t.\n",
	.n_arguments = 2,
	.options = options,
	.n_options = COUNT_OF(options),
	.options_size = sizeof(struct notify_options),
	.run = run,
};
