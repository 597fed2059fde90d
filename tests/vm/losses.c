/* SPDX-License-Identifier: MIT */
/*
 * Connects to a peer that ends each link, again and again.
 *
 *	losses ADAPTER ADDRESS COUNT
 *
 * Says how many it has lived through, and what it was told. On kernels that kill who
 * closes the socket of a lost link, it may die when it exits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <blewire.h>

static struct ble_loop *loop;

static void disconnected(void *user, uint8_t reason, bool asked)
{
	const char *text = ble_error_text(loop, -ENOTCONN);

	(void)reason;
	(void)asked;
	++*(unsigned int *)user;
	if (strstr(text, "install"))
		puts(text);
}

/* True: goes on. */
static bool lose(struct ble_client *client, const unsigned int *losses)
{
	const struct ble_connect_params params = { .timeout_ms = BLE_FOREVER, .mtu = 23 };
	unsigned int before = *losses;
	int error = ble_client_connect_sync(client, &params);

	if (error)
		puts(ble_error_text(loop, error));
	else
		ble_client_discover_sync(client); /* at some PDU the peer ends the link */
	while (!error && *losses == before)
		ble_loop_dispatch(loop, -1);
	return error != -EMFILE;
}

int main(int argc, char **argv)
{
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct ble_address peer;
	unsigned int losses = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 4 || ble_address_parse(argv[2], &peer) || ble_loop_new(&loop) ||
	    ble_adapter_open(loop, argv[1], &adapter) || ble_client_new(adapter, &peer, &client))
		return 2;
	ble_client_on_disconnected(client, disconnected, &losses);
	while (losses < (unsigned int)atoi(argv[3]) && lose(client, &losses))
		;
	printf("lived through %u losses\n", losses);
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return 0;
}
