/* SPDX-License-Identifier: MIT */
/* Makes the link of an attempt that is connected. */
#ifndef HCI_LINK_H
#define HCI_LINK_H

#include "hci/attempt.h"

/* Takes the attempt's socket in any case. 0 or -errno. */
int link_new(struct attempt *attempt, const struct ble_address *peer,
	     struct att **ret_att);

#endif
