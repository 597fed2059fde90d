/* SPDX-License-Identifier: MIT */
/* Opens the adapter, connects to the peripheral, discovers its services. */
#include "cli/shell.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

int no_adapter(struct cli *cli, int error)
{
	const char *known = ble_error_text(cli->loop, error);

	if (!error || strcmp(known, ble_strerror(error)) == 0)
		known = "no Bluetooth adapter here: plug one in, or use simulated peripherals";
	return fail(cli, STATUS_ADAPTER, "%s: blewire -a sim %s", known,
		    cli->command->name);
}

static int cache_open(struct cli *cli)
{
	int err;

	if (!cli->cache && !cli->cache_folder)
		return STATUS_OK;
	err = ble_adapter_set_cache(cli->adapter, cli->cache_folder);
	if (err)
		return fail(cli, STATUS_FAILURE, "%s: %s%s", ble_error_text(cli->loop, err),
			    strerror(-err),
			    cli->cache_folder ? "" : ": name one with --cache-in");
	return STATUS_OK;
}

int adapter_open(struct cli *cli)
{
	int err, status;

	if (cli->adapter)
		return STATUS_OK;
	err = ble_adapter_open(cli->loop, cli->adapter_name, &cli->adapter);
	if (!cli->adapter_name && (err == -ENODEV || err == -EPERM || err == -EACCES))
		return no_adapter(cli, err);
	if (err)
		return fail_error(cli, STEP_ADAPTER, err, "adapter %s",
				  cli->adapter_name ? cli->adapter_name : "");
	status = cache_open(cli);
	privileges_drop(cli);
	return status;
}

static void name_peer(struct peer *peer)
{
	char text[BLE_ADDRESS_TEXT];
	bool typed = peer->address.type != BLE_ADDRESS_UNKNOWN;

	ble_address_text(&peer->address, text);
	snprintf(peer->name, sizeof(peer->name), "%s%s%s", text, typed ? "/" : "",
		 typed ? ble_address_type_text(&peer->address) : "");
}

static int not_connected(struct cli *cli)
{
	const char *before = cli->shell ? cli->shell->last_peer : "";

	if (!*before)
		return fail(cli, STATUS_LINK, "not connected: connect ADDRESS comes first");
	return fail(cli, STATUS_LINK,
		    "not connected: connect ADDRESS comes first, or connect alone for %s again",
		    before);
}

int address_parse(struct cli *cli, const char *text, struct ble_address *ret_address)
{
	if (!ble_address_parse(text, ret_address))
		return STATUS_OK;
	return fail(cli, STATUS_USAGE,
		    "\"%s\" is not an address: write AA:BB:CC:DD:EE:FF, with /random or /public behind it where it is known (%sscan shows it)",
		    text, command_prefix(cli));
}

int peer_parse(struct cli *cli, const char *address)
{
	int status;

	if (!address && cli->peer.disconnected)
		return fail(cli, STATUS_LINK, "not connected to %s any more: connect alone does it again",
			    cli->peer.name);
	if (!address && !(cli->peer.client && ble_client_connected(cli->peer.client)))
		return not_connected(cli);
	if (!address)
		return STATUS_OK;
	status = address_parse(cli, address, &cli->peer.address);
	if (!status)
		name_peer(&cli->peer);
	return status;
}

static void on_disconnected(void *user, uint8_t reason, bool asked)
{
	struct cli *cli = user;
	struct peer *peer = &cli->peer;
	const char *why = ble_error_text(cli->loop, -ENOTCONN);

	peer->lost = !asked;
	peer->reason = reason;
	if (!reason && strcmp(why, ble_strerror(-ENOTCONN)) != 0)
		snprintf(peer->why, sizeof(peer->why), "%s", why);
	if (peer->waiting)
		peer->waiting->done = true;
	if (cli->shell && peer->lost)
		cli->shell->lost(cli);
}

static int to_int_ms(uint64_t ms)
{
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* With error 0, the tree is already the new one. */
static void on_changed(void *user, int error, uint16_t start, uint16_t end)
{
	struct cli *cli = user;

	cli->peer.discovered = !error;
	if (cli->shell)
		cli->shell->changed(cli, start, end);
}

static int peer_make(struct cli *cli)
{
	struct peer *peer = &cli->peer;
	int err, status = adapter_open(cli);

	if (status)
		return status;
	if (!peer->client) {
		err = ble_client_new(cli->adapter, &peer->address, &peer->client);
		if (err)
			return fail_error(cli, STEP_CONNECT, err, "%s", peer->name);
		ble_client_on_disconnected(peer->client, on_disconnected, cli);
		ble_client_on_changed(peer->client, on_changed, cli);
	}
	return STATUS_OK;
}

/* At least 1 ms: 0 is the library's default. */
static int time_left(const struct cli *cli)
{
	uint64_t now = now_ns();

	if (!cli->until_ns)
		return 0;
	return now < cli->until_ns ? to_int_ms((cli->until_ns - now + 999999) / 1000000) : 1;
}

struct ble_client *peer_client(struct cli *cli)
{
	enum { DEFAULT_MS = 300000 }; /* as the library's own */
	struct peer *peer = &cli->peer;
	int left = time_left(cli);

	if (left)
		ble_client_set_timeout(peer->client, left);
	else if (peer->limited)
		ble_client_set_timeout(peer->client, DEFAULT_MS);
	peer->limited = peer->limited || left;
	return peer->client;
}

/* -- Connecting -------------------------------------------------------------------- */

enum { LONG_WAIT_MS = 3000 }; /* longer than most connects take */

struct connecting {
	struct waiting waiting;
	struct cli *cli;
	int error;
	bool ticked;
};

static void on_connected(void *user, int error)
{
	struct connecting *connecting = user;

	connecting->error = error;
	connecting->waiting.done = true;
}

/* Prints once, on a terminal only, that the connect is still waiting. */
static void on_long_wait(void *user)
{
	struct connecting *connecting = user;
	struct cli *cli = connecting->cli;

	if (!connecting->ticked) { /* the first tick comes at once */
		connecting->ticked = true;
		return;
	}
	connecting->waiting.tick_ms = 0;
	print_message("connecting to %s, still waiting: Ctrl-C ends it", cli->peer.name);
}

/* As ble_client_connect_sync(), with a message on a terminal if it takes long. */
static int connect_and_wait(struct cli *cli, const struct ble_connect_params *params)
{
	struct connecting connecting = { .cli = cli };
	struct ble_op *op;
	int err = ble_client_connect(cli->peer.client, params, on_connected, &connecting,
				     &op);

	if (err)
		return err;
	if (isatty(STDERR_FILENO) && !cli->json) {
		connecting.waiting.tick_ms = LONG_WAIT_MS;
		connecting.waiting.tick = on_long_wait;
		connecting.waiting.user = &connecting;
	}
	err = wait_for(cli, &connecting.waiting);
	if (!connecting.waiting.done)
		ble_op_cancel(op);
	return err ? err : connecting.error;
}

int peer_connect(struct cli *cli)
{
	struct ble_connect_params params = { .timeout_ms = time_left(cli) };
	struct peer *peer = &cli->peer;
	uint64_t start = now_ns();
	int err, status = peer_make(cli);

	if (status || ble_client_connected(peer->client))
		return status;
	print_verbose(cli, "connecting to %s over %s", peer->name,
		      ble_adapter_info(cli->adapter)->name);
	err = connect_and_wait(cli, &params);
	if (err)
		return fail_error(cli, STEP_CONNECT, err, "connect to %s", peer->name);
	peer->address = *ble_client_address(peer->client);
	name_peer(peer);
	print_verbose(cli, "connected to %s after %llu ms: MTU %u", peer->name,
		      (unsigned long long)((now_ns() - start) / 1000000),
		      ble_client_mtu(peer->client));
	return STATUS_OK;
}

int peer_fail(struct cli *cli, int error, const char *format, ...)
{
	const struct peer *peer = &cli->peer;
	char what[200];
	va_list ap;

	va_start(ap, format);
	vsnprintf(what, sizeof(what), format, ap);
	va_end(ap);
	if (error == -ETIMEDOUT && !signals_caught() && !output_error())
		return fail(cli, STATUS_TIME, "%s: %s did not answer in time: give it longer with --timeout",
			    what, peer->name);
	if (!peer->lost || signals_caught() || output_error())
		return fail_error(cli, STEP_PEER, error, "%s", what);
	if (peer->why[0])
		return fail(cli, STATUS_LINK, "%s: %s", what, peer->why);
	if (!peer->reason)
		return fail(cli, STATUS_LINK, "%s: the connection to %s was lost: try again",
			    what, peer->name);
	return fail(cli, STATUS_LINK, "%s: the connection to %s was lost: %s (0x%02x): try again",
		    what, peer->name, ble_hci_text(peer->reason), peer->reason);
}

int peer_discover(struct cli *cli)
{
	struct peer *peer = &cli->peer;
	char count[4][TEXT_COUNT];
	const struct ble_services *tree;
	const char *failure;
	int err;

	if (peer->discovered)
		return STATUS_OK;
	err = ble_client_discover_sync(peer_client(cli));
	if (err)
		return peer_fail(cli, err, "discovery");
	peer->discovered = true;
	peer->discovery_requests = ble_client_requests(peer->client);
	tree = ble_client_services(peer->client);
	print_verbose(cli, "discovered %s, %s, %s; %s so far",
		      text_count(count[0], ble_services_count(tree), "service"),
		      text_count(count[1], ble_services_count_characteristics(tree), "characteristic"),
		      text_count(count[2], ble_services_count_descriptors(tree), "descriptor"),
		      text_count(count[3], peer->discovery_requests, "request"));
	failure = ble_adapter_cache_failure(cli->adapter);
	if (failure)
		print_verbose(cli, "%s", failure);
	return STATUS_OK;
}

void peer_close(struct cli *cli)
{
	if (!cli->shell)
		peer_disconnect(cli);
}

void peer_disconnect(struct cli *cli)
{
	ble_client_unref(cli->peer.client);
	cli->peer = (struct peer){ 0 };
}
