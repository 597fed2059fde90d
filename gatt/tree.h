/* SPDX-License-Identifier: MIT */
/*
 * The inside of the service tree: one array for each kind of element, sorted by
 * handle. The arrays grow during a discovery; gatt_tree_tie() sets the pointers
 * between them once at its end. The calls that users have are in lookup.c.
 */
#ifndef GATT_TREE_H
#define GATT_TREE_H

#include "blewire.h"

struct ble_services {
	struct ble_service *services;
	struct ble_characteristic *characteristics;
	struct ble_descriptor *descriptors;
	struct ble_include *includes;
	size_t n_services, n_characteristics, n_descriptors, n_includes;
	unsigned int generation; /* of the contents: each clear counts */
	struct ble_loop *loop; /* gets the sentence about a failed find; or NULL */
};

/* 0 or -ENOMEM. Pointers within the tree are not set before gatt_tree_tie(). */
int gatt_tree_add_service(struct ble_services *tree, const struct ble_service *service);
int gatt_tree_add_characteristic(struct ble_services *tree,
				 const struct ble_characteristic *characteristic);
int gatt_tree_add_descriptor(struct ble_services *tree,
			     const struct ble_descriptor *descriptor);
int gatt_tree_add_include(struct ble_services *tree, const struct ble_include *include);

/* The service whose group holds the handle, NULL if none does. */
struct ble_service *gatt_tree_group(const struct ble_services *tree, uint16_t handle);

/* The last service that starts at or before the handle, NULL if none does. */
const struct ble_service *gatt_tree_before(const struct ble_services *tree,
					   uint16_t handle);

/* The first characteristic declared at or behind the handle, NULL if none is. */
const struct ble_characteristic *
gatt_tree_characteristic_from(const struct ble_services *tree, uint16_t handle);

/* Whether the handles from the characteristic's declaration to its value overlap with
 * those of another one, which violates 3.3. */
bool gatt_tree_meets_another(const struct ble_services *tree,
			     const struct ble_characteristic *characteristic);

/* Once all services and characteristics are added: removes characteristics outside of
 * the services, sets the ends of the others (before the next declaration, or the end
 * of the service), and the UUIDs of includes from their services. */
void gatt_tree_settle(struct ble_services *tree);

/* Sets the pointers between the elements. Nothing is added and the tree is not
 * moved after it. A find that fails sets the error text of loop, unless it is NULL. */
void gatt_tree_tie(struct ble_services *tree, struct ble_loop *loop);

/* For all four kinds of elements, whose first member is the handle: the handle of the
 * element at an index; the last element at or below a handle, NULL if there is none. */
uint16_t gatt_tree_handle(const void *items, size_t index, size_t size);
const void *gatt_tree_at(const void *items, size_t count, size_t size, uint16_t handle);

/* Replaces the description by this text, malloc'ed or NULL, and owns it. */
void gatt_tree_describe(struct ble_characteristic *characteristic, char *text);

void gatt_tree_clear(struct ble_services *tree);

/* Clears the tree and moves the contents of another one, not yet tied, into it. */
void gatt_tree_replace(struct ble_services *tree, struct ble_services *with);

#endif
