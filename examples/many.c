/* SPDX-License-Identifier: MIT */
/* usage: many ADAPTER ADDRESS...: stays connected to all of these in one thread, and prints
 * their notifications. Those that are out of range or lost are retried, one after the other. */
#include <blewire.h>
#include <stdio.h>

static void notified(void *name, uint16_t handle, struct ble_bytes value)
{
	printf("%s: %zu bytes from @0x%04x\n", (const char *)name, value.len, handle);
}

static void subscribed(void *name, int err)
{
	if (err)
		printf("%s: %s\n", (const char *)name, ble_strerror(err));
}

static void lost(void *name, uint8_t reason, bool asked)
{
	printf("%s: %s\n", (const char *)name, asked ? "disconnected" : ble_hci_text(reason));
}

/* While this waits for one, the others' notifications are printed, too. */
static int join(struct ble_loop *loop, struct ble_client *client, char *name)
{
	const struct ble_connect_params params = { .timeout_ms = 5000 }; /* then the next one */
	const struct ble_services *tree = ble_client_services(client);
	const struct ble_characteristic *c = NULL;
	int err = ble_client_connect_sync(client, &params);

	if (!err)
		err = ble_client_discover_sync(client);
	printf("%s: %s\n", name, err ? ble_error_text(loop, err) : "connected");
	if (err)
		ble_client_disconnect_sync(client);
	while (!err && (c = ble_services_next_characteristic(tree, c)))
		if (c->properties & BLE_NOTIFY)
			err = ble_client_subscribe(client, c->value_handle, BLE_SUBSCRIBE_NOTIFY,
						   notified, name, subscribed, name, NULL, NULL);
	return err == -ENODEV ? err : 0; /* without the adapter there is no other attempt */
}

int main(int argc, char **argv)
{
	struct ble_client *clients[16] = { NULL };
	struct ble_adapter *adapter = NULL;
	struct ble_address address;
	struct ble_loop *loop = NULL;
	int i, err, n = argc - 2;

	if (n < 1 || n > 16) {
		fprintf(stderr, "usage: many ADAPTER ADDRESS... (up to 16)\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* each line at once, into a pipe too */
	if (!(err = ble_loop_new(&loop)))
		err = ble_adapter_open(loop, argv[1], &adapter);
	for (i = 0; !err && i < n; i++)
		if (!(err = ble_address_parse(argv[i + 2], &address)) &&
		    !(err = ble_client_new(adapter, &address, &clients[i])))
			ble_client_on_disconnected(clients[i], lost, argv[i + 2]);
	for (i = 0; !err; i = (i + 1) % n) {
		if (!ble_client_connected(clients[i]))
			err = join(loop, clients[i], argv[i + 2]);
		if (!err)
			err = ble_loop_dispatch(loop, 1000 / n);
	}
	fprintf(stderr, "many: %s\n", ble_error_text(loop, err));
	for (i = 0; i < n; i++)
		ble_client_unref(clients[i]);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return 1;
}
