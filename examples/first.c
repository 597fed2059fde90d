/* SPDX-License-Identifier: MIT */
/* The README's first program (tests/readme.sh compares them): finds the simulated
 * weather sensor, connects, and reads its temperature. */
#include <blewire.h>
#include <stdio.h>

int main(void)
{
	struct ble_uuid weather = ble_uuid16(0x181a), celsius = ble_uuid16(0x2a6e);
	struct ble_scan_params params = { .services = &weather, .n_services = 1 };
	const struct ble_characteristic *c;
	struct ble_adapter *adapter = NULL; /* "sim" below: "hci0" on your machine */
	struct ble_client *client = NULL;
	struct ble_device *device = NULL;
	struct ble_loop *loop = NULL;
	uint8_t value[2];
	char name[100];
	size_t len;
	int err;

	if ((err = ble_loop_new(&loop)) || (err = ble_adapter_open(loop, "sim", &adapter)) ||
	    (err = ble_adapter_find_sync(adapter, &params, 5000, &device)) ||
	    (err = ble_client_new_for_device(device, &client)) ||
	    (err = ble_client_connect_sync(client, NULL)) ||
	    (err = ble_client_discover_sync(client)) ||
	    (err = ble_services_find_characteristic(ble_client_services(client), &celsius, &c)) ||
	    (err = ble_client_read_sync(client, c->value_handle, value, sizeof(value), &len)))
		fprintf(stderr, "first: %s\n", ble_error_text(loop, err));
	else if (len == sizeof(value))
		printf("%s: %.2f degrees Celsius\n",
		       ble_text_escape(ble_device_name(device), name, sizeof(name)),
		       (int16_t)(value[0] | value[1] << 8) / 100.0);
	ble_client_unref(client);
	ble_device_unref(device);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return err != 0;
}
