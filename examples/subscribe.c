/* SPDX-License-Identifier: MIT */
/* usage: subscribe [ADAPTER [VALUES]]
 * Finds a heart rate belt and prints what it measures. */
#include <blewire.h>
#include <stdio.h>
#include <stdlib.h>

static int left = 5; /* values to print */

/* Flags, whose bit 0 tells the size, and the beats per minute. value is valid in here only. */
static void measured(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	if (left > 0 && value.len >= 2 && !(value.data[0] & 1))
		printf("%d beats per minute\n", value.data[1]);
	else if (left > 0 && value.len >= 3)
		printf("%d beats per minute\n", value.data[1] | value.data[2] << 8);
	left--;
}

static void lost(void *user, uint8_t reason, bool asked)
{
	(void)user;
	(void)asked;
	fprintf(stderr, "subscribe: the connection ended: %s\n", ble_hci_text(reason));
}

int main(int argc, char **argv)
{
	struct ble_uuid heart = ble_uuid16(0x180d), rate = ble_uuid16(0x2a37);
	struct ble_scan_params params = { .services = &heart, .n_services = 1 };
	const struct ble_characteristic *c;
	struct ble_adapter *adapter = NULL;
	struct ble_client *client = NULL;
	struct ble_device *device = NULL;
	struct ble_loop *loop = NULL;
	int err;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* line by line, into a pipe, too */
	left = argc > 2 ? atoi(argv[2]) : left;
	if (!(err = ble_loop_new(&loop)) &&
	    !(err = ble_adapter_open(loop, argc > 1 ? argv[1] : "sim", &adapter)) &&
	    !(err = ble_adapter_find_sync(adapter, &params, 10000, &device)) &&
	    !(err = ble_client_new_for_device(device, &client)))
		ble_client_on_disconnected(client, lost, NULL);
	if (err || (err = ble_client_connect_sync(client, NULL)) ||
	    (err = ble_client_discover_only_sync(client, &heart, 1)) ||
	    (err = ble_services_find_characteristic(ble_client_services(client), &rate, &c)) ||
	    (err = ble_client_subscribe_sync(client, c->value_handle, BLE_SUBSCRIBE_AUTO,
					     measured, NULL, NULL)))
		fprintf(stderr, "subscribe: %s\n", ble_error_text(loop, err));
	while (!err && left > 0 && ble_client_connected(client))
		err = ble_loop_dispatch(loop, BLE_FOREVER);
	ble_client_unref(client);
	ble_device_unref(device);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return err || left > 0;
}
