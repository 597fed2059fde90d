/* SPDX-License-Identifier: MIT */
/* The commands that exist only in the shell. */
#include "cli/json.h"
#include "cli/scan.h"
#include "cli/shell.h"

#include <string.h>

/* -- The connection --------------------------------------------------------------- */

void shell_lost(struct cli *cli)
{
	const struct peer *peer = &cli->peer;
	struct json_object *object;
	const char *why = peer->reason ? ble_hci_text(peer->reason) : peer->why;

	if (cli->shell->busy)
		return; /* printed after the command, unless the command reports it */
	if (!cli->json) {
		put("the connection to %s was lost%s%s\n", peer->name, *why ? ": " : "", why);
		return;
	}
	object = js_new("disconnected");
	js_address(object, &peer->address);
	js_number(object, "reason", peer->reason);
	js_text(object, "message", *why ? why : NULL);
	js_print(object);
}

void shell_changed(struct cli *cli, uint16_t start, uint16_t end)
{
	struct json_object *object;

	if (cli->peer.discovered)
		notify_update_handles(cli);
	if (!cli->json) {
		put("the services of %s changed, from @0x%04x to @0x%04x\n", cli->peer.name,
		    start, end);
		return;
	}
	object = js_new("changed");
	js_address(object, &cli->peer.address);
	js_number(object, "start", start);
	js_number(object, "end", end);
	js_print(object);
}

/* Sets cli->peer for a connect. Without an address, it is the peripheral of the last
 * connect, also if that connect failed. A peripheral whose connection was lost keeps its
 * subscriptions if it is chosen again; otherwise they are freed. */
static int set_peer(struct cli *cli, const char *address)
{
	struct peer *peer = &cli->peer;
	struct ble_address wanted;
	int status;

	if (peer->client && !peer->disconnected)
		return fail(cli, STATUS_USAGE, "connected to %s: disconnect comes first",
			    peer->name);
	if (!address) {
		if (peer->disconnected)
			return STATUS_OK;
		if (!*cli->shell->last_peer)
			return fail(cli, STATUS_USAGE, "connect wants ADDRESS: see help connect");
		address = cli->shell->last_peer;
	}
	status = address_parse(cli, address, &wanted);
	if (status)
		return status;
	if (peer->disconnected &&
	    memcmp(wanted.octet, peer->address.octet, sizeof(wanted.octet)) == 0)
		return STATUS_OK;
	notify_end_all(cli);
	peer_disconnect(cli);
	return peer_parse(cli, address);
}

static void set_last_peer(struct cli *cli)
{
	snprintf(cli->shell->last_peer, sizeof(cli->shell->last_peer), "%s", cli->peer.name);
}

/* After a connect: discovers, and restores the subscriptions. */
static int discover_and_resubscribe(struct cli *cli)
{
	int err, status = peer_discover(cli);

	if (status || !cli->shell->notifies)
		return status;
	notify_update_handles(cli);
	err = ble_client_resubscribe_sync(peer_client(cli));
	return err ? peer_fail(cli, err, "subscribe again") : STATUS_OK;
}

static int connect_to(struct cli *cli, const void *options, char **arguments)
{
	char services[TEXT_COUNT], characteristics[TEXT_COUNT];
	const struct ble_services *tree;
	struct json_object *object;
	int status;

	(void)options;
	status = set_peer(cli, arguments[0]);
	if (status)
		return status;
	set_last_peer(cli);
	status = peer_connect(cli);
	if (!status) {
		set_last_peer(cli); /* now with the address type */
		cli->peer.disconnected = cli->peer.lost = false;
		cli->peer.why[0] = '\0';
		status = discover_and_resubscribe(cli);
	}
	if (status && !cli->peer.disconnected && !cli->shell->notifies)
		peer_disconnect(cli);
	if (status)
		return status;
	tree = ble_client_services(cli->peer.client);
	if (cli->json) {
		object = js_new("connected");
		js_address(object, &cli->peer.address);
		js_number(object, "mtu", ble_client_mtu(cli->peer.client));
		js_print(object);
	} else {
		put("connected to %s: MTU %u, %s, %s\n", cli->peer.name,
		    ble_client_mtu(cli->peer.client),
		    text_count(services, ble_services_count(tree), "service"),
		    text_count(characteristics, ble_services_count_characteristics(tree),
			       "characteristic"));
	}
	return STATUS_OK;
}

const struct command connect_command = {
	.name = "connect",
	.arguments = "[ADDRESS]",
	.n_more = 1,
	.summary = "Connect to a peripheral and discover its services",
	.details = "Without ADDRESS, to the peripheral of the last connect, also if that one failed.\n"
		   "After a connection was lost, it restores the subscriptions of notify.\n",
	.run = connect_to,
};

static int disconnect(struct cli *cli, const void *options, char **arguments)
{
	int status = peer_parse(cli, NULL);

	(void)options;
	(void)arguments;
	if (status)
		return status;
	notify_end_all(cli);
	ble_client_disconnect_sync(cli->peer.client);
	peer_disconnect(cli);
	return STATUS_OK;
}

const struct command disconnect_command = {
	.name = "disconnect",
	.arguments = "",
	.summary = "End the connection",
	.run = disconnect,
};

/* -- The rest ------------------------------------------------------------------------ */

static int run_wait(struct cli *cli, const void *options, char **arguments)
{
	struct waiting waiting = { 0 };
	int err;

	(void)options;
	if (set_time(&waiting.limit_ms, arguments[0]))
		return fail(cli, STATUS_USAGE, "wait wants %s, not \"%s\": see help wait",
			    WANTS_TIME, arguments[0]);
	err = wait_for(cli, &waiting);
	return err == -ETIMEDOUT ? STATUS_OK : fail_error(cli, STEP_SCAN, err, "wait");
}

const struct command wait_command = {
	.name = "wait",
	.arguments = "SECONDS",
	.n_arguments = 1,
	.summary = "Wait, while scan and notify print what comes",
	.run = run_wait,
};

static int help(struct cli *cli, const void *options, char **arguments)
{
	const struct command *const *commands = cli->shell->commands;

	(void)options;
	if (arguments[0]) {
		cli->command = command_find(commands, arguments[0]);
		if (!cli->command)
			return fail(cli, STATUS_USAGE, "unknown command \"%s\": see help",
				    arguments[0]);
		command_help(cli);
		return STATUS_OK;
	}
	for (; *commands; commands++) {
		const char *text = (*commands)->arguments;
		char left[60];

		if ((*commands)->takes_address)
			text += strcspn(text, " ");
		snprintf(left, sizeof(left), "%s %s", (*commands)->name,
			 text + strspn(text, " "));
		put("  %-44s %s\n", left, (*commands)->summary);
	}
	put("Options and more: help COMMAND. Tab completes.\n");
	return STATUS_OK;
}

const struct command help_command_command = {
	.name = "help",
	.arguments = "[COMMAND]",
	.n_more = 1,
	.summary = "Show the commands, or the help of one",
	.run = help,
};

static int quit(struct cli *cli, const void *options, char **arguments)
{
	(void)options;
	(void)arguments;
	cli->shell->quit = true;
	return STATUS_OK;
}

const struct command quit_command = {
	.name = "quit",
	.arguments = "",
	.summary = "End the shell, as Ctrl-D does",
	.run = quit,
};

const struct command exit_command = {
	.name = "exit",
	.arguments = "",
	.summary = "The same",
	.run = quit,
};
