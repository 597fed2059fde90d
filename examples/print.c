/* SPDX-License-Identifier: MIT */
/* usage: print [ADAPTER [ADDRESS]]: prints a peripheral's characteristics, service by service,
 * and the values that may be read. Each call waits. */
#include <blewire.h>
#include <stdio.h>

static const char *name_of(const struct ble_uuid *uuid, char text[BLE_NAME_TEXT])
{
	return ble_uuid_name(uuid, text) ? text : ble_uuid_text(uuid, text);
}

static void print_value(struct ble_loop *loop, struct ble_client *client, uint16_t handle)
{
	uint8_t value[512];
	size_t len = 0;
	int err = ble_client_read_sync(client, handle, value, sizeof(value), &len);

	printf(" = %s", err ? ble_error_text(loop, err) : "");
	for (size_t i = 0; i < len && i < sizeof(value); i++)
		printf("%02x", value[i]);
}

static void print(struct ble_loop *loop, struct ble_client *client)
{
	const struct ble_services *tree = ble_client_services(client);
	unsigned int generation = ble_services_generation(tree); /* a read may change the tree */
	const struct ble_characteristic *c = NULL;
	char text[BLE_NAME_TEXT];

	while (generation == ble_services_generation(tree) &&
	       (c = ble_services_next_characteristic(tree, c))) {
		if (c == ble_service_next_characteristic(c->service, NULL))
			puts(name_of(&c->service->uuid, text));
		printf("  @0x%04x %s", c->value_handle, name_of(&c->uuid, text));
		if (c->properties & BLE_READ)
			print_value(loop, client, c->value_handle);
		puts("");
	}
}

int main(int argc, char **argv)
{
	struct ble_adapter *adapter = NULL;
	struct ble_client *client = NULL;
	struct ble_address address;
	struct ble_loop *loop = NULL;
	int err = ble_loop_new(&loop);

	if (err || (err = ble_address_parse(argc > 2 ? argv[2] : "C0:FF:EE:00:18:0D", &address)) ||
	    (err = ble_adapter_open(loop, argc > 1 ? argv[1] : "sim", &adapter)) ||
	    (err = ble_client_new(adapter, &address, &client)) ||
	    (err = ble_client_connect_sync(client, NULL)) || (err = ble_client_discover_sync(client)))
		fprintf(stderr, "print: %s\n", ble_error_text(loop, err));
	else
		print(loop, client);
	ble_client_unref(client); /* which disconnects */
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return err != 0;
}
