/* SPDX-License-Identifier: MIT */
/*
 * The radio's side of links: what parameters are in force, a link's signal
 * strength, other parameters. The kernel offers none of that on its sockets, so
 * the controller is asked and heard over the raw one. Anybody may ask for the
 * signal strength; parameters want CAP_NET_RAW.
 */
#ifndef HCI_CONNECTION_PARAMETERS_H
#define HCI_CONNECTION_PARAMETERS_H

#include "att/adapter.h"
#include "base/deferred_free.h"

struct hci_adapter;

/* One link, embedded in its owner: a link, or a connect that sees to its wish. */
struct radio_link {
	struct list link;       /* in the radio's links */
	struct hci_adapter *adapter; /* NULL: of none */
	uint16_t handle;        /* of the controller's; RADIO_NO_HANDLE */
	struct att_link *params; /* in force; the owner's */
	struct life *life;      /* the owner's: a callback may free it */

	struct list rssis;      /* link_ops that ask for it */
	bool asking;            /* the controller is asked */
	int8_t rssi;
	int rssi_error;
	struct link_op *updating; /* NULL: none, or cancelled */
	enum { UPDATE_NONE, UPDATE_SENT, UPDATE_ACCEPTED } update;
	int update_error;
	uint8_t rssi_status, update_status; /* the controller's words for errors */
	struct loop_timer rssi_limit, update_limit;
	struct loop_task rssi_told, update_told;
};

enum { RADIO_NO_HANDLE = 0xffff, RADIO_UPDATES = 8 };

struct radio {
	struct list links;
	unsigned int asking; /* links that ask for their signal strength */
	/* Handles of our updates, in the order in which they were sent: the
	 * status that answers one names no link. */
	uint16_t sent[RADIO_UPDATES];
	size_t n_sent;
	bool foreign; /* the next status answers somebody else's update */
	/* What the latest connection began with. */
	uint16_t newest;
	struct att_link newest_params;
};

void radio_init(struct radio *radio);

/* Puts a link under watch. params is set where the radio knows better. */
void radio_attach(struct radio_link *link, struct hci_adapter *adapter,
		  uint16_t handle, struct att_link *params, struct life *life);

/* Silent; fine for one that is not attached, if it is zeroed. */
void radio_detach(struct radio_link *link);

/* Ends what was asked of a link that is gone, and detaches it. */
void radio_lost(struct radio_link *link);

/* See struct att_class. */
int radio_rssi(struct radio_link *link, struct link_op *op);
int radio_update(struct radio_link *link, struct link_op *op);
void radio_cancel(struct radio_link *link, struct link_op *op);

/* -EPERM and its sentence where parameters may not be set. */
int radio_may_update(const struct hci_adapter *hci);

/* A connect begins: what is heard of connections from now on may be its own. */
void radio_forget_newest(struct radio *radio);

/* From the raw socket */
void radio_complete(struct hci_adapter *hci, uint16_t opcode, struct ble_bytes result);
void radio_foreign(struct radio *radio, uint16_t opcode);
void radio_meta(struct hci_adapter *hci, struct ble_bytes meta);

/* The adapter was switched off: no more answers come. */
void radio_down(struct radio *radio);

#endif
