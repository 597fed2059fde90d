/* SPDX-License-Identifier: MIT */
/* A program that was built with an older header, in which the elements of the service
 * tree have fewer members. */
#ifndef TESTS_TREE_OLDER_H
#define TESTS_TREE_OLDER_H

#include <stddef.h>
#include <stdint.h>

struct ble_services;

/* The sizes of its service, characteristic, descriptor and include. */
extern const size_t older_sizes[4];

/* Walks the tree as a user does and writes the handle of each element: each service,
 * its characteristics, and after each of these its descriptors; then all includes.
 * Returns how many there are, also if that is more than size. */
size_t older_walk(const struct ble_services *tree, uint16_t *handles, size_t size);

/* Whether the searches by handle and by UUID find each element. */
int older_finds(const struct ble_services *tree);

#endif
