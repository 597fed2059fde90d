/* SPDX-License-Identifier: MIT */
/* usage: print [ADAPTER [ADDRESS]]
 * Connects and prints what the peripheral has: services, characteristics, and
 * the values that it lets us read. One call after the other, each waits. */
#include <blewire.h>
#include <stdio.h>

static const char *name_of(const struct ble_uuid *uuid, char text[BLE_NAME_TEXT])
{
	return ble_uuid_name(uuid, text) ? text : ble_uuid_text(uuid, text);
}

static void print_value(struct ble_client *client, uint16_t handle, struct ble_loop *loop)
{
	uint8_t value[512];
	size_t len;
	int err = ble_client_read_sync(client, handle, value, sizeof(value), &len);

	if (err)
		printf(": %s", ble_error_text(loop, err));
	else
		printf(" =");
	for (size_t i = 0; !err && i < len && i < sizeof(value); i++)
		printf(" %02x", value[i]);
}

static void print_service(struct ble_client *client, const struct ble_service *service,
			  struct ble_loop *loop)
{
	char text[BLE_NAME_TEXT];

	printf("%s\n", name_of(&service->uuid, text));
	for (size_t i = 0; i < service->n_characteristics; i++) {
		const struct ble_characteristic *c = &service->characteristics[i];

		printf("  @0x%04x %s", c->value_handle, name_of(&c->uuid, text));
		if (c->properties & BLE_READ)
			print_value(client, c->value_handle, loop);
		puts("");
	}
}

int main(int argc, char **argv)
{
	struct ble_adapter *adapter = NULL;
	struct ble_client *client = NULL;
	const struct ble_services *tree;
	struct ble_address address;
	struct ble_loop *loop = NULL;
	int err;

	if ((err = ble_address_parse(argc > 2 ? argv[2] : "C0:FF:EE:00:18:0D", &address)) ||
	    (err = ble_loop_new(&loop)) ||
	    (err = ble_adapter_open(loop, argc > 1 ? argv[1] : "sim", &adapter)) ||
	    (err = ble_client_new(adapter, &address, &client)) ||
	    (err = ble_client_connect_sync(client, NULL)) ||
	    (err = ble_client_discover_sync(client))) {
		fprintf(stderr, "print: %s\n", ble_error_text(loop, err));
	} else {
		tree = ble_client_services(client);
		for (size_t i = 0; i < tree->n_services; i++)
			print_service(client, &tree->services[i], loop);
	}
	ble_client_unref(client); /* which disconnects */
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return err != 0;
}
