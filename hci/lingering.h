/* SPDX-License-Identifier: MIT */
/*
 * Lingering links. The kernel keeps a link for some 2 s after its last socket
 * closed (HCI_DISCONN_TIMEOUT). For the peer, the socket of a connect within that
 * time is the same bearer: an indication without confirmation still blocks its
 * next ones, and the late response to an old request would be taken for that to a
 * new one. A link in such a state has to end before its peer is connected to again.
 */
#ifndef HCI_LINGERING_H
#define HCI_LINGERING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { LINGERING_LOOK_MS = 50 }; /* between two calls of lingering_has() */

struct hci_adapter;

enum kernel_link {
	KERNEL_LINK_NONE,
	KERNEL_LINK_PENDING, /* it connects, or disconnects */
	KERNEL_LINK_UP,
};

struct lingering {
	struct {
		struct ble_address peer;
		uint64_t until; /* loop_now(); a link that is up later is in use */
	} links[16]; /* the newest */
	unsigned int next;
};

void lingering_note(struct lingering *lingering, const struct ble_address *peer,
		    uint64_t now);

/* Whether the kernel still holds a link to this peer that was noted. */
bool lingering_has(struct hci_adapter *hci, const struct ble_address *peer,
		   uint64_t now);

/* Asks the kernel about its link to this peer, of any program. */
enum kernel_link lingering_state(struct hci_adapter *hci, const struct ble_address *peer);

#endif
