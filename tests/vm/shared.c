/* SPDX-License-Identifier: MIT */
/*
 * Two clients of one process on one link of the kernel.
 *
 *	shared ADAPTER ADDRESS HANDLE
 *
 * The peer notifies at HANDLE while that is configured. Prints "shared" at the end; or a
 * line about what is wrong, and exits with 1. What does not come is waited for.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <blewire.h>

enum { A, B, CLIENTS, ENOUGH = 10 };

static struct ble_loop *loop;
static struct ble_adapter *adapter;
static struct ble_client *clients[CLIENTS];
static struct ble_subscription *subscriptions[CLIENTS];
static unsigned int connected, values[CLIENTS], lost[CLIENTS];
static uint32_t last[CLIENTS];

static _Noreturn void fail(const char *what, int error)
{
	printf("%s: %s\n", what, ble_error_text(loop, error));
	exit(1);
}

static void need(const char *what, int error)
{
	if (error)
		fail(what, error);
}

static void wait_for(const unsigned int *number, unsigned int n)
{
	while (*number < n)
		need("dispatch", ble_loop_dispatch(loop, -1));
}

static void on_connected(void *user, int error)
{
	(void)user;
	need("connect", error);
	connected++;
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	ptrdiff_t i = (unsigned int *)user - values;
	uint32_t number;

	(void)handle;
	if (value.len < 4)
		fail("value", -EBADMSG);
	number = value.data[0] | (uint32_t)value.data[1] << 8 | (uint32_t)value.data[2] << 16;
	if (values[i]++ && number != last[i] + 1)
		fail("a value is missing", 0);
	last[i] = number;
}

static void on_lost(void *user, uint8_t reason, bool asked)
{
	(void)reason;
	if (!asked)
		fail("lost", -ENOTCONN);
	++*(unsigned int *)user;
}

static void flows(int i)
{
	values[i] = 0;
	wait_for(&values[i], ENOUGH);
}

/* Another open of the adapter does not get the channel, and is told why. */
static void other_adapter(const char *name, const struct ble_address *peer)
{
	struct ble_adapter *other;
	struct ble_client *client;
	int error;

	need("open again", ble_adapter_open(loop, name, &other));
	need("client", ble_client_new(other, peer, &client));
	error = ble_client_connect_sync(client, NULL);
	if (error != -EBUSY ||
	    !strstr(ble_error_text(loop, error), "through another open of the adapter"))
		fail("the other adapter's connect", error);
	ble_client_unref(client);
	ble_adapter_unref(other);
}

static void connect_both(const struct ble_address *peer)
{
	for (int i = 0; i < CLIENTS; i++) {
		need("client", ble_client_new(adapter, peer, &clients[i]));
		ble_client_on_disconnected(clients[i], on_lost, &lost[i]);
		need("connect", ble_client_connect(clients[i], NULL, on_connected, NULL, NULL));
	}
	wait_for(&connected, CLIENTS);
}

static void share(const char *name, const struct ble_address *peer, uint16_t handle)
{
	uint8_t text[64];

	connect_both(peer);
	need("discover", ble_client_discover_sync(clients[A]));
	for (int i = 0; i < CLIENTS; i++)
		need("subscribe", ble_client_subscribe_sync(clients[i], handle, BLE_SUBSCRIBE_NOTIFY,
							    on_value, &values[i],
							    &subscriptions[i]));
	flows(A);
	flows(B);
	other_adapter(name, peer);
	need("disconnect", ble_client_disconnect_sync(clients[A]));
	flows(B);
	need("unsubscribe", ble_subscription_free_sync(subscriptions[B]));
	need("read", ble_client_read_sync(clients[B], (uint16_t)(handle + 3), text, sizeof(text),
					  NULL));
	need("join", ble_client_connect_sync(clients[A], NULL));
	need("resubscribe", ble_client_resubscribe_sync(clients[A]));
	need("disconnect", ble_client_disconnect_sync(clients[B]));
	flows(A);
	need("disconnect", ble_client_disconnect_sync(clients[A]));
	if (lost[A] != 2 || lost[B] != 1)
		fail("an end was not told", 0);
	/* Another link, once the kernel has dropped this one. */
	need("connect again", ble_client_connect_sync(clients[B], NULL));
	need("read", ble_client_read_sync(clients[B], (uint16_t)(handle + 3), text, sizeof(text),
					  NULL));
}

int main(int argc, char **argv)
{
	struct ble_address peer;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 4 || ble_loop_new(&loop) || ble_address_parse(argv[2], &peer))
		return 2;
	need("open", ble_adapter_open(loop, argv[1], &adapter));
	share(argv[1], &peer, (uint16_t)strtoul(argv[3], NULL, 0));
	for (int i = 0; i < CLIENTS; i++)
		ble_client_unref(clients[i]);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	printf("shared\n");
	return 0;
}
