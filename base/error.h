/* SPDX-License-Identifier: MIT */
/*
 * Words for errors. The numbers themselves are 0, -errno and positive ATT
 * codes everywhere; a controller's own status lives in the same space only
 * through error_from_hci(). The sentence that explains one failure in its
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
