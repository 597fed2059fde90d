/* SPDX-License-Identifier: MIT */
/*
 * Keeps peers of "peer" connected and prints what happens to each, whose number begins the
 * line, until it is ended: "up", "down" with the error, the reason and the sentence, "values"
 * once ten have come since it was up. What must not be begins with WRONG: a value that is not
 * the one after the last of this connection, or that came while down.
 *
 *	keep ADAPTER ADDRESS...
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>

#include <blewire.h>

enum { PEERS = 8, SENSOR = 3, ENOUGH = 10 };

static struct ble_loop *loop;
static volatile sig_atomic_t ended;

static struct peer {
	int number;
	struct ble_client *client;
	struct ble_keeper *keeper;
	struct ble_subscription *subscription;
	bool up, told;
	unsigned int values; /* of this connection */
	uint32_t last;
} peers[PEERS];

static void on_signal(int number)
{
	(void)number;
	ended = 1;
	ble_loop_interrupt(loop);
}

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	struct peer *peer = user;
	uint32_t number;

	(void)handle;
	if (value.len < 4) {
		printf("%d WRONG: %zu octets\n", peer->number, value.len);
		return;
	}
	number = (uint32_t)(value.data[0] | value.data[1] << 8 | value.data[2] << 16) |
		 (uint32_t)value.data[3] << 24;
	if (!ble_client_connected(peer->client))
		printf("%d WRONG: %u while down\n", peer->number, number);
	if (peer->values++ && number != peer->last + 1)
		printf("%d WRONG: %u after %u\n", peer->number, number, peer->last);
	peer->last = number;
	if (peer->up && !peer->told && peer->values >= ENOUGH) {
		printf("%d values\n", peer->number);
		peer->told = true;
	}
}

static void changed(void *user, const struct ble_keeper_event *event)
{
	struct peer *peer = user;

	if (event->state == BLE_KEEPER_UP) {
		printf("%d up, attempt %u\n", peer->number, event->attempts);
		peer->up = true;
		if (!peer->subscription)
			ble_client_subscribe(peer->client, SENSOR, BLE_SUBSCRIBE_NOTIFY, notified, peer,
					     NULL, NULL, &peer->subscription, NULL);
		return;
	}
	printf("%d %s %d 0x%02x: %s\n", peer->number,
	       event->state == BLE_KEEPER_DOWN ? "down" : "WRONG: gave up", event->error, event->reason,
	       ble_error_text(loop, event->error));
	if (peer->up && event->error == -ENOTCONN && !event->reason && event->asked)
		printf("%d WRONG: nobody asked\n", peer->number);
	peer->up = peer->told = false;
	peer->values = 0;
}

static int keep(struct ble_adapter *adapter, struct peer *peer, const char *text)
{
	const struct ble_keeper_params params = { .from_ms = 500, .to_ms = 5000 };
	struct ble_address address;
	int error = ble_address_parse(text, &address);

	if (!error)
		error = ble_client_new(adapter, &address, &peer->client);
	if (!error)
		error = ble_keeper_new(peer->client, &params, changed, peer, &peer->keeper);
	return error;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct ble_adapter *adapter;
	int error, count = argc - 2;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (count < 1 || count > PEERS || ble_loop_new(&loop))
		return 2;
	sigaction(SIGTERM, &action, NULL);
	error = ble_adapter_open(loop, argv[1], &adapter);
	for (int i = 0; !error && i < count; i++) {
		peers[i].number = i;
		error = keep(adapter, &peers[i], argv[i + 2]);
	}
	while (!error && !ended)
		error = ble_loop_dispatch(loop, -1);
	if (!ended) {
		printf("WRONG: %s\n", ble_error_text(loop, error));
		return 1;
	}
	for (int i = 0; i < count; i++) {
		ble_keeper_free(peers[i].keeper);
		ble_subscription_free(peers[i].subscription, NULL, NULL, NULL);
		ble_client_unref(peers[i].client);
	}
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return 0;
}
