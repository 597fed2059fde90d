/* SPDX-License-Identifier: MIT */
#include "blewire.h"

/* Programs built against an earlier header rely on these sizes: a new member
 * replaces reserved room. It must not be put into padding, which callers need not
 * have zeroed. */
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
