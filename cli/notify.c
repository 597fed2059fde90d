/* SPDX-License-Identifier: MIT */
/* blewire notify: subscribes and prints notifications. */
#include "cli/json.h"
#include "cli/shell.h"

#include <stdlib.h>

struct notify_options {
	enum value_format format;
	unsigned long count; /* 0: no limit */
	uint64_t time_ms;    /* 0: no limit */
	bool indicate, reconnect;
};

struct watch { /* one characteristic of a notify command */
	struct notify *notify;
	struct target target;
	uint16_t handle;
	struct ble_uuid uuid;
	struct ble_subscription *subscription;
};

struct notify {
	struct notify *next; /* in the shell */
	struct cli *cli;
	struct notify_options options;
	struct waiting waiting;
	unsigned long n; /* values */
	bool labelled;   /* print the handle with each value */
	struct ble_keeper *keeper; /* NULL: the end of the connection is the end */
	int gave_up;     /* the error with which the keeper did */
	size_t n_watches;
	struct watch watches[];
};

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct watch *watch = user;
	struct notify *notify = watch->notify;
	struct json_object *object;

	if (notify->waiting.done)
		return;
	notify->n++;
	if (notify->n == notify->options.count)
		notify->waiting.done = true;
	if (!notify->cli->json) {
		put_clock();
		put("  ");
		if (notify->labelled)
			put("@0x%04x  ", handle);
		put_value(value, notify->options.format);
		put("\n");
		return;
	}
	object = js_new("notification");
	js_address(object, &notify->cli->peer.address);
	js_time(object, 0);
	js_number(object, "sequence", (long long)notify->n);
	js_number(object, "handle", handle);
	js_uuid(object, "uuid", &watch->uuid);
	js_value(object, value, notify->options.format);
	js_print(object);
}

/* -- With --reconnect ---------------------------------------------------------------- */

static void on_kept(void *user, const struct ble_keeper_event *event)
{
	struct notify *notify = user;
	struct cli *cli = notify->cli;
	const char *why = ble_error_text(cli->loop, event->error);

	switch (event->state) {
	case BLE_KEEPER_UP:
		if (cli->peer.lost)
			print_message("%s: connected again", cli->peer.name);
		cli->peer.lost = false;
		break;
	case BLE_KEEPER_DOWN:
		cli->peer.lost = true;
		print_message("%s; next attempt in %.1f s", why, event->next_ms / 1e3);
		break;
	default:
		notify->gave_up = event->error;
		notify->waiting.done = true;
		break;
	}
}

/* From the first connection on, whose errors are told as without it: it may be the address
 * that is wrong. */
static int keep(struct notify *notify)
{
	struct cli *cli = notify->cli;
	const struct ble_keeper_params params = { .to_ms = 30000 };
	int err = ble_keeper_new(cli->peer.client, &params, on_kept, notify, &notify->keeper);

	if (err)
		return fail_error(cli, STEP_PEER, err, "notify");
	cli->peer.waiting = NULL; /* a loss is not the end */
	return STATUS_OK;
}

/* The status after the wait that ended with err. */
static int finish(struct notify *notify, int err)
{
	struct cli *cli = notify->cli;
	unsigned long count = notify->options.count;
	char text[TEXT_COUNT];

	if (notify->gave_up)
		return fail_error(cli, STEP_CONNECT, notify->gave_up, "connect to %s", cli->peer.name);
	if (cli->peer.lost && !notify->keeper && (!count || notify->n < count))
		return peer_fail(cli, -ENOTCONN, "after %s",
				 text_count(text, notify->n, "value"));
	if (err == -ETIMEDOUT && count)
		return fail(cli, STATUS_TIME, "%lu of %s came from %s in time: give it longer with -t",
			    notify->n, text_count(text, count, "value"), cli->peer.name);
	if (err && err != -ETIMEDOUT)
		return fail_error(cli, STEP_PEER, err, "notify");
	return STATUS_OK;
}

/* Unsubscribes, so that the peripheral stops at once. Errors do not matter: the end
 * of the connection stops it, too. */
static void unsubscribe(struct notify *notify)
{
	notify->keeper = ble_keeper_free(notify->keeper);
	for (size_t i = 0; i < notify->n_watches; i++) {
		struct watch *watch = &notify->watches[i];

		if (!watch->subscription)
			continue;
		if (notify->cli->peer.lost || signals_caught()) {
			ble_subscription_free(watch->subscription, NULL, NULL, NULL);
		} else {
			peer_client(notify->cli);
			ble_subscription_free_sync(watch->subscription);
		}
		watch->subscription = NULL;
	}
}

static int subscribe(struct notify *notify, struct watch *watch)
{
	struct cli *cli = notify->cli;
	bool indicate = notify->options.indicate;
	char hint[INFO_HINT];
	int err = ble_client_subscribe_sync(
		peer_client(cli), watch->handle,
		indicate ? BLE_SUBSCRIBE_INDICATE : BLE_SUBSCRIBE_AUTO, on_value, watch,
		&watch->subscription);

	if (err)
		watch->subscription = NULL;
	if (err == -EOPNOTSUPP)
		return fail(cli, STATUS_NOT_FOUND,
			    "%s (handle 0x%04x) of %s cannot %s: %s shows what can",
			    watch->target.text, watch->handle, cli->peer.name,
			    indicate ? "indicate" : "notify or indicate",
			    info_hint(cli, hint));
	if (err)
		return peer_fail(cli, err, "subscribe to %s", watch->target.text);
	print_verbose(cli, "subscribed to %s (handle 0x%04x)", watch->target.text, watch->handle);
	return STATUS_OK;
}

static int parse_all(struct notify *notify, char **texts)
{
	int status = STATUS_OK;

	for (size_t i = 0; !status && i < notify->n_watches; i++) {
		struct watch *watch = &notify->watches[i];

		watch->notify = notify;
		status = target_parse(notify->cli, texts[i], &watch->target);
		if (!status && watch->target.of_descriptor)
			status = fail(notify->cli, STATUS_USAGE,
				      "%s: descriptors send nothing, name the characteristic alone",
				      texts[i]);
	}
	return status;
}

static int find_all(struct notify *notify)
{
	for (size_t i = 0; i < notify->n_watches; i++) {
		struct watch *watch = &notify->watches[i];
		const struct ble_characteristic *c;
		int status = target_find(notify->cli, &watch->target, &c);

		if (status)
			return status;
		watch->handle = c->value_handle;
		watch->uuid = c->uuid;
		for (size_t k = 0; k < i; k++)
			if (notify->watches[k].handle == watch->handle)
				return fail(notify->cli, STATUS_USAGE,
					    "%s and %s are the same characteristic (@0x%04x): name it once",
					    notify->watches[k].target.text,
					    watch->target.text, watch->handle);
	}
	return STATUS_OK;
}

static int set_up(struct notify *notify, char **texts)
{
	int status = parse_all(notify, texts);

	if (!status)
		status = peer_connect(notify->cli);
	if (!status)
		status = find_all(notify);
	for (size_t i = 0; !status && i < notify->n_watches; i++)
		status = subscribe(notify, &notify->watches[i]);
	return status;
}

static void end(struct notify *notify)
{
	unsubscribe(notify);
	free(notify);
}

static int run(struct cli *cli, const void *options, char **arguments)
{
	const struct notify_options *o = options;
	struct notify *notify;
	size_t n = 0;
	int status;

	if (o->reconnect && cli->shell)
		return fail(cli, STATUS_USAGE, "notify: --reconnect is for the command line alone: "
			    "here connect does it");
	status = peer_parse(cli, arguments[0]);
	if (status)
		return status;
	while (arguments[n + 1])
		n++;
	notify = calloc(1, sizeof(*notify) + n * sizeof(notify->watches[0]));
	if (!notify)
		return fail(cli, STATUS_FAILURE, "out of memory");
	*notify = (struct notify){
		.cli = cli,
		.options = *o,
		.waiting = { .limit_ms = o->time_ms },
		.labelled = n > 1 || cli->shell,
		.n_watches = n,
	};
	cli->peer.waiting = &notify->waiting;
	status = set_up(notify, arguments + 1);
	if (!status && o->reconnect)
		status = keep(notify);
	if (!status && cli->shell && !o->count && !o->time_ms) {
		/* It runs in the background. */
		cli->peer.waiting = NULL;
		notify->next = cli->shell->notifies;
		cli->shell->notifies = notify;
		return STATUS_OK;
	}
	if (!status)
		status = finish(notify, wait_for(cli, &notify->waiting));
	if (!status) /* -t was not part of it */
		start_time_limit(cli);
	cli->peer.waiting = NULL;
	end(notify);
	peer_close(cli);
	return status;
}

/* -- In the shell ------------------------------------------------------------------- */

void notify_end_all(struct cli *cli)
{
	while (cli->shell->notifies) {
		struct notify *notify = cli->shell->notifies;

		cli->shell->notifies = notify->next;
		end(notify);
	}
}

/* The handle in a new tree, by the rule of the library: the same handle if its UUID
 * is the same, otherwise the UUID alone. */
static void update_handle(struct watch *watch, const struct ble_services *tree)
{
	const struct ble_characteristic *c =
		ble_services_characteristic(tree, watch->handle);

	if ((c && c->value_handle == watch->handle &&
	     ble_uuid_equal(&c->uuid, &watch->uuid)) ||
	    ble_services_find_characteristic(tree, &watch->uuid, &c))
		return;
	watch->handle = c->value_handle;
}

void notify_update_handles(struct cli *cli)
{
	const struct ble_services *tree = ble_client_services(cli->peer.client);

	for (struct notify *notify = cli->shell->notifies; notify; notify = notify->next)
		for (size_t i = 0; i < notify->n_watches; i++)
			update_handle(&notify->watches[i], tree);
}

/* Ends the subscriptions of a handle. Returns how many there were. */
static size_t end_handle(struct cli *cli, uint16_t handle)
{
	size_t n = 0;

	for (struct notify *notify = cli->shell->notifies; notify; notify = notify->next) {
		for (size_t i = 0; i < notify->n_watches; i++) {
			struct watch *watch = &notify->watches[i];

			if (watch->handle != handle || !watch->subscription)
				continue;
			peer_client(cli);
			ble_subscription_free_sync(watch->subscription);
			watch->subscription = NULL;
			n++;
		}
	}
	return n;
}

static int run_unnotify(struct cli *cli, const void *options, char **arguments)
{
	int status = peer_parse(cli, NULL);

	(void)options;
	if (!status)
		status = peer_connect(cli);
	if (!status && !*arguments)
		notify_end_all(cli);
	for (; !status && *arguments; arguments++) {
		const struct ble_characteristic *c;
		struct target target;

		status = target_parse(cli, *arguments, &target);
		if (!status)
			status = target_find(cli, &target, &c);
		if (!status && !end_handle(cli, c->value_handle))
			status = fail(cli, STATUS_NOT_FOUND,
				      "%s is not subscribed: notify %s does that", *arguments,
				      *arguments);
	}
	return status;
}

const struct command unnotify_command = {
	.name = "unnotify",
	.arguments = "[CHARACTERISTIC]...",
	.n_more = MANY,
	.summary = "End notify for these characteristics, or for all",
	.run = run_unnotify,
};

#define FIELD(name) offsetof(struct notify_options, name)
static const struct cli_option options[] = {
	{ 'f', "format", "FORMAT", "hex, text, u8, u16, u32, i8, i16 or i32 (hex)",
	  set_format, FIELD(format), WANTS_FORMAT },
	{ 'n', "count", "COUNT", "end after this many values", set_count,
	  FIELD(count), WANTS_COUNT },
	{ 't', "time", "SECONDS", "end after this time", set_time, FIELD(time_ms),
	  WANTS_TIME },
	{ 'r', "reconnect", NULL, "connect and subscribe again after each loss",
	  set_flag, FIELD(reconnect), "" },
	{ 0, "indicate", NULL, "ask for indications where both can be had",
	  set_flag, FIELD(indicate), "" },
};
#undef FIELD

const struct command notify_command = {
	.name = "notify",
	.arguments = "ADDRESS CHARACTERISTIC...",
	.takes_address = true,
	.summary = "Print a value whenever the peripheral sends it",
	.details = "CHARACTERISTIC is a UUID (2a37), a handle (@0x0025) or a standard name\n"
		   "(\"heart rate measurement\"). With several, each value is printed with its handle.\n"
		   "It ends with Ctrl-C, after -n values in all, or after -t; without -r also with the\n"
		   "connection.\n",
	.n_arguments = 2,
	.n_more = MANY,
	.options = options,
	.n_options = COUNT_OF(options),
	.options_size = sizeof(struct notify_options),
	.run = run,
};
