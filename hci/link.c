/* SPDX-License-Identifier: MIT */
/* See link.h. Connects an L2CAP link with its adapter. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/link.h"

#include <unistd.h>

#include "hci/hci.h"
#include "hci/l2cap.h"

/* Disconnection Complete, with the reason, may wait at the raw socket. */
static void link_ending(struct l2cap_link *link)
{
	struct hci_adapter *hci = link->owner;

	if (!link->reason)
		raw_drain(&hci->raw);
}

static void link_unsettled(struct l2cap_link *link)
{
	struct hci_adapter *hci = link->owner;

	lingering_note(&hci->lingering, &link->peer, loop_now(hci->adapter.loop));
}

int link_new(struct attempt *a, const struct ble_address *peer, struct att **ret_att)
{
	struct hci_adapter *hci = a->adapter;
	struct l2cap_link *link;
	int fd = a->fd;
	int error = l2cap_link_new(hci->adapter.loop, fd, hci->batch, &link);

	a->fd = -1;
	if (error) {
		l2cap_close(hci->adapter.loop, fd);
		return error;
	}
	link->peer = *peer;
	link->reason = a->reason; /* if it has ended meanwhile */
	link->ending = link_ending;
	link->unsettled = link_unsettled;
	link->owner = hci;
	link->engine.att.class = &l2cap_class;
	link->engine.att.server = hci->adapter.server;
	conn_params_attach(&link->conn_params, hci, a->handle, &link->engine.att.link,
			   &link->memory);
	link->engine.att.link = a->params;
	list_append(&hci->links, &link->link);
	*ret_att = &link->engine.att;
	return 0;
}
