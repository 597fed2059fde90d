/* SPDX-License-Identifier: MIT */
/*
 * The service tree: flat arrays, always sorted by handle, that grow while a
 * discovery runs and are tied together once at its end.
 */
#ifndef GATT_TREE_H
#define GATT_TREE_H

#include "blewire.h"

struct gatt_tree {
	struct ble_services view; /* for the user; valid after gatt_tree_tie() */
	struct ble_service *services;
	struct ble_characteristic *characteristics;
	struct ble_descriptor *descriptors;
	struct ble_include *includes;
	size_t n_services, n_characteristics, n_descriptors, n_includes;
	uint16_t *by_handle; /* see lookup.c; NULL: none */
};

/* 0 or -ENOMEM. Pointers within the tree are not set before gatt_tree_tie(). */
int gatt_tree_add_service(struct gatt_tree *tree, const struct ble_service *service);
int gatt_tree_add_characteristic(struct gatt_tree *tree,
				 const struct ble_characteristic *characteristic);
int gatt_tree_add_descriptor(struct gatt_tree *tree,
			     const struct ble_descriptor *descriptor);
int gatt_tree_add_include(struct gatt_tree *tree, const struct ble_include *include);

/* The service whose group holds the handle, NULL if none does. */
struct ble_service *gatt_tree_group(const struct gatt_tree *tree, uint16_t handle);

/* The last service that starts at or before the handle, NULL if none does. */
const struct ble_service *gatt_tree_before(const struct gatt_tree *tree,
					   uint16_t handle);

/* The first characteristic declared at or behind the handle, NULL if none is. */
const struct ble_characteristic *
gatt_tree_characteristic_from(const struct gatt_tree *tree, uint16_t handle);

/* Whether what lies between the characteristic's declaration and its value is
 * shared with one of the tree, which no honest peer offers (3.3). */
bool gatt_tree_meets_another(const struct gatt_tree *tree,
			     const struct ble_characteristic *characteristic);

/* Once all services and characteristics are there: drops characteristics that
 * lie in no service, sets the ends of the others (the next declaration or the
 * end of the service), and the UUIDs that includes left to their services. */
void gatt_tree_settle(struct gatt_tree *tree);

/* Sets the pointers between the arrays and the view, whose failed finds leave
 * a sentence in loop. */
void gatt_tree_tie(struct gatt_tree *tree, struct ble_loop *loop);

/* lookup.c: once it is tied, what finds an attribute by its handle; not where
 * there is no memory or handles lie far apart. */
void gatt_tree_index(struct gatt_tree *tree);

/* For all four kinds, which start with their handle: that of one item, and the
 * last item at or below a handle, NULL if there is none. */
uint16_t gatt_tree_handle(const void *items, size_t index, size_t size);
const void *gatt_tree_at(const void *items, size_t count, size_t size, uint16_t handle);

/* Takes the text, malloc'ed or NULL, in place of the one before. */
void gatt_tree_describe(struct ble_characteristic *characteristic, char *text);

void gatt_tree_clear(struct gatt_tree *tree);

#endif
