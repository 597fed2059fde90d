/* SPDX-License-Identifier: MIT */
/* UUIDs as the wire carries them (Vol 3, Part F, 3.2.1): 2 or 16 octets,
 * little endian; a 32-bit UUID travels in full in ATT, in 4 octets in AD. */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include "blewire.h"

/* len is 2, 4 or 16, otherwise -EINVAL. */
int uuid_from_wire(const uint8_t *p, size_t len, struct ble_uuid *ret_uuid);

/* Writes 2 octets where the UUID has a 16-bit form, else 16; returns which. */
size_t uuid_to_wire(const struct ble_uuid *uuid, uint8_t p[16]);

#endif
