/* SPDX-License-Identifier: MIT */
/* A program that was built when the elements of the service tree were shorter. */
#ifndef TESTS_TREE_OLDER_H
#define TESTS_TREE_OLDER_H

#include <stddef.h>
#include <stdint.h>

struct ble_services;

/* Of the service, characteristic, descriptor and include that it was built with. */
extern const size_t older_sizes[4];

/* Walks the tree as a user does and writes the handle of each element: of a service,
 * its characteristics, of each of these its descriptors; then of all includes. How
 * many there are, even if they are more than size. */
size_t older_walk(const struct ble_services *tree, uint16_t *handles, size_t size);

/* Whether each element is what the finds by handle and by UUID return. */
int older_finds(const struct ble_services *tree);

#endif
