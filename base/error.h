/* SPDX-License-Identifier: MIT */
/*
 * Errors. An error is 0, -errno or BLE_ERROR_ATT(code) in every layer;
 * error_from_hci() makes one of a controller's status. The sentence that explains
 * one failure (which adapter, which reason, what to do) is kept in the loop: see
 * loop_set_error() in loop.h.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "blewire.h"

/* The -errno for a controller's status (Vol 1, Part F, 1.3), as the kernel's
 * bt_to_errno() maps it, and for the codes that it leaves out: 0x3e is
 * -ECONNABORTED, an unknown one -EIO. 0 is 0. */
int error_from_hci(uint8_t status);

#endif
