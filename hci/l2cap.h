/* SPDX-License-Identifier: MIT */
/*
 * A link: the ATT engine over a connected SEQPACKET socket, which is an L2CAP
 * socket in life and one end of a socketpair in tests.
 */
#ifndef HCI_L2CAP_H
#define HCI_L2CAP_H

#include "att/engine.h"
#include "base/loop.h"
#include "base/deferred_free.h"
#include "hci/connection_parameters.h"

struct batch;

struct l2cap_link {
	struct att_engine engine; /* engine.att is the seam */
	struct life life;
	struct ble_loop *loop;
	struct loop_watch watch; /* its fd is ours; -1 once it is closed */
	struct loop_timer timer; /* of the engine's deadline */
	struct loop_timer retry; /* of a send that found no memory */
	struct loop_task finish;
	struct loop_task broken; /* sending failed: the end has to come */
	struct batch *batch;
	uint8_t singles, singles_next; /* packets to take one by one; then */
	struct ble_address peer;
	/* For the owner of many links */
	struct list link;    /* its list; left by itself */
	struct conn_params_link conn_params;
	uint8_t reason;      /* of its end, as far as it was heard */
	/* Last chance to learn the reason, before the end is told; may be NULL.
	 * May call back whatever may free the link. */
	void (*ending)(struct l2cap_link *link);
	/* Its socket closes while the bearer is unsettled; may be NULL. */
	void (*unsettled)(struct l2cap_link *link);
	void *owner;
};

/* The class of a link whose radio_link is attached: with link operations. */
extern const struct att_class l2cap_class;

/* Takes over fd if it succeeds. batch is shared; NULL makes one for this link
 * alone. Its class is one without link operations. 0 or -errno. */
int l2cap_link_new(struct ble_loop *loop, int fd, struct batch *batch,
		   struct l2cap_link **ret_link);

/* Ends the link as the transport's end does: ops, then closed(). */
void l2cap_link_close(struct l2cap_link *link, int error);

/* l2cap_connect.c. Opens the socket of a link and begins to connect it: 0 or
 * -errno. */
int l2cap_connect(struct hci_adapter *hci, const struct ble_address *peer,
		  int *ret_fd);

/* Disconnects and closes it. close() alone would leave the link up as long as
 * another process, forked meanwhile, has the descriptor, too. */
void l2cap_close(const struct ble_loop *loop, int fd);

#endif
