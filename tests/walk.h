/* SPDX-License-Identifier: MIT */
/* The element of a service tree with this number, counted from 0; NULL: there is none. */
#ifndef TESTS_WALK_H
#define TESTS_WALK_H

#include "blewire.h"

static inline const struct ble_service *nth_service(const struct ble_services *tree, size_t n)
{
	const struct ble_service *s = ble_services_next(tree, NULL);

	while (s && n--)
		s = ble_services_next(tree, s);
	return s;
}

static inline const struct ble_characteristic *
nth_characteristic(const struct ble_services *tree, size_t n)
{
	const struct ble_characteristic *c = ble_services_next_characteristic(tree, NULL);

	while (c && n--)
		c = ble_services_next_characteristic(tree, c);
	return c;
}

static inline const struct ble_descriptor *
nth_descriptor(const struct ble_services *tree, size_t n)
{
	const struct ble_descriptor *d = ble_services_next_descriptor(tree, NULL);

	while (d && n--)
		d = ble_services_next_descriptor(tree, d);
	return d;
}

#endif
