/* SPDX-License-Identifier: MIT */
/*
 * The gaps in a tree that is being discovered: ranges of handles in which a sweep can
 * still find something. One sweep covers all gaps of a kind and leaves out the handles
 * between them. Arithmetic on the tree only: no request, no link.
 */
#ifndef GATT_GAPS_H
#define GATT_GAPS_H

#include "gatt/tree.h"

enum gatt_gaps {
	/* In each service, behind its declaration and before its first characteristic. */
	GATT_GAPS_INCLUDES,
	/* In each service that has room for a declaration and a value. */
	GATT_GAPS_CHARACTERISTICS,
	/* Behind the value of each characteristic; its end must be known. */
	GATT_GAPS_DESCRIPTORS,
};

/* The range of the sweep: from the first gap that ends at or behind from, and not
 * before from, to the end of the last gap. Sets the cursor. False: there is none. */
bool gatt_gaps_range(const struct ble_services *tree, enum gatt_gaps kind, uint16_t from,
		     size_t *ret_cursor, uint16_t *ret_start, uint16_t *ret_end);

/* The sweep found a handle: whether this is in a gap. Handles come in rising order.
 * Raises start to the next handle in a gap; without one, lowers end to the handle. */
bool gatt_gaps_found(const struct ble_services *tree, enum gatt_gaps kind, uint16_t handle,
		     size_t *cursor, uint16_t *start, uint16_t *end);

#endif
