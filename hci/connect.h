/* SPDX-License-Identifier: MIT */
/*
 * Connects of one adapter: a queue, one attempt at a time. An attempt is a
 * non-blocking connect of an L2CAP socket; closing the socket calls it off.
 * Attempts that failed for a passing reason are repeated, without a limit of
 * time: the caller cancels.
 */
#ifndef HCI_CONNECT_H
#define HCI_CONNECT_H

#include "att/adapter.h"
#include "hci/connection_parameters.h"
#include "hci/setup.h"

struct hci_adapter;
struct l2cap_link;

struct connector {
	struct hci_adapter *adapter;
	struct list queue;
	struct connect_op *op; /* the first, taken out; NULL: at rest */
	size_t step;
	bool waiting;          /* for the step's end */
	unsigned int busy;     /* times that the kernel said so */
	unsigned int silent;   /* attempts for which the kernel did nothing */
	bool looked_again;     /* the set-up was run again for this op */
	uint64_t began;        /* the attempt */
	unsigned int looks;    /* after the attempt, whether it hangs */
	bool cure_forbidden;
	/* What the controller told of the attempt */
	uint8_t reason;
	uint16_t handle;
	bool handle_known;

	struct loop_watch watch; /* fd of the attempt; -1: none */
	struct loop_timer pause, stuck;
	struct setup_wait setup;
	struct cure cure;

	/* The wish for link parameters, once it is connected */
	struct radio_link radio;
	struct att_link params; /* in force */
	struct link_op wish;
	struct loop_timer patience;

	struct loop_task finished; /* calls the op back */
	struct fault fault;
	int connected;             /* fd for it; -1: none, or it failed */
};

void connect_init(struct connector *connector, struct hci_adapter *adapter);
int connect_submit(struct connector *connector, struct connect_op *op);
void connect_cancel(struct connector *connector, struct connect_op *op);

/* Whether the radio is taken up by an attempt. */
bool connect_busy(const struct connector *connector);

/* The scan is off, as asked for. */
void connect_scan_off(struct connector *connector);

/* LE Connection Complete, and Disconnection Complete. */
void connect_established(struct connector *connector, struct ble_bytes params);
void connect_disconnected(struct connector *connector, uint16_t handle,
			  uint8_t reason);

/* All ops, taken out for good. */
void connect_take_all(struct connector *connector, struct list *ret_ops);

void connect_close(struct connector *connector);

/* What to do about an attempt's error. */
enum remedy { FINAL, AT_ONCE, LATER, LOOK_AGAIN };
enum remedy connect_remedy(const struct connector *connector, int error);

/* Words the fault of an attempt that failed for good. Returns its error. */
int connect_explain(struct connector *connector, int error);

/* The socket of a real attempt. */
int connect_dial(struct hci_adapter *hci, const struct ble_address *peer,
		 int *ret_fd);

#endif
