/* SPDX-License-Identifier: MIT */
/* usage: scan [ADAPTER [SECONDS]]: prints a line for each report with new data. */
#include <blewire.h>
#include <stdio.h>
#include <stdlib.h>

static void seen(void *user, struct ble_device *device, const struct ble_advertisement *adv)
{
	char address[BLE_ADDRESS_TEXT], name[BLE_NAME_TEXT], text[100];
	struct ble_bytes data;
	struct ble_uuid uuid;
	uint16_t company;

	(void)user;
	printf("%s/%s %4d dBm \"%s\"", ble_address_text(&adv->address, address),
	       ble_address_type_text(&adv->address), adv->rssi,
	       ble_text_escape(ble_device_name(device), text, sizeof(text)));
	for (size_t cursor = 0; ble_advertisement_service(adv, &cursor, &uuid);)
		printf(", %s", ble_uuid_name(&uuid, name) ? name : ble_uuid_text(&uuid, name));
	for (size_t cursor = 0; ble_advertisement_manufacturer(adv, &cursor, &company, &data);)
		printf(", %zu bytes of company 0x%04x", data.len, company);
	puts("");
}

static void ended(void *user, int err)
{
	*(int *)user = err;
}

static void time_is_up(void *user)
{
	ended(user, 0);
}

int main(int argc, char **argv)
{
	struct ble_scan_params params = { .changes_only = true };
	int err, end = 1; /* 0 or an error when the scan has ended */
	struct ble_adapter *adapter = NULL;
	struct ble_scanner *scanner = NULL;
	struct ble_timer *timer = NULL;
	struct ble_loop *loop = NULL;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* line by line, into a pipe, too */
	if (!(err = ble_loop_new(&loop)) &&
	    !(err = ble_adapter_open(loop, argc > 1 ? argv[1] : "sim", &adapter)) &&
	    !(err = ble_scanner_new(adapter, seen, ended, &end, &scanner)) &&
	    !(err = ble_timer_new(loop, time_is_up, &end, &timer)) &&
	    !(err = ble_scanner_start(scanner, &params)))
		ble_timer_start(timer, (argc > 2 ? atoi(argv[2]) : 10) * 1000, 0);
	while (!err && end > 0)
		err = ble_loop_dispatch(loop, BLE_FOREVER);
	if (err || (err = end))
		fprintf(stderr, "scan: %s\n", ble_error_text(loop, err));
	ble_timer_free(timer);
	ble_scanner_unref(scanner);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return err != 0;
}
