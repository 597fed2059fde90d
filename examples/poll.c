/* SPDX-License-Identifier: MIT */
/* usage: poll [ADAPTER [ADDRESS]]: in an event loop of your own, where only poll() waits, writes
 * each line of the standard input to a peripheral, and prints its temperature. */
#include <blewire.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static void measured(void *unit, uint16_t handle, struct ble_bytes v)
{
	(void)handle;
	if (v.len == 2)
		printf("%.2f %s\n", (int16_t)(v.data[0] | v.data[1] << 8) / 100.0, (char *)unit);
}

static void written(void *loop, int err)
{
	puts(err ? ble_error_text(loop, err) : "written");
}

static int run(struct ble_loop *loop, struct ble_client *client, uint16_t note)
{
	struct pollfd ready[] = { { ble_loop_fd(loop), POLLIN, 0 }, { STDIN_FILENO, POLLIN, 0 } };
	uint8_t line[512];
	ssize_t n = 1;
	size_t len;
	int err = 0;

	while (!err && n > 0 && poll(ready, 2, -1) >= 0) {
		err = ble_loop_dispatch(loop, 0);
		if (!err && ready[1].revents && (n = read(STDIN_FILENO, line, sizeof(line))) > 0)
			err = ble_client_write(client, note, (struct ble_bytes){ line, (size_t)n },
					       written, loop, NULL);
	}
	/* The read comes after all writes. */
	return err ? err : ble_client_read_sync(client, note, line, sizeof(line), &len);
}

int main(int argc, char **argv)
{
	struct ble_uuid celsius = ble_uuid16(0x2a6e), note;
	const struct ble_characteristic *c;
	struct ble_adapter *adapter = NULL;
	struct ble_client *client = NULL;
	struct ble_address address;
	struct ble_loop *loop = NULL;
	int err = ble_uuid_parse("b1e00002-7a11-4c5e-9d3b-62c0ffee0001", &note);

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* line by line, into a pipe, too */
	if (err || (err = ble_address_parse(argc > 2 ? argv[2] : "C0:FF:EE:00:18:1A", &address)) ||
	    (err = ble_loop_new(&loop)) || (err = ble_loop_fd(loop)) < 0 ||
	    (err = ble_adapter_open(loop, argc > 1 ? argv[1] : "sim", &adapter)) ||
	    (err = ble_client_new(adapter, &address, &client)) ||
	    (err = ble_client_connect_sync(client, NULL)) ||
	    (err = ble_client_discover_sync(client)) ||
	    (err = ble_services_find_characteristic(ble_client_services(client), &celsius, &c)) ||
	    (err = ble_client_subscribe_sync(client, c->value_handle, BLE_SUBSCRIBE_AUTO, measured,
					     "degrees Celsius", NULL)) ||
	    (err = ble_services_find_characteristic(ble_client_services(client), &note, &c)) ||
	    (err = run(loop, client, c->value_handle)))
		fprintf(stderr, "poll: %s\n", ble_error_text(loop, err));
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return err != 0;
}
