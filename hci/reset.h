/* SPDX-License-Identifier: MIT */
/*
 * Resets a controller that hangs: everything that runs over it ends, the kernel
 * switches it off, and the set-up switches it on again.
 */
#ifndef HCI_RESET_H
#define HCI_RESET_H

#include "att/adapter.h"
#include "hci/setup.h"

struct hci_adapter;

struct reset {
	struct hci_adapter *adapter;
	struct reset_op *op; /* NULL: no reset runs */
	size_t step;
	unsigned int busy_left; /* times that the kernel may still answer "busy" */
	struct mgmt_command command;
	struct loop_timer pause;
	struct setup_wait setup;
	struct deferred_error deferred;
};

void reset_init(struct reset *reset, struct hci_adapter *adapter);
int reset_start(struct reset *reset, struct reset_op *op);

/* Cancels. Returns the op, which is not called back, or NULL. */
struct reset_op *reset_take(struct reset *reset);

#endif
