/* SPDX-License-Identifier: MIT */
#include "blewire.h"

/* Programs that were built against an earlier version of a header rely on these:
 * a new member takes the place of reserved room. Padding is no such room: callers
 * need not have zeroed it. */
#define HAS_SIZE(name, with_64_bits, with_32_bits) \
	_Static_assert(sizeof(struct name) == \
		       (sizeof(void *) == 8 ? (with_64_bits) : (with_32_bits)), \
		       "the size of struct " #name " is fixed")

HAS_SIZE(ble_scan_params, 128, 88);
HAS_SIZE(ble_connect_params, 64, 64);
HAS_SIZE(ble_link_params, 24, 24);
HAS_SIZE(ble_write, 40, 24 + _Alignof(uint64_t));
HAS_SIZE(ble_advertisement, 96, 72);

const char *ble_version(void)
{
	return BLE_VERSION;
}
