/* SPDX-License-Identifier: MIT */
/*
 * Words for errors. An error is 0, -errno or BLE_ERROR_ATT(code) in every
 * layer; a controller's status becomes one by error_from_hci(). The sentence that explains one failure in its
 * context (which adapter, which reason, which remedy) is kept in the loop:
 * see loop_say() in loop.h.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "blewire.h"

/* The -errno that stands for a controller's status (Vol 1, Part F, 1.3), in
 * the manner of the kernel's bt_to_errno(), with what that leaves out: 0x3e is
 * -ECONNABORTED, anything unknown -EIO. 0 is 0. */
int error_from_hci(uint8_t status);

#endif
