/* SPDX-License-Identifier: MIT */
/*
 * A service tree as bytes, to be kept between connections. It is the tree of
 * one peer (address) in one state (Database Hash, Vol 3, Part G, 7.3). The hash
 * is only compared, never computed.
 *
 * All numbers little endian, UUIDs in full as printed:
 *	"BLEtree" and the version, 1 octet
 *	address 6, its type 1, hash 16
 *	how many services, characteristics, descriptors, includes: 2 octets each
 *	services:        handle 2, end 2, primary 1, UUID 16
 *	characteristics: handle 2, value 2, properties 1, UUID 16
 *	descriptors:     handle 2, UUID 16
 *	includes:        handle 2, start 2, end 2, UUID 16
 *	a sum over all of it (FNV-1a, 32 bits), 4 octets
 */
#ifndef GATT_CACHE_H
#define GATT_CACHE_H

#include "gatt/tree.h"

enum {
	GATT_HASH = 16, /* octets */
	GATT_CACHE_MAX = 1 << 17, /* octets: larger trees are not kept */
};

struct gatt_cache_key {
	struct ble_address address;
	uint8_t hash[GATT_HASH];
};

/* Malloc'ed. -EMSGSIZE: too large. -ENOMEM. */
int gatt_cache_pack(const struct gatt_cache_key *key, const struct ble_services *tree,
		    uint8_t **ret_data, size_t *ret_len);

/* Gives a tree without its pointers: gatt_tree_tie() sets them. -EBADMSG: not as
 * gatt_cache_pack() writes it. -ENOENT: of another peer or with another hash.
 * -ENOMEM. */
int gatt_cache_unpack(struct ble_bytes data, const struct gatt_cache_key *key,
		      struct ble_services *ret_tree);

#endif
