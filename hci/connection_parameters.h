/* SPDX-License-Identifier: MIT */
/*
 * Connection parameters and signal strength of links: the parameters in force,
 * requests for others, Read RSSI. The kernel's sockets offer none of that, so
 * commands and events go over the raw HCI socket. Read RSSI needs no privilege;
 * parameters need CAP_NET_RAW.
 */
#ifndef HCI_CONNECTION_PARAMETERS_H
#define HCI_CONNECTION_PARAMETERS_H

#include "att/adapter.h"
#include "base/deferred_free.h"
#include "hci/raw.h"

struct hci_adapter;

/* One link, embedded in its owner: an L2CAP link, or an attempt that requests
 * parameters before it is done. */
struct conn_params_link {
	struct list link;       /* in conn_params.links */
	struct hci_adapter *adapter; /* NULL: not attached */
	uint16_t handle;        /* the controller's, or CONN_NO_HANDLE */
	struct att_link *params; /* in force; owned by the owner */
	struct deferred_free *memory; /* the owner's: a callback may free it */
	struct raw_listener events; /* while it is attached */

	struct list rssis;      /* link_ops that wait for the answer */
	bool asking;            /* Read RSSI was sent */
	struct raw_listener answer; /* while asking */
	int8_t rssi;
	int rssi_error;
	struct link_op *updating; /* NULL: none, or cancelled */
	enum { UPDATE_NONE, UPDATE_SENT, UPDATE_ACCEPTED } update;
	int update_error;
	uint8_t rssi_status, update_status; /* the controller's error codes, or 0 */
	struct loop_timer rssi_limit, update_limit;
	struct loop_task rssi_done_task, update_done_task;
};

enum { CONN_NO_HANDLE = 0xffff, CONN_UPDATES = 8 };

struct conn_params {
	struct list links;
	/* Handles of our LE Connection Update commands, in the order of sending:
	 * Command Status does not name the link. */
	uint16_t sent[CONN_UPDATES];
	size_t n_sent;
};

void conn_params_init(struct conn_params *conn);

/* Follows the parameters of a link from now on. */
void conn_params_attach(struct conn_params_link *link, struct hci_adapter *adapter,
			uint16_t handle, struct att_link *params,
			struct deferred_free *memory);

/* Calls nothing back. Does nothing if the link is zeroed or not attached. */
void conn_params_detach(struct conn_params_link *link);

/* The link is gone: ends its link operations with -ENOTCONN and detaches it. */
void conn_params_lost(struct conn_params_link *link);

/* See struct att_class. */
int conn_params_rssi(struct conn_params_link *link, struct link_op *op);
int conn_params_update(struct conn_params_link *link, struct link_op *op);
void conn_params_cancel(struct conn_params_link *link, struct link_op *op);

/* -EPERM with a sentence if this program may not set parameters, or 0. */
int conn_params_may_update(const struct hci_adapter *hci);

/* The parameters in LE (Enhanced) Connection Complete; all 0 if it is too short. */
struct att_link conn_params_of_connection(struct ble_bytes meta);

/* From the raw socket */
void conn_params_complete(struct hci_adapter *hci, uint16_t opcode, struct ble_bytes result,
			  bool theirs);
void conn_params_meta(struct hci_adapter *hci, struct ble_bytes meta);

/* The adapter was switched off: commands get no answer. */
void conn_params_down(struct conn_params *conn);

#endif
