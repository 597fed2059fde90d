/* SPDX-License-Identifier: MIT */
#include "blewire.h"

#include <stddef.h>

/* Programs built against an earlier header rely on the sizes and members below. In the
 * callers' structs a new member replaces reserved room. In the library's, which callers
 * get by pointer, it goes at the end. It never goes into padding: callers need not have
 * zeroed that, and nothing here would notice. The offsets are those of 64 bits; in another
 * order of members they differ there, too. */
#define HAS_SIZE(name, with_64_bits, with_32_bits) \
	_Static_assert(sizeof(struct name) == \
		       (sizeof(void *) == 8 ? (with_64_bits) : (with_32_bits)), \
		       "the size of struct " #name " is fixed")

#define HAS_OFFSET(name, member, with_64_bits) \
	_Static_assert(sizeof(void *) != 8 || \
		       offsetof(struct name, member) == (with_64_bits), \
		       "the place of " #member " in struct " #name " is fixed")

HAS_SIZE(ble_scan_params, 128, 88);
HAS_SIZE(ble_connect_params, 64, 64);
HAS_SIZE(ble_link_params, 24, 24);
HAS_SIZE(ble_keeper_params, 120, 112 + _Alignof(uint64_t));
HAS_SIZE(ble_write, 40, 24 + _Alignof(uint64_t));
HAS_SIZE(ble_advertisement, 96, 72);

HAS_OFFSET(ble_scan_params, passive, 0);
HAS_OFFSET(ble_scan_params, interval_ms, 2);
HAS_OFFSET(ble_scan_params, window_ms, 4);
HAS_OFFSET(ble_scan_params, name, 8);
HAS_OFFSET(ble_scan_params, whole_name, 16);
HAS_OFFSET(ble_scan_params, services, 24);
HAS_OFFSET(ble_scan_params, n_services, 32);
HAS_OFFSET(ble_scan_params, addresses, 40);
HAS_OFFSET(ble_scan_params, n_addresses, 48);
HAS_OFFSET(ble_scan_params, min_rssi, 56);
HAS_OFFSET(ble_scan_params, changes_only, 57);
HAS_OFFSET(ble_scan_params, accept, 64);
HAS_OFFSET(ble_scan_params, accept_user, 72);
HAS_OFFSET(ble_scan_params, keep, 80);
HAS_OFFSET(ble_scan_params, reserved, 88);

HAS_OFFSET(ble_connect_params, timeout_ms, 0);
HAS_OFFSET(ble_connect_params, mtu, 4);
HAS_OFFSET(ble_connect_params, link, 8);
HAS_OFFSET(ble_connect_params, reserved, 32);

HAS_OFFSET(ble_link_params, interval_min, 0);
HAS_OFFSET(ble_link_params, interval_max, 2);
HAS_OFFSET(ble_link_params, latency, 4);
HAS_OFFSET(ble_link_params, timeout, 6);
HAS_OFFSET(ble_link_params, reserved, 8);

HAS_OFFSET(ble_keeper_params, connect, 0);
HAS_OFFSET(ble_keeper_params, from_ms, 64);
HAS_OFFSET(ble_keeper_params, to_ms, 68);
HAS_OFFSET(ble_keeper_params, jitter, 72);
HAS_OFFSET(ble_keeper_params, idle_ms, 76);
HAS_OFFSET(ble_keeper_params, give_up_ms, 80);
HAS_OFFSET(ble_keeper_params, reserved, 88);

HAS_OFFSET(ble_write, handle, 0);
HAS_OFFSET(ble_write, value, 8);
HAS_OFFSET(ble_write, reserved, 24);

HAS_OFFSET(ble_advertisement, address, 0);
HAS_OFFSET(ble_advertisement, event, 7);
HAS_OFFSET(ble_advertisement, rssi, 8);
HAS_OFFSET(ble_advertisement, tx_power, 9);
HAS_OFFSET(ble_advertisement, primary_phy, 10);
HAS_OFFSET(ble_advertisement, secondary_phy, 11);
HAS_OFFSET(ble_advertisement, sid, 12);
HAS_OFFSET(ble_advertisement, periodic, 14);
HAS_OFFSET(ble_advertisement, time, 16);
HAS_OFFSET(ble_advertisement, data, 24);
HAS_OFFSET(ble_advertisement, advertised, 40);
HAS_OFFSET(ble_advertisement, scan_response, 56);
HAS_OFFSET(ble_advertisement, reserved, 72);

/* The library's */
HAS_OFFSET(ble_adapter_info, name, 0);
HAS_OFFSET(ble_adapter_info, backend, 8);
HAS_OFFSET(ble_adapter_info, address, 16);
HAS_OFFSET(ble_adapter_info, powered, 23);
HAS_OFFSET(ble_adapter_info, low_energy, 24);
HAS_OFFSET(ble_adapter_info, extended, 25);

HAS_OFFSET(ble_keeper_event, state, 0);
HAS_OFFSET(ble_keeper_event, error, 4);
HAS_OFFSET(ble_keeper_event, reason, 8);
HAS_OFFSET(ble_keeper_event, asked, 9);
HAS_OFFSET(ble_keeper_event, attempts, 12);
HAS_OFFSET(ble_keeper_event, next_ms, 16);

HAS_OFFSET(ble_service, handle, 0);
HAS_OFFSET(ble_service, end, 2);
HAS_OFFSET(ble_service, primary, 4);
HAS_OFFSET(ble_service, n_characteristics, 6);
HAS_OFFSET(ble_service, uuid, 8);
HAS_OFFSET(ble_service, tree, 24);

HAS_OFFSET(ble_characteristic, handle, 0);
HAS_OFFSET(ble_characteristic, value_handle, 2);
HAS_OFFSET(ble_characteristic, end, 4);
HAS_OFFSET(ble_characteristic, properties, 6);
HAS_OFFSET(ble_characteristic, n_descriptors, 8);
HAS_OFFSET(ble_characteristic, uuid, 10);
HAS_OFFSET(ble_characteristic, service, 32);
HAS_OFFSET(ble_characteristic, extended, 40);
HAS_OFFSET(ble_characteristic, format, 42);
HAS_OFFSET(ble_characteristic, description, 56);

HAS_OFFSET(ble_descriptor, handle, 0);
HAS_OFFSET(ble_descriptor, uuid, 2);
HAS_OFFSET(ble_descriptor, characteristic, 24);

HAS_OFFSET(ble_include, handle, 0);
HAS_OFFSET(ble_include, start, 2);
HAS_OFFSET(ble_include, end, 4);
HAS_OFFSET(ble_include, uuid, 6);
HAS_OFFSET(ble_include, service, 24);

const char *ble_version(void)
{
	return BLE_VERSION;
}
