/* SPDX-License-Identifier: MIT */
/* usage: keep ADAPTER ADDRESS...: keeps up to four peripherals connected, and prints their
 * notifications, whatever is lost: a peripheral, the connection, the adapter. */
#include <blewire.h>
#include <stdio.h>

static struct ble_loop *loop;

static struct peer {
	const char *name;
	struct ble_client *client;
	struct ble_subscription *subscriptions[8]; /* active again after each loss */
} peers[4];

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	printf("%s: %zu bytes from @0x%04x\n", ((struct peer *)user)->name, value.len, handle);
}

static void changed(void *user, const struct ble_keeper_event *event)
{
	struct peer *peer = user;
	const struct ble_services *tree = ble_client_services(peer->client);
	const struct ble_characteristic *c = NULL;

	if (event->state == BLE_KEEPER_UP)
		printf("%s: up\n", peer->name);
	else
		printf("%s: %s; again in %.1f s\n", peer->name, ble_error_text(loop, event->error),
		       event->next_ms / 1e3);
	if (event->state != BLE_KEEPER_UP || peer->subscriptions[0])
		return;
	for (int n = 0; n < 8 && (c = ble_services_next_characteristic(tree, c));)
		if (c->properties & BLE_NOTIFY)
			n += !ble_client_subscribe(peer->client, c->value_handle, BLE_SUBSCRIBE_NOTIFY,
						   notified, peer, NULL, NULL,
						   &peer->subscriptions[n], NULL);
}

int main(int argc, char **argv)
{
	const struct ble_keeper_params params = { .to_ms = 10000, .idle_ms = 30000 };
	struct ble_keeper *keeper; /* as all that is made here, used until the program is ended */
	struct ble_adapter *adapter;
	struct ble_address address;
	int err = argc < 3 || argc > 6 ? -EINVAL : ble_loop_new(&loop);

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* each line at once, into a pipe too */
	err = err ? err : ble_adapter_open(loop, argv[1], &adapter);
	for (int i = 0; !err && i < argc - 2; i++) {
		peers[i].name = argv[i + 2];
		if (!(err = ble_address_parse(peers[i].name, &address)) &&
		    !(err = ble_client_new(adapter, &address, &peers[i].client)))
			err = ble_keeper_new(peers[i].client, &params, changed, &peers[i], &keeper);
	}
	while (!err)
		err = ble_loop_dispatch(loop, -1);
	fprintf(stderr, "keep: %s\n", loop ? ble_error_text(loop, err) : "ADAPTER ADDRESS... (up to 4)");
	return 1;
}
