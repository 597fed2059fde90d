/* SPDX-License-Identifier: MIT */
/*
 * A link: the ATT engine over a connected SEQPACKET socket. It is an L2CAP socket,
 * or one end of a socket pair in tests.
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
	struct deferred_free memory;
	struct ble_loop *loop;
	struct loop_watch watch; /* its fd is ours; -1 once it is closed */
	struct loop_timer timer; /* of the engine's deadline */
	struct loop_timer retry; /* of a send() without memory */
	struct loop_task finish;
	struct loop_task broken; /* send() failed: ends the link */
	struct batch *batch;
	/* How many packets are received one by one: now, and the next time. */
	uint8_t singles, singles_next;
	uint32_t dropped; /* packets, as the kernel counts them */
	struct ble_address peer;
	/* For the owner of many links */
	struct list link;    /* in the owner's list; it removes itself */
	struct conn_params_link conn_params;
	uint8_t reason;      /* of the disconnection; 0: not known */
	/* Called before the end is reported, to learn the reason; may be NULL.
	 * It may lead to callbacks that free the link. */
	void (*ending)(struct l2cap_link *link);
	/* The socket closes with a transaction unfinished; may be NULL. */
	void (*unsettled)(struct l2cap_link *link);
	void *owner;
};

/* With link operations. For a link whose conn_params are attached. */
extern const struct att_class l2cap_class;

/* Takes fd if it succeeds. batch is shared; NULL: the link gets its own. The link has
 * no link operations until its owner sets l2cap_class. 0 or -errno. */
int l2cap_link_new(struct ble_loop *loop, int fd, struct batch *batch,
		   struct l2cap_link **ret_link);

/* Ends the link as a disconnection does: its ops, then closed(). */
void l2cap_link_close(struct l2cap_link *link, int error);

/* l2cap_connect.c. Opens the socket of a link and begins to connect it: 0 or
 * -errno. */
int l2cap_connect(struct hci_adapter *hci, const struct ble_address *peer,
		  int *ret_fd);

/* Whether any descriptor is a socket with the ATT channel to the peer, or connects it. */
bool l2cap_connected_to(int fd, const struct ble_address *peer);

/* Disconnects and closes it. close() alone would leave the link up as long as
 * a process that was forked meanwhile also has the descriptor. In a child of the
 * process that made the loop it only closes the child's descriptor. */
void l2cap_close(const struct ble_loop *loop, int fd); /* see lost_sockets.h, too */

#endif
