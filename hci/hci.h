/* SPDX-License-Identifier: MIT */
/*
 * The parts of one adapter of the Linux kernel. Each calls only those below it.
 * scan.c and scan_interference.c are one state machine and call each other.
 *
 *   open.c       finds, lists and opens adapters
 *   arrivals.c   tells which adapters come and go
 *   adapter.c    the adapter's class; distributes events; frees
 *   reset.c      switches the adapter off and on again
 *   end.c        ends scan, links and connects at once
 *   connect.c    the connects that are under way, and what they share
 *   attempt.c    one attempt: its steps, timers and socket;
 *                connect_retry.c: whether to retry after an error
 *   link.c       makes the link of an attempt
 *   scan.c       the scan: desired and actual state; scan_commands.c: its commands;
 *                scan_interference.c: scan commands of other programs
 *   setup.c      switches LE and power on; Stop Discovery
 *   power.c      what the kernel says about an adapter that is off
 *   l2cap.c      a link: the engine over a socket; l2cap_connect.c: the socket
 *   lingering.c  links that the kernel still holds
 *   lost_sockets.c  kernels that kill a program in close() of a lost link's socket
 *   connection_parameters.c  parameters and signal strength of links
 *   mgmt.c       the management socket
 *   raw.c        the raw HCI socket: commands, events, who listens
 *   batch.c      receives many packets with one system call
 *   report.c     advertising reports to advertisements
 *   deferred_error.c  an error and its sentence, kept until the callback
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
#include "hci/power.h"
#include "hci/scan.h"
#include "hci/setup.h"

enum { HCI_ADAPTERS_MAX = 64 };

struct hci_adapter {
	struct adapter adapter; /* the seam */
	struct deferred_free memory;
	char name[16];
	uint16_t index;
	struct batch *batch;
	struct mgmt mgmt;
	struct raw raw;
	struct setup setup;
	struct reset reset;
	struct scan scan;
	struct connector connector;
	struct conn_params conn_params;
	struct list links;
	struct lingering lingering;
	struct mgmt_command check; /* reads the settings */
	struct loop_task lost;
	bool powering_off; /* the kernel ends links for that, or for a suspend */
	bool gone;
	/* Tests replace these. Opens the socket of an attempt and begins to
	 * connect: 0 or -errno. */
	int (*l2cap_connect)(struct hci_adapter *hci, const struct ble_address *peer,
			     int *ret_fd);
	enum power (*power)(int fd, uint16_t index); /* power_state() */
	/* lingering_state() */
	enum kernel_link (*kernel_link)(struct hci_adapter *hci,
				      const struct ble_address *peer);
};

/* An adapter on these sockets, which it takes if it succeeds. info is copied.
 * Tests call it with socket pairs. */
int hci_adapter_new(struct ble_loop *loop, uint16_t index, int mgmt_fd,
		    int raw_fd, const struct ble_adapter_info *info,
		    struct hci_adapter **ret_hci);

/* arrivals.c: an adapter as Read Controller Information tells. name is ret_info's. */
void hci_describe(uint16_t index, const struct mgmt_info *read, char name[16],
		  struct ble_adapter_info *ret_info);

/* arrivals.c: see struct backend. open is mgmt_socket(); tests give another. */
int hci_arrivals_new(struct ble_loop *loop, int (*open)(int *ret_fd), adapter_changed changed,
		     void *user, struct adapter_watch **ret_watch);

/* power.c: whether the adapter is off: 0 if the kernel does not say so, or -ERFKILL or -ENETDOWN
 * and the words that follow its name. */
int hci_adapter_off(const struct hci_adapter *hci, const char **ret_words);

/* end.c: ends scan, links and connects with error; the sentence is the adapter's
 * name and words. Every callback in there may free the adapter. */
void hci_adapter_end_all(struct hci_adapter *hci, int error, const char *words);

#endif
