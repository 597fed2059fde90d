/* SPDX-License-Identifier: MIT */
/*
 * The parts of one adapter of the Linux kernel and how they hang together.
 *
 *   open.c     finds, lists, opens
 *   adapter.c  sends each event to where it belongs; how it ends
 *   mgmt.c     the management channel: state, power, LE, discovery, removal
 *   setup.c    makes a bare adapter usable, before the first scan or connect
 *   reset.c    off and on again, when it is asked for
 *   raw.c      the raw HCI channel: scan commands, reports, true reasons
 *   scan.c     wants a scan and keeps it; scan_commands.c: the commands for that;
 *              scan_interference.c: what others do to it
 *   report.c   reports to advertisements
 *   connect.c  one connect at a time; l2cap_connect.c: its socket;
 *              connect_retry.c: what becomes of one that failed
 *   connection_parameters.c    links' parameters and signal strength
 *   l2cap.c    a link; batch.c: the room where packets are received
 *   deferred_error.c    failures and their sentences, until they can be told
 */
#ifndef HCI_HCI_H
#define HCI_HCI_H

#include "att/adapter.h"
#include "hci/batch.h"
#include "hci/connect.h"
#include "hci/mgmt.h"
#include "hci/connection_parameters.h"
#include "hci/reset.h"
#include "hci/raw.h"
#include "hci/lingering.h"
#include "hci/scan.h"
#include "hci/setup.h"

struct hci_adapter {
	struct adapter adapter; /* the seam */
	struct life life;
	char name[16];
	uint16_t index;
	struct batch *batch;
	struct mgmt mgmt;
	struct raw raw;
	struct setup setup;
	struct reset reset;
	struct scan scan;
	struct connector connector;
	struct radio radio;
	struct list links;
	struct remains remains;
	struct loop_task lost;
	bool gone;
	/* What tests put their own in place of. Opens the socket of an attempt
	 * and begins to connect: 0 or -errno. */
	int (*dial)(struct hci_adapter *hci, const struct ble_address *peer,
		    int *ret_fd);
	/* Whether the kernel has a link to this peer: remains_look(). */
	bool (*holds_link)(struct hci_adapter *hci, const struct ble_address *peer);
};

/* The adapter on these sockets, which it takes over if it succeeds. info is
 * copied. What opening ends with, and where tests come in. */
int hci_adapter_new(struct ble_loop *loop, uint16_t index, int mgmt_fd,
		    int raw_fd, const struct ble_adapter_info *info,
		    struct hci_adapter **ret_hci);

/* Ends scan, links and connects with error, which the adapter's name and these
 * words explain. Every call back in there may free the adapter. */
void hci_adapter_end_all(struct hci_adapter *hci, int error, const char *words);

/* Whether anybody needs what the raw socket hears. */
void hci_adapter_listen(struct hci_adapter *hci);

#endif
