/* SPDX-License-Identifier: MIT */
/* Advertisements as scanners see them: AD structures, merged reports, filters,
 * and what users do inside their callbacks. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "tests/fuzz/fuzz.h"

enum { SCANNERS = 2, KEPT = 4 };

struct air {
	struct fuzz *fuzz;
	struct adapter backend;
	struct ble_adapter *adapter;
	struct ble_scanner *scanners[SCANNERS];
	struct ble_listener *listener;
	struct ble_device *kept[KEPT];
	unsigned int starts, stops;
};

static struct air *air_of(struct adapter *adapter)
{
	return container_of(adapter, struct air, backend);
}

static int scan_start(struct adapter *adapter, const struct adapter_scan *scan)
{
	struct air *air = air_of(adapter);

	HOLDS(scan->window <= scan->interval);
	air->starts++;
	return fuzz_u8(air->fuzz) == 0xee ? -EPERM : 0;
}

static void scan_stop(struct adapter *adapter)
{
	air_of(adapter)->stops++;
}

static void air_free(struct adapter *adapter)
{
	(void)adapter;
}

static const struct adapter_class class = {
	.name = "air", .scan_start = scan_start, .scan_stop = scan_stop, .free = air_free,
};

/* -- What is seen ---------------------------------------------------------------------- */

static void look_at_ad(const struct ble_advertisement *adv)
{
	struct ble_uuid uuid;
	struct ble_ad ad;
	size_t cursor = 0, inner, n = 0;

	while (ble_advertisement_ad(adv, &cursor, &ad)) {
		HOLDS(n++ < 2000);
		fuzz_touch(ad.value);
		for (inner = 0; ble_ad_uuid(&ad, &inner, &uuid);)
			HOLDS(inner <= ad.value.len);
	}
}

static void look_at_walks(const struct ble_advertisement *adv)
{
	struct ble_bytes value;
	struct ble_uuid uuid;
	uint16_t company;
	size_t cursor;

	for (cursor = 0; ble_advertisement_service(adv, &cursor, &uuid);)
		HOLDS(ble_advertisement_has_service(adv, &uuid));
	for (cursor = 0; ble_advertisement_solicited(adv, &cursor, &uuid);)
		;
	for (cursor = 0; ble_advertisement_manufacturer(adv, &cursor, &company, &value);) {
		fuzz_touch(value);
		HOLDS(ble_advertisement_manufacturer_of(adv, company, &value));
	}
	for (cursor = 0; ble_advertisement_service_data(adv, &cursor, &uuid, &value);) {
		fuzz_touch(value);
		HOLDS(ble_advertisement_service_data_of(adv, &uuid, &value));
		HOLDS(ble_advertisement_has_service(adv, &uuid));
	}
}

static void look_at(const struct ble_advertisement *adv)
{
	char name[12], whole[300];
	struct ble_bytes value;
	size_t len = ble_advertisement_name(adv, whole, sizeof(whole));

	HOLDS(len < sizeof(whole) && whole[len] == '\0');
	len = ble_advertisement_name(adv, name, sizeof(name));
	HOLDS(len < sizeof(name) && name[len] == '\0');
	HOLDS(!strncmp(name, whole, len));
	look_at_ad(adv);
	look_at_walks(adv);
	for (int type = 0; type < 256; type += 5)
		if (ble_advertisement_field(adv, (uint8_t)type, &value))
			fuzz_touch(value);
	ble_advertisement_tx_power(adv);
	ble_advertisement_flags(adv);
	ble_advertisement_appearance(adv);
}

static void act(struct air *air);

static void keep(struct air *air, struct ble_device *device)
{
	struct ble_device **place = &air->kept[fuzz_below(air->fuzz, KEPT)];

	ble_device_unref(*place);
	*place = ble_device_ref(device);
}

static void look_at_device(struct ble_device *device)
{
	const struct ble_advertisement *latest = ble_device_advertisement(device);

	fuzz_touch(latest->advertised);
	fuzz_touch(latest->scan_response);
	fuzz_touch((struct ble_bytes){ (const uint8_t *)ble_device_name(device),
				       strlen(ble_device_name(device)) });
	HOLDS(ble_address_equal(ble_device_address(device), &latest->address));
	ble_device_connectable(device);
}

static void seen(void *user, struct ble_device *device,
		 const struct ble_advertisement *adv)
{
	struct air *air = user;

	look_at(adv);
	look_at_device(device);
	if (air->fuzz->len && fuzz_u8(air->fuzz) >= 0xf0)
		keep(air, device);
	act(air);
	look_at(adv);
}

static bool accept(void *user, struct ble_device *device,
		   const struct ble_advertisement *adv)
{
	struct air *air = user;

	look_at_device(device);
	look_at(adv);
	return fuzz_u8(air->fuzz) < 0xe0;
}

static void ended(void *user, int error)
{
	(void)user;
	HOLDS(error < 0);
}

/* -- What is done ----------------------------------------------------------------------- */

static void start(struct air *air, struct ble_scanner *scanner)
{
	struct fuzz *fuzz = air->fuzz;
	struct ble_address address = { { 0, 0, 0, 0, 0, 0xc0 }, BLE_ADDRESS_UNKNOWN };
	struct ble_uuid uuid;
	struct ble_scan_params params = { .accept_user = air };
	uint8_t flags = fuzz_u8(fuzz), more = fuzz_u8(fuzz);
	char *name = NULL;

	params.passive = flags & 1;
	params.whole_name = flags & 2;
	params.changes_only = flags & 4;
	if (flags & 8)
		params.name = name = fuzz_text(fuzz, 20);
	if (flags & 16) {
		uuid = fuzz_uuid(fuzz);
		params.services = &uuid;
		params.n_services = 1;
	}
	if (flags & 32) {
		address.octet[0] = fuzz_u8(fuzz) & 3;
		params.addresses = &address;
		params.n_addresses = 1;
	}
	params.min_rssi = (int8_t)(flags & 64 ? fuzz_u8(fuzz) : 0);
	params.accept = flags & 128 ? accept : NULL;
	params.keep = more & 3;
	params.interval_ms = more & 4 ? fuzz_u16(fuzz) : 0;
	params.window_ms = more & 8 ? fuzz_u16(fuzz) : 0;
	ble_scanner_start(scanner, &params);
	free(name);
}

static void walk(const struct ble_scanner *scanner)
{
	struct ble_device *device = NULL;

	for (unsigned int n = 0; (device = ble_scanner_next_device(scanner, device)); n++) {
		HOLDS(n < 3);
		look_at_device(device);
	}
}

static void act_on(struct air *air, struct ble_scanner **scanner, unsigned int what)
{
	switch (what) {
	case 0: case 1:
		start(air, *scanner);
		break;
	case 2:
		ble_scanner_stop(*scanner);
		break;
	case 3:
		if (*scanner == air->scanners[0])
			air->listener = NULL;
		*scanner = ble_scanner_unref(*scanner);
		break;
	case 4:
		if (!air->listener && *scanner == air->scanners[0])
			HOLDS(ble_scanner_listen(*scanner, seen, air,
						 &air->listener) == 0);
		break;
	case 5:
		ble_listener_free(air->listener);
		air->listener = NULL;
		break;
	default:
		walk(*scanner);
		break;
	}
}

static void act(struct air *air)
{
	struct ble_scanner **scanner = &air->scanners[fuzz_below(air->fuzz, SCANNERS)];
	unsigned int what = fuzz_below(air->fuzz, 16);

	if (what > 7 || !air->fuzz->len)
		return;
	if (*scanner)
		act_on(air, scanner, what);
	else
		HOLDS(ble_scanner_new(air->adapter, seen, ended, air, scanner) == 0);
}

static void report(struct air *air)
{
	struct fuzz *fuzz = air->fuzz;
	uint8_t who = fuzz_u8(fuzz);
	struct ble_advertisement adv = {
		.address = { { who & 3, 0, 0, 0, 0, 0xc0 }, (who >> 2) & 1 },
		.event = fuzz_u8(fuzz) & 0x3f,
		.rssi = (int8_t)fuzz_u8(fuzz),
		.tx_power = (int8_t)(who & 0x80 ? fuzz_u8(fuzz) : BLE_NO_TX_POWER),
		.sid = BLE_NO_SID,
		.time = 1000,
	};
	struct ble_bytes octets = fuzz_bytes(fuzz, who & 0x40 ? 1650 : 255);
	uint8_t *copy = fuzz_copy(octets);

	adv.data = (struct ble_bytes){ copy, octets.len };
	air->backend.events->report(air->backend.user, &adv);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };
	struct air air = { .fuzz = &fuzz, .backend = { .class = &class } };

	HOLDS(ble_loop_new(&air.backend.loop) == 0);
	loop_clock_freeze(air.backend.loop);
	HOLDS(adapter_new(air.backend.loop, &air.backend, &air.adapter) == 0);
	HOLDS(ble_scanner_new(air.adapter, seen, ended, &air, &air.scanners[0]) == 0);
	start(&air, air.scanners[0]);
	while (fuzz.len) {
		if (fuzz_below(&fuzz, 4) == 3)
			act(&air);
		else if (!list_empty(&air.adapter->scanners))
			report(&air);
	}
	ble_loop_dispatch(air.backend.loop, 0);
	for (size_t i = 0; i < SCANNERS; i++)
		ble_scanner_unref(air.scanners[i]);
	for (size_t i = 0; i < KEPT; i++)
		ble_device_unref(air.kept[i]);
	HOLDS(air.adapter->refs == 1);
	ble_adapter_unref(air.adapter);
	ble_loop_unref(air.backend.loop);
	return 0;
}
