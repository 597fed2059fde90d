/* SPDX-License-Identifier: MIT */
/*
 * What a program with these rights learns of a link's radio and changes there,
 * one line each.
 *
 *	radio ADAPTER ADDRESS [INTERVAL | reset]
 *
 * With INTERVAL (in 1.25 ms) it requests that when it connects; with "reset" it has the
 * adapter start over under the connection and connects again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <blewire.h>

#define LINK(min, max, skipped, lost) \
	{ .interval_min = min, .interval_max = max, .latency = skipped, .timeout = lost }

static struct ble_loop *loop;

static void show(const char *what, int error)
{
	printf("%s: %d %s\n", what, error, error ? ble_error_text(loop, error) : "");
}

static void show_link(const struct ble_client *client)
{
	struct ble_link_params link;
	int error = ble_client_link(client, &link);

	if (error)
		show("link", error);
	else
		printf("link: %u %u %u\n", link.interval_min, link.latency, link.timeout);
}

static void show_rssi(struct ble_client *client)
{
	int rssi = 0, error = ble_client_read_rssi_sync(client, &rssi);

	if (error)
		show("rssi", error);
	else
		printf("rssi: 0 %d\n", rssi);
}

static void update(struct ble_client *client)
{
	const struct ble_link_params slow = LINK(80, 80, 2, 600);

	show_link(client);
	show_rssi(client);
	show("update", ble_client_update_link_sync(client, &slow));
	show_link(client);
	show_rssi(client);
}

static void reset(struct ble_adapter *adapter, struct ble_client *client,
		  const struct ble_connect_params *params)
{
	show("reset", ble_adapter_reset_sync(adapter));
	printf("connected: %d\n", ble_client_connected(client));
	if (!ble_client_connected(client))
		show("connect", ble_client_connect_sync(client, params));
	show_rssi(client);
}

static int run(const char *name, const char *text, const char *what)
{
	struct ble_connect_params params = { .timeout_ms = 30000 };
	uint16_t interval = (uint16_t)(what ? atoi(what) : 0);
	struct ble_adapter *adapter = NULL;
	struct ble_client *client = NULL;
	struct ble_address address;
	int error = ble_address_parse(text, &address);

	if (interval)
		params.link = (struct ble_link_params)LINK(interval, interval, 0, 500);
	if (!error)
		error = ble_adapter_open(loop, name, &adapter);
	if (!error)
		error = ble_client_new(adapter, &address, &client);
	if (!error)
		error = ble_client_connect_sync(client, &params);
	show("connect", error);
	if (!error && what && !interval)
		reset(adapter, client, &params);
	else if (!error)
		update(client);
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	return error;
}

int main(int argc, char **argv)
{
	int error;

	if (argc < 3 || ble_loop_new(&loop))
		return 2;
	error = run(argv[1], argv[2], argc > 3 ? argv[3] : NULL);
	ble_loop_unref(loop);
	return error ? 1 : 0;
}
