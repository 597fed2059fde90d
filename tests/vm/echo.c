/* SPDX-License-Identifier: MIT */
/*
 * Subscribes to a characteristic whose peripheral sends whatever is written to
 * it, writes numbers, and wants each back once and in order.
 *
 *	echo ADAPTER ADDRESS UUID notify|indicate COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <blewire.h>

struct echo {
	uint8_t last;
	unsigned int count, wrong;
};

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	struct echo *echo = user;

	(void)handle;
	echo->count++;
	if (value.len != 2 || value.data[0] != echo->last)
		echo->wrong++;
}

static int run(struct ble_loop *loop, struct ble_client *client,
	       const struct ble_uuid *uuid, enum ble_subscribe mode, unsigned int count)
{
	const struct ble_characteristic *found;
	struct echo echo = { 0 };
	int error = ble_client_connect_sync(client, NULL);

	if (!error)
		error = ble_client_discover_sync(client);
	if (!error)
		error = ble_services_find_characteristic(ble_client_services(client), uuid, &found);
	if (!error)
		error = ble_client_subscribe_sync(client, found->value_handle, mode, notified,
						  &echo, NULL);
	for (unsigned int i = 1; !error && i <= count; i++) {
		const uint8_t value[2] = { (uint8_t)i, 0x55 };

		echo.last = value[0];
		error = ble_client_write_sync(client, found->value_handle,
					      (struct ble_bytes){ value, 2 });
		while (!error && echo.count < i && ble_client_connected(client))
			error = ble_loop_dispatch(loop, -1);
	}
	if (error)
		fprintf(stderr, "echo: %s\n", ble_error_text(loop, error));
	else
		printf("%u of %u came, %u wrong\n", echo.count, count, echo.wrong);
	return error || echo.count != count || echo.wrong;
}

int main(int argc, char **argv)
{
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct ble_client *client;
	struct ble_address address;
	struct ble_uuid uuid;
	int result;

	if (argc != 6 || ble_address_parse(argv[2], &address) ||
	    ble_uuid_parse(argv[3], &uuid))
		return 2;
	if (ble_loop_new(&loop))
		return 1;
	if (ble_adapter_open(loop, argv[1], &adapter))
		return 3;
	if (ble_client_new(adapter, &address, &client))
		return 1;
	result = run(loop, client, &uuid,
		     strcmp(argv[4], "indicate") ? BLE_SUBSCRIBE_NOTIFY
						 : BLE_SUBSCRIBE_INDICATE,
		     (unsigned int)atoi(argv[5]));
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return result;
}
