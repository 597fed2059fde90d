/* SPDX-License-Identifier: MIT */
/*
 * Subscribes, and reads nothing from the first notification until a line comes on standard
 * input: the kernel drops what its queue has no room for. What came and what was told as
 * dropped must be all that the peripheral sent. A connect to an absent peer is pending.
 *
 *	overrun ADAPTER ADDRESS UUID COUNT
 */
#include <stdio.h>
#include <stdlib.h>

#include <blewire.h>

struct reader {
	unsigned int received, dropped, calls;
};

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	struct reader *reader = user;

	(void)handle;
	(void)value;
	if (reader->received++)
		return;
	puts("paused");
	fflush(stdout);
	if (getchar() == EOF)
		fputs("overrun: no line\n", stderr);
}

static void overrun(void *user, unsigned int packets)
{
	struct reader *reader = user;

	reader->dropped += packets;
	reader->calls++;
}

static int connect_absent(struct ble_adapter *adapter, struct ble_client **ret_client)
{
	const struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };
	const struct ble_connect_params params = { .timeout_ms = BLE_FOREVER };
	int error = ble_client_new(adapter, &nobody, ret_client);

	return error ? error : ble_client_connect(*ret_client, &params, NULL, NULL, NULL);
}

static int run(struct ble_loop *loop, struct ble_client *client,
	       const struct ble_uuid *uuid, unsigned int count)
{
	const struct ble_characteristic *found;
	struct reader reader = { 0 };
	int error = ble_client_connect_sync(client, NULL);

	ble_client_on_overrun(client, overrun, &reader);
	if (!error)
		error = ble_client_discover_sync(client);
	if (!error)
		error = ble_services_find_characteristic(ble_client_services(client), uuid, &found);
	if (!error)
		error = ble_client_subscribe(client, found->value_handle, BLE_SUBSCRIBE_NOTIFY,
					     notified, &reader, NULL, NULL, NULL, NULL);
	while (!error && reader.received + reader.dropped < count &&
	       ble_client_connected(client))
		error = ble_loop_dispatch(loop, -1);
	if (error)
		fprintf(stderr, "overrun: %s\n", ble_error_text(loop, error));
	printf("%u of %u: %u received, %u dropped, told %u times\n",
	       reader.received + reader.dropped, count, reader.received, reader.dropped,
	       reader.calls);
	return error || reader.received + reader.dropped != count || !reader.dropped;
}

int main(int argc, char **argv)
{
	struct ble_loop *loop;
	struct ble_adapter *adapter;
	struct ble_client *client, *absent = NULL;
	struct ble_address address;
	struct ble_uuid uuid;
	int result;

	if (argc != 5 || ble_address_parse(argv[2], &address) ||
	    ble_uuid_parse(argv[3], &uuid))
		return 2;
	if (ble_loop_new(&loop))
		return 1;
	if (ble_adapter_open(loop, argv[1], &adapter))
		return 3;
	if (ble_client_new(adapter, &address, &client))
		return 1;
	if (connect_absent(adapter, &absent))
		return 1;
	result = run(loop, client, &uuid, (unsigned int)atoi(argv[4]));
	ble_client_unref(absent);
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return result;
}
