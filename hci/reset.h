/* SPDX-License-Identifier: MIT */
/*
 * The radio's start-over, for one that hangs: all that runs over it ends, the
 * kernel switches it off, and it is made usable as before the first connect.
 */
#ifndef HCI_RESET_H
#define HCI_RESET_H

#include "att/adapter.h"
#include "hci/setup.h"

struct hci_adapter;

struct reset {
	struct hci_adapter *adapter;
	struct reset_op *op; /* NULL: none under way */
	size_t step;
	unsigned int patience; /* times that the kernel may still say "busy" */
	struct mgmt_command command;
	struct loop_timer pause;
	struct setup_wait setup;
	struct deferred_error deferred;
};

void reset_init(struct reset *reset, struct hci_adapter *adapter);
int reset_start(struct reset *reset, struct reset_op *op);

/* Forgets what is under way; the op that nobody will hear of, or NULL. */
struct reset_op *reset_take(struct reset *reset);

#endif
