/* SPDX-License-Identifier: MIT */
/*
 * Holds two links and a scan with operations pending, waits until the adapter
 * is pulled, and checks that everything ended, once, and that the program can
 * go on.
 *
 *	pulled ADAPTER SILENT-ADDRESS TALKING-ADDRESS
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <blewire.h>

struct ends {
	const char *name;
	unsigned int done, disconnected;
	int error;
};

static struct ble_loop *loop;
static unsigned int mistakes;

static void check(bool good, const char *name, const char *what, int number)
{
	printf("%s%s: %s (%d)\n", good ? "" : "WRONG ", name, what, number);
	mistakes += !good;
}

static void done(void *user, int error)
{
	struct ends *ends = user;

	ends->done++;
	ends->error = error;
}

static void read_done(void *user, int error, struct ble_bytes value)
{
	(void)value;
	done(user, error);
}

static void disconnected(void *user, uint8_t reason, bool asked)
{
	struct ends *ends = user;

	(void)reason;
	ends->disconnected++;
	check(!asked, ends->name, "disconnected, not asked for", asked);
}

static void seen(void *user, struct ble_device *device,
		 const struct ble_advertisement *adv)
{
	(void)user;
	(void)device;
	(void)adv;
}

static bool gone(const struct ends *ends)
{
	return ends->error == -ENOTCONN || ends->error == -ENODEV;
}

static struct ble_client *link_to(struct ble_adapter *adapter, const char *text,
				  uint16_t mtu, struct ends *ends)
{
	const struct ble_connect_params params = { .mtu = mtu };
	struct ble_address address;
	struct ble_client *client = NULL;
	int error = ble_address_parse(text, &address);

	if (!error)
		error = ble_client_new(adapter, &address, &client);
	if (!error)
		error = ble_client_connect_sync(client, &params);
	check(!error, ends->name, ble_error_text(loop, error), error);
	ble_client_on_disconnected(client, disconnected, ends);
	return client;
}

static void run(struct ble_adapter *adapter, char **peers)
{
	struct ends silent = { .name = "silent" }, talking = { .name = "talking" };
	struct ends scan = { .name = "scan" }, connect = { .name = "connect" };
	struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };
	struct ble_client *clients[3];
	struct ble_scanner *scanner;

	clients[0] = link_to(adapter, peers[0], 23, &silent);
	clients[1] = link_to(adapter, peers[1], 0, &talking);
	if (mistakes)
		return;
	check(!ble_client_read(clients[0], 3, read_done, &silent, NULL), "silent", "read", 0);
	check(!ble_client_discover(clients[0], done, &silent, NULL), "silent", "discover", 0);
	check(!ble_client_new(adapter, &nobody, &clients[2]), "connect", "new", 0);
	check(!ble_client_connect(clients[2], NULL, done, &connect, NULL), "connect", "begun", 0);
	check(!ble_scanner_new(adapter, seen, done, &scan, &scanner), "scan", "new", 0);
	check(!ble_scanner_start(scanner, NULL), "scan", "started", 0);
	for (int i = 0; i < 20; i++)
		ble_loop_dispatch(loop, 50);
	puts("ready");
	fflush(stdout);
	while (!(silent.disconnected && talking.disconnected && scan.done && connect.done))
		ble_loop_dispatch(loop, -1);
	for (int i = 0; i < 10; i++)
		ble_loop_dispatch(loop, 50);
	check(silent.done == 2 && gone(&silent), "silent", "ended", silent.error);
	check(silent.disconnected == 1, "silent", "disconnected", 1);
	check(talking.disconnected == 1, "talking", "disconnected", 1);
	check(connect.done == 1 && gone(&connect), "connect", "ended", connect.error);
	check(scan.done == 1 && gone(&scan), "scan", "ended", scan.error);
	check(ble_scanner_start(scanner, NULL) == -ENODEV, "scan", "refused", 0);
	check(ble_client_connect_sync(clients[1], NULL) == -ENODEV, "talking", "refused", 0);
	for (int i = 0; i < 3; i++)
		ble_client_unref(clients[i]);
	ble_scanner_unref(scanner);
}

/* The program goes on: another adapter of the same loop works. */
static void go_on(void)
{
	struct ble_adapter *adapter;
	struct ble_device *device;
	int error = ble_adapter_open(loop, "sim", &adapter);

	if (!error) {
		error = ble_adapter_find_sync(adapter, NULL, 5000, &device);
		ble_device_unref(error ? NULL : device);
		ble_adapter_unref(adapter);
	}
	check(!error, "another adapter", ble_error_text(loop, error), error);
}

int main(int argc, char **argv)
{
	struct ble_adapter *adapter;

	if (argc != 4 || ble_loop_new(&loop))
		return 2;
	if (ble_adapter_open(loop, argv[1], &adapter))
		return 3;
	run(adapter, argv + 2);
	ble_adapter_unref(adapter);
	go_on();
	ble_loop_unref(loop);
	return mistakes != 0;
}
