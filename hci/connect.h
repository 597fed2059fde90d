/* SPDX-License-Identifier: MIT */
/*
 * The connects of one adapter: a queue, one attempt at a time. The scan is paused
 * while there is one.
 */
#ifndef HCI_CONNECT_H
#define HCI_CONNECT_H

#include "att/adapter.h"
#include "hci/attempt.h"
#include "hci/raw.h"

struct hci_adapter;

struct connector {
	struct hci_adapter *adapter;
	struct list queue;      /* connect_ops; the first was taken out */
	struct attempt attempt; /* of the first */
	struct raw_listener listener; /* while there is one */
};

void connect_init(struct connector *connector, struct hci_adapter *adapter);
int connect_submit(struct connector *connector, struct connect_op *op);
void connect_cancel(struct connector *connector, struct connect_op *op);

/* Takes out all ops without calling back. */
void connect_take_all(struct connector *connector, struct list *ret_ops);

void connect_close(struct connector *connector);

#endif
