/* SPDX-License-Identifier: MIT */
/*
 * The service tree: flat arrays that grow in the order of handles while a
 * discovery runs, and are tied together once at its end.
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
};

/* Each adds behind the last one: -ENOMEM. Pointers within the tree are not
 * set before gatt_tree_tie(). */
int gatt_tree_add_service(struct gatt_tree *tree, const struct ble_service *service);
int gatt_tree_add_characteristic(struct gatt_tree *tree,
				 const struct ble_characteristic *characteristic);
int gatt_tree_add_descriptor(struct gatt_tree *tree,
			     const struct ble_descriptor *descriptor);
int gatt_tree_add_include(struct gatt_tree *tree, const struct ble_include *include);

/* The service whose group holds the handle, NULL if none does. */
struct ble_service *gatt_tree_group(const struct gatt_tree *tree, uint16_t handle);

/* The first characteristic declared at or behind the handle, NULL if none is. */
const struct ble_characteristic *
gatt_tree_characteristic_from(const struct gatt_tree *tree, uint16_t handle);

/* Sets the characteristics' ends, from the next declaration or the end of the
 * service. */
void gatt_tree_set_ends(struct gatt_tree *tree);

/* Sets the pointers between the arrays and the view. */
void gatt_tree_tie(struct gatt_tree *tree);

void gatt_tree_clear(struct gatt_tree *tree);

#endif
