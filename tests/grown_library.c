/* SPDX-License-Identifier: MIT */
/* What a library sees in the structs of its callers that was built against a
 * header in which each of them has got a new member (see test_grown.c). */
#include "tests/grown_library.h"

#include "blewire.h"

size_t grown_size(enum grown_struct which)
{
	static const size_t sizes[] = {
		[GROWN_SCAN] = sizeof(struct ble_scan_params),
		[GROWN_CONNECT] = sizeof(struct ble_connect_params),
		[GROWN_LINK] = sizeof(struct ble_link_params),
		[GROWN_WRITE] = sizeof(struct ble_write),
		[GROWN_KEEPER] = sizeof(struct ble_keeper_params),
		[GROWN_ADVERTISEMENT] = sizeof(struct ble_advertisement),
	};

	return sizes[which];
}

uint64_t grown_newer(enum grown_struct which, const void *caller)
{
	switch (which) {
	case GROWN_SCAN:
		return ((const struct ble_scan_params *)caller)->newer;
	case GROWN_CONNECT:
		return ((const struct ble_connect_params *)caller)->newer;
	case GROWN_LINK:
		return ((const struct ble_link_params *)caller)->newer;
	case GROWN_WRITE:
		return ((const struct ble_write *)caller)->newer;
	case GROWN_KEEPER:
		return ((const struct ble_keeper_params *)caller)->newer;
	default:
		return ((const struct ble_advertisement *)caller)->newer;
	}
}
