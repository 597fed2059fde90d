/* SPDX-License-Identifier: MIT */
/*
 * The connects of one adapter: each has an attempt of its own, all at once. They share
 * what is the adapter's: the listener, Stop Discovery, the end of the scan, and turns
 * where a kernel allows one pending connect only.
 */
#ifndef HCI_CONNECT_H
#define HCI_CONNECT_H

#include "att/adapter.h"
#include "hci/attempt.h"
#include "hci/raw.h"

struct hci_adapter;

struct connector {
	struct hci_adapter *adapter;
	struct list attempts;
	struct raw_listener listener; /* while there is one */
	struct stop_discovery stop_discovery; /* of all attempts */
	bool stop_forbidden;    /* it needs CAP_NET_ADMIN; kept */
	bool scan_on;           /* at the latest end of our scan's commands */
	struct ble_address initiating; /* the peer that the kernel connects to just now */
	struct loop_timer turn; /* that this peer has left */
	bool turn_over;         /* it was over when nobody else waited */
	bool first_yields;      /* in the latest such turn, and every second one after it */
};

void connect_init(struct connector *connector, struct hci_adapter *adapter);
int connect_submit(struct connector *connector, struct connect_op *op);
void connect_cancel(struct connector *connector, struct connect_op *op);

/* The adapter was switched off, which words say: ends all that are not connected yet, or
 * only those that have begun to connect. */
void connect_down(struct connector *connector, int error, const char *words, bool all);

/* Takes out all ops without calling back. */
void connect_take_all(struct connector *connector, struct list *ret_ops);

void connect_close(struct connector *connector);

/* From the raw socket: the kernel's LE (Extended) Create Connection, LE Connection
 * Complete, and Disconnection Complete. */
void connect_initiating(struct connector *connector, uint16_t opcode, struct ble_bytes params);
void connect_established(struct connector *connector, struct ble_bytes params);
void connect_disconnected(struct connector *connector, uint16_t handle, uint8_t reason);

#endif
